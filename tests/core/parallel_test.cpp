#include "radgen/core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/core/signals.h"

namespace radgen {
namespace {

TEST(ParallelFor, VisitsEveryItemOnce) {
  for (const int threads : {0, 1, 3, 64}) {
    std::vector<std::atomic<int>> visits(500);
    parallel_for(visits.size(), threads, [&](size_t i) { ++visits[i]; });
    for (const auto& v : visits) ASSERT_EQ(v, 1);
  }
  parallel_for(0, 4, [](size_t) { FAIL() << "no item to visit"; });
}

TEST(ParallelFor, OneThreadWorksInOrderOnTheCallersThread) {
  std::vector<size_t> order;
  const auto caller = std::this_thread::get_id();
  parallel_for(10, 1, [&](size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
  });
  EXPECT_EQ(order, (std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(ParallelFor, RethrowsAndHandsOutNothingMore) {
  std::atomic<int> visited{0};
  try {
    parallel_for(100000, 4, [&](size_t i) {
      ++visited;
      if (i == 10) throw Error(ErrorCode::kData, "item 10");
      std::this_thread::yield();
    });
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "item 10");
  }
  EXPECT_LT(visited, 100000);
}

TEST(ParallelFor, AStopSignalEndsItWithInterrupted) {
  install_stop_signals();
  const StopScope scope(StopToken::of_signals());
  std::atomic<int> visited{0};
  EXPECT_THROW(parallel_for(1000, 2,
                            [&](size_t i) {
                              ++visited;
                              if (i == 5) std::raise(SIGTERM);
                            }),
               Interrupted);
  EXPECT_LT(visited, 1000);
  forget_stop_signal();
}

TEST(ParallelFor, ASignalStopsNothingWhereNobodyOpenedAScope) {
  install_stop_signals();
  std::atomic<int> visited{0};
  parallel_for(100, 2, [&](size_t i) {  // what a draining service has begun
    if (i == 0) std::raise(SIGTERM);
    ++visited;
  });
  EXPECT_EQ(visited, 100);
  forget_stop_signal();
}

TEST(ParallelFor, ATokenStopsItsOwnWorkAndNothingElse) {
  StopSource source;
  std::atomic<int> visited{0};
  try {
    parallel_for(
        1000, 2,
        [&](size_t i) {
          ++visited;
          if (i != 5) return;
          source.request(SIGINT);
          EXPECT_EQ(current_stop().requested(), SIGINT);
        },
        source.token());
    FAIL() << "it was not stopped";
  } catch (const Interrupted& stop) {
    EXPECT_EQ(stop.signal(), SIGINT);
  }
  EXPECT_LT(visited, 1000);
  EXPECT_EQ(current_stop().requested(), 0);  // the caller's thread is as it was
  EXPECT_NO_THROW(parallel_for(10, 2, [](size_t) {}));
}

TEST(ParallelFor, WorkWithinWorkStopsWithIt) {
  StopSource source;
  const StopScope scope(source.token());
  std::atomic<int> inner{0};
  EXPECT_THROW(parallel_for(2, 2,
                            [&](size_t) {
                              parallel_for(1000, 2, [&](size_t) {
                                if (++inner == 20) source.request();
                              });
                            }),
               Interrupted);
  EXPECT_LT(inner, 2000);
}

TEST(ParallelFor, AStopSignalDuringTheLastItemLosesNothing) {
  install_stop_signals();
  const StopScope scope(StopToken::of_signals());
  EXPECT_NO_THROW(parallel_for(3, 1, [&](size_t i) {
    if (i == 2) std::raise(SIGTERM);
  }));
  EXPECT_EQ(stop_signal(), SIGTERM);
  forget_stop_signal();
}

}  // namespace
}  // namespace radgen
