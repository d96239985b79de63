// The child's side of film_sandbox.h.
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <new>
#include <optional>
#include <string>

#include "imaging/film_file.h"
#include "imaging/film_wire.h"
#include "imaging/sandbox_rights.h"
#include "imaging/sandbox_wire.h"
#include "radgen/imaging/film_sandbox.h"

namespace radgen {
namespace {

bool send_all(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<SandboxCall> parse_call(int argc, char** argv) {
  if (argc != 6) return std::nullopt;
  const auto memory = whole_number(argv[1]), seconds = whole_number(argv[2]),
             pixels = whole_number(argv[3]), orientation = whole_number(argv[4]);
  const std::string photometric = argv[5];
  if (!memory || !seconds || !pixels || !orientation ||
      (photometric != "voi" && photometric != "mimic-jpg"))
    return std::nullopt;
  SandboxCall call;
  call.memory_bytes = static_cast<size_t>(*memory);
  call.cpu_seconds = static_cast<int>(*seconds);
  call.options.max_pixels = static_cast<size_t>(*pixels);
  call.options.honour_orientation = *orientation != 0;
  call.options.photometric = photometric;
  return call;
}

// A converter is needed for what is neither ASCII nor UTF-8; loading all of them costs
// milliseconds.
bool names_a_character_set(std::string_view bytes) {
  const std::string_view header = bytes.substr(0, size_t{64} << 10);
  for (const std::string_view word : {"ISO", "iso", "Iso", "GB", "gb"})
    if (header.find(word) != std::string_view::npos) return true;
  return false;
}

Result<Film> decode_in_bounds(std::string_view bytes, const ReadOptions& options,
                              FilmDecoder decode) {
  try {
    return decode(bytes, options);
  } catch (const std::bad_alloc&) {
    return Failure{"too_large", "decoding it takes more memory than a film may take"};
  }
}

}  // namespace

std::vector<std::string> call_words(const SandboxCall& call) {
  return {std::to_string(call.memory_bytes), std::to_string(call.cpu_seconds),
          std::to_string(call.options.max_pixels), call.options.honour_orientation ? "1" : "0",
          call.options.photometric};
}

int serve_film_sandbox(int argc, char** argv, FilmDecoder decode) {
  tie_to_parent();
  const std::optional<SandboxCall> call = parse_call(argc, argv);
  if (!call) {
    constexpr std::string_view kHelp =
        "reads a film for another program of RadGen (see radgen/imaging/film_sandbox.h)\n";
    (void)!::write(STDERR_FILENO, kHelp.data(), kHelp.size());
    return kSandboxMisused;
  }
  const Result<std::string> bytes = read_film_file(STDIN_FILENO);
  load_what_decoders_need(bytes && names_a_character_set(*bytes));
  const bool is_held = give_up_rights(call->memory_bytes, call->cpu_seconds);
  const Result<Film> film =
      bytes ? decode_in_bounds(*bytes, call->options, decode) : Result<Film>(bytes.failure());
  const std::string header = film_wire_header(film);
  bool is_sent = send_all(is_held ? kHeldBySeccomp : kHeldByLimits, 1) &&
                 send_all(header.data(), header.size());
  if (film && is_sent) {
    const cv::Mat pixels = film->pixels.isContinuous() ? film->pixels : film->pixels.clone();
    is_sent =
        send_all(reinterpret_cast<const char*>(pixels.data), pixels.total() * pixels.elemSize());
  }
  ::_exit(is_sent ? 0 : kSandboxUnsent);  // whatever exit handlers would do, it is over
}

}  // namespace radgen
