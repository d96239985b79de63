// parallel_for: items of very different cost over plain threads, in order of index, first exception
// rethrown.
#pragma once

#include <cstddef>
#include <functional>

#include "radgen/core/stop.h"

namespace radgen {

// Calls body(i) for i in 0..count-1 on `threads` threads (0: available_cores()). Stops handing out
// items once a body throws or `stop` is requested; the exception (or Interrupted) is rethrown here.
// Bodies see `stop` as current_stop().
void parallel_for(size_t count, int threads, const std::function<void(size_t)>& body,
                  const StopToken& stop = current_stop());

}  // namespace radgen
