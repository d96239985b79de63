// libFuzzer target: any bytes give a film or a failure with a reason, never a crash, a hang or a
// gigabyte.
//
//   build-fuzz/bin/read_film_fuzz -rss_limit_mb=1024 -timeout=5 tests/fuzz/corpus/read_film
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "radgen/imaging/film.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  radgen::ReadOptions options;
  options.max_pixels = 4'000'000;
  const auto film = radgen::read_film_bytes({reinterpret_cast<const char*>(data), size}, options);
  if (film ? film->pixels.type() != CV_16UC1 || film->pixels.empty()
           : film.failure().reason.empty())
    std::abort();
  return 0;
}
