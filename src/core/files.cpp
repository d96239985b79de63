#include "radgen/core/files.h"

#include <fcntl.h>
#ifndef RADGEN_WITHOUT_CRYPTO
#include <openssl/evp.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <vector>

#include "core/json_source.h"
#include "radgen/core/error.h"
#include "radgen/core/utf8.h"

namespace radgen {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

[[noreturn]] void cannot_write(const fs::path& path, int error) {
  std::string hint;
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      hint = "free some space on the disk that holds it, then run again";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      hint = "check the permissions of the folder, or choose another one";
      break;
    case ENOTDIR:
    case EEXIST:
      hint = "a part of the path is a file, not a folder: choose another path";
      break;
    default:
      hint = "check the path, the disk and its free space";
  }
  throw Error(ErrorCode::kResource, "cannot write '" + path.string() + "': " + std::strerror(error),
              hint);
}

[[noreturn]] void cannot_read(const fs::path& path, int error) {
  throw Error(ErrorCode::kData, "cannot read '" + path.string() + "': " + std::strerror(error),
              error == ENOENT ? "check the path" : "check the path and its permissions");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) cannot_write(folder, error.value());
}

// File systems that cannot sync a folder (some network and container ones) say EINVAL: then there
// is nothing to do.
void sync_path(const fs::path& path, int flags) {
  const Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (fd.get() < 0) cannot_write(path, errno);
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) cannot_write(path, errno);
}

void sync_folder(const fs::path& folder) { sync_path(folder, O_RDONLY | O_DIRECTORY); }

void write_all(int fd, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot_write(path, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

std::string unique_suffix() {
  static std::atomic<unsigned> counter{0};
  return ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

std::string without_trailing_slash(const fs::path& path) {
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

void write_json_line(std::FILE* file, const fs::path& path, const nlohmann::ordered_json& object) {
  // Bytes that are not UTF-8 become U+FFFD: one bad text must not end a run of hours.
  const std::string line =
      object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file) != line.size() || std::fflush(file) != 0) {
    cannot_write(path, errno);
  }
}

// After a crash the last line of a file that is appended to may be torn: it is completed or cut
// off.
void mend_last_line(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return;
  const std::string bytes = read_file(path);
  if (bytes.empty() || bytes.back() == '\n') return;
  const size_t begin = bytes.rfind('\n') == std::string::npos ? 0 : bytes.rfind('\n') + 1;
  const bool is_whole = nlohmann::json::accept(bytes.substr(begin));
  if (is_whole) {
    std::ofstream(path, std::ios::app | std::ios::binary) << '\n';
  } else if (::truncate(path.c_str(), static_cast<off_t>(begin)) != 0) {
    cannot_write(path, errno);
  }
}

}  // namespace

std::string read_file(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) cannot_read(path, errno);
  struct stat info {};
  std::string bytes;
  if (::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode)) {
    bytes.reserve(static_cast<size_t>(info.st_size));
  }
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot_read(path, errno);
    if (n == 0) return bytes;
    bytes.append(buffer.data(), static_cast<size_t>(n));
  }
}

nlohmann::json read_json(const fs::path& path) {
  return parse_json(read_file(path), path.string());
}

void write_file_atomic(const fs::path& path, std::string_view bytes, Durability durability) {
  const fs::path folder = folder_of(path);
  make_folder(folder);
  const fs::path temporary = folder / ("." + path.filename().string() + unique_suffix());
  Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (fd.get() < 0) cannot_write(path, errno);
  try {
    write_all(fd.get(), bytes, path);
    if (durability == Durability::kSynced && ::fsync(fd.get()) != 0 && errno != EINVAL)
      cannot_write(path, errno);
    if (!fd.close()) cannot_write(path, errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) cannot_write(path, errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  if (durability == Durability::kSynced) sync_folder(folder);
}

void sync_filesystem(const fs::path& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0 || ::syncfs(fd.get()) != 0) cannot_write(path, errno);
}

void write_json_atomic(const fs::path& path, const nlohmann::ordered_json& json) {
  write_file_atomic(
      path, json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void read_jsonl(const fs::path& path,
                const std::function<void(const nlohmann::json&, size_t)>& line) {
  std::error_code error;
  if (fs::is_directory(path, error)) cannot_read(path, EISDIR);
  std::ifstream in(path, std::ios::binary);
  if (!in) cannot_read(path, errno);
  size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = path.string() + ": line " + std::to_string(number);
    if (!is_utf8(text)) text = to_utf8(std::move(text));
    nlohmann::json object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (object.is_discarded()) {
      throw Error(ErrorCode::kData, where + ": not valid JSON",
                  "the file may be cut off; make it again");
    }
    if (!object.is_object()) {
      throw Error(ErrorCode::kData,
                  where + ": expected an object, got " + std::string(object.type_name()));
    }
    try {
      line(object, number);
    } catch (const nlohmann::json::type_error& e) {  // what() names keys and types, never values
      throw Error(ErrorCode::kData, where + ": " + e.what());
    } catch (const nlohmann::json::out_of_range& e) {
      throw Error(ErrorCode::kData, where + ": " + e.what());
    }
  }
  if (in.bad()) cannot_read(path, EIO);
}

JsonlWriter::JsonlWriter(fs::path path, Mode mode) : path_(std::move(path)), mode_(mode) {
  make_folder(folder_of(path_));
  if (mode_ == Mode::kAppend) mend_last_line(path_);
  temporary_ = mode_ == Mode::kAtomic ? fs::path(path_.string() + ".tmp") : path_;
  file_ = std::fopen(temporary_.c_str(), mode_ == Mode::kAtomic ? "wbe" : "abe");
  if (file_ == nullptr) cannot_write(path_, errno);
}

JsonlWriter::~JsonlWriter() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (mode_ == Mode::kAtomic) ::unlink(temporary_.c_str());
}

void JsonlWriter::write(const nlohmann::ordered_json& object) {
  RADGEN_CHECK(file_ != nullptr, "write() after commit()");
  write_json_line(file_, path_, object);
}

void JsonlWriter::commit() {
  if (file_ == nullptr) return;
  if (std::fflush(file_) != 0 || (::fsync(::fileno(file_)) != 0 && errno != EINVAL)) {
    cannot_write(path_, errno);
  }
  std::FILE* file = file_;
  file_ = nullptr;
  const bool is_closed = std::fclose(file) == 0;
  if (mode_ == Mode::kAppend) {
    if (!is_closed) cannot_write(path_, errno);
    return;
  }
  if (!is_closed || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    cannot_write(path_, error);
  }
  sync_folder(folder_of(path_));
}

namespace {

// Removes FINAL.tmp-<pid> of processes that were killed while they wrote.
void sweep_leftovers(const fs::path& final_path) {
  const std::string prefix = final_path.filename().string() + ".tmp-";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_of(final_path), error)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    pid_t pid = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), end, pid);
    if (parsed.ec != std::errc() || parsed.ptr != end || pid <= 0) continue;
    std::error_code ignored;
    if (::kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

AtomicDirectory::AtomicDirectory(fs::path final_path) : final_(without_trailing_slash(final_path)) {
  make_folder(folder_of(final_));
  sweep_leftovers(final_);
  temporary_ = final_.string() + ".tmp-" + std::to_string(::getpid());
  std::error_code error;
  fs::remove_all(temporary_, error);
  if (!fs::create_directory(temporary_, error))
    cannot_write(temporary_, error ? error.value() : EEXIST);
}

AtomicDirectory::~AtomicDirectory() {
  std::error_code ignored;
  if (!is_committed_) fs::remove_all(temporary_, ignored);
}

void AtomicDirectory::commit() {
  RADGEN_CHECK(!is_committed_, "commit() twice");
  sync_filesystem(temporary_);  // one call: a data set has tens of thousands of files
  if (::rename(temporary_.c_str(), final_.c_str()) !=
      0) {  // works on an absent or empty folder only
    if (errno != ENOTEMPTY && errno != EEXIST) cannot_write(final_, errno);
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, final_.c_str(), RENAME_EXCHANGE) != 0) {
      const fs::path old = temporary_.string() + ".old";  // no exchange here: two steps
      if (::rename(final_.c_str(), old.c_str()) != 0) cannot_write(final_, errno);
      if (::rename(temporary_.c_str(), final_.c_str()) != 0) {
        const int error = errno;
        ::rename(old.c_str(), final_.c_str());
        cannot_write(final_, error);
      }
      temporary_ = old;
    }
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);  // now the replaced one
  }
  is_committed_ = true;
  sync_folder(folder_of(final_));
}

void replace_symlink(const fs::path& link, const fs::path& target) {
  make_folder(folder_of(link));
  const fs::path temporary = link.string() + unique_suffix();
  if (::symlink(target.c_str(), temporary.c_str()) != 0) cannot_write(link, errno);
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    cannot_write(link, error);
  }
  sync_folder(folder_of(link));
}

void claim_output_directory(const fs::path& dir, bool overwrite) {
  const fs::path path = without_trailing_slash(dir);
  std::error_code error;
  const bool is_there = fs::exists(fs::symlink_status(path, error));
  const bool is_folder = fs::is_directory(path, error);
  const bool is_free = !is_there || (is_folder && fs::is_empty(path, error));
  if (!is_free && !overwrite) {
    throw Error(ErrorCode::kUsage,
                "output '" + path.string() +
                    (is_folder ? "' exists and is not empty" : "' is not a folder"),
                "choose another --output, or add --overwrite (what is there is moved aside)");
  }
  if (!is_free) {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    localtime_r(&now, &parts);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &parts);
    fs::path backup = path.string() + ".bak-" + stamp;
    for (int i = 2; fs::exists(fs::symlink_status(backup, error)); ++i) {
      backup = path.string() + ".bak-" + stamp + "-" + std::to_string(i);
    }
    if (::rename(path.c_str(), backup.c_str()) != 0) cannot_write(path, errno);
  }
  make_folder(path);
}

namespace {

#ifdef RADGEN_WITHOUT_CRYPTO
// A build of the network alone (RADGEN_ONLY=model) on a machine without OpenSSL hashes nothing, and
// says so.
class Sha256 {
 public:
  Sha256() {
    throw Error(ErrorCode::kInternal, "this build has no SHA-256",
                "OpenSSL's development files were missing when it was configured: install them and "
                "configure again");
  }
  void update(const void*, size_t) {}
  std::string hex() { return {}; }
};
#else
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    RADGEN_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
                 "no SHA-256 in OpenSSL");
  }
  void update(const void* bytes, size_t size) { EVP_DigestUpdate(context_.get(), bytes, size); }
  std::string hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};
#endif

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return hash.hex();
}

std::string sha256_file(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) cannot_read(path, errno);
  Sha256 hash;
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot_read(path, errno);
    if (n == 0) return hash.hex();
    hash.update(buffer.data(), static_cast<size_t>(n));
  }
}

}  // namespace radgen
