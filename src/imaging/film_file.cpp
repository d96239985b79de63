#include "imaging/film_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

namespace radgen {

Result<Descriptor> open_film_file(const std::filesystem::path& path) {
  // Without waiting: a named pipe is no film.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return Failure{"unreadable_file", "the file cannot be opened"};
  struct ::stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return Failure{"unreadable_file", "not a regular file"};
  if (static_cast<uintmax_t>(status.st_size) > kMaxFilmFileBytes)
    return Failure{"too_large", fmt::format("the file has {} bytes, at most {} are read",
                                            status.st_size, kMaxFilmFileBytes)};
  return file;
}

Result<std::string> read_film_file(int descriptor) {
  struct ::stat status {};
  if (::fstat(descriptor, &status) != 0 ||
      static_cast<uintmax_t>(status.st_size) > kMaxFilmFileBytes)
    return Failure{"unreadable_file", "the file cannot be read"};
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t n = ::read(descriptor, bytes.data() + filled, bytes.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failure{"unreadable_file", "the file cannot be read"};
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace radgen
