#include "radgen/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "radgen/core/compute.h"

namespace radgen {
namespace {

// What the threads share: the next item and the failure with the lowest index.
struct Work {
  size_t count;
  const std::function<void(size_t)>& body;
  const StopToken stop;  // a copy: the caller's may be the thread's own, which a scope replaces
  std::atomic<size_t> next{0}, done{0};
  std::atomic<bool> must_stop{false};
  std::mutex mutex;
  size_t failed_index = 0;
  std::exception_ptr failure;

  void run() {
    const StopScope scope(stop);
    while (!must_stop && stop.requested() == 0) {
      const size_t i = next.fetch_add(1);
      if (i >= count) return;
      try {
        body(i);
        ++done;
      } catch (...) {
        must_stop = true;
        const std::lock_guard lock(mutex);
        if (!failure || i < failed_index) {
          failure = std::current_exception();
          failed_index = i;
        }
      }
    }
  }
};

}  // namespace

void parallel_for(size_t count, int threads, const std::function<void(size_t)>& body,
                  const StopToken& stop) {
  const size_t wanted = static_cast<size_t>(threads > 0 ? threads : available_cores());
  Work work{.count = count, .body = body, .stop = stop};
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min(wanted, count); ++i) {
    try {
      helpers.emplace_back([&work] { work.run(); });
    } catch (const std::system_error&) {
      break;  // the system gives no more threads: the ones that are there do the work
    }
  }
  work.run();
  for (std::thread& helper : helpers) helper.join();
  if (work.failure) std::rethrow_exception(work.failure);
  if (work.done < count) work.stop.throw_if_requested();
}

}  // namespace radgen
