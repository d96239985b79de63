// Which items of a long list stand for all of it.
//
//   for (const size_t i : evenly(studies.size(), 200)) ...
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace radgen::evaluation {

// Indices of at most `limit` (0: all) of `size` items, evenly spread, ascending.
inline std::vector<size_t> systematic_subsample(size_t size, size_t limit) {
  const size_t count = limit == 0 ? size : std::min(size, limit);
  std::vector<size_t> indices(count);
  for (size_t i = 0; i < count; ++i) indices[i] = i * size / count;
  return indices;
}

}  // namespace radgen::evaluation
