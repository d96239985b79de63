#include "assessment/chunks.h"

#include <algorithm>
#include <cstdint>

#include "radgen/core/progress.h"
#include "radgen/core/stop.h"

namespace radgen::assessment {

void in_chunks(const char* label, size_t count, size_t chunk,
               const std::function<void(size_t, size_t)>& use) {
  Progress progress(label, static_cast<int64_t>(count), "studies");
  for (size_t begin = 0; begin < count; begin += chunk) {
    current_stop().throw_if_requested();
    const size_t end = std::min(count, begin + chunk);
    use(begin, end);
    progress.advance(static_cast<int64_t>(end - begin));
  }
  progress.finish();
}

}  // namespace radgen::assessment
