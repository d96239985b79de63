// Studies a chunk at a time, so that only a chunk's images are in memory together.
#pragma once

#include <cstddef>
#include <functional>

namespace radgen::assessment {

inline constexpr size_t kChunk = 64;

// Calls use(begin, end) for `count` items, with a progress line; between chunks work stops when
// current_stop() is requested (throws Interrupted).
void in_chunks(const char* label, size_t count, size_t chunk,
               const std::function<void(size_t, size_t)>& use);

}  // namespace radgen::assessment
