// parallel_for: items of very different cost over plain threads, in order of index, first exception
// rethrown.
#pragma once

#include <cstddef>
#include <functional>

namespace radgen {

// Calls body(i) for i in 0..count-1 on `threads` threads (0: available_cores()). Stops handing out
// items once a body throws or a stop signal came in; the exception (or Interrupted) is rethrown
// here.
void parallel_for(size_t count, int threads, const std::function<void(size_t)>& body);

}  // namespace radgen
