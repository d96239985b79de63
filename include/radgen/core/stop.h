// Who may ask work to stop, and when it is asked: between items and steps, never in the middle.
//
//   StopSource drain;                                      // of a request, a job, a test
//   parallel_for(n, threads, body, drain.token());         // until drain.request() is called
//
// A program of one task is stopped by its signals: Tool::run opens
// StopScope(StopToken::of_signals()), and everything below it on that thread, and on the threads of
// parallel_for, sees that token as current_stop(). Where nobody opened a scope nothing stops work:
// a service that drains finishes what it has begun, and a library call never looks at the process's
// signals by itself.
#pragma once

#include <atomic>
#include <csignal>
#include <memory>
#include <utility>

namespace radgen {

class StopToken {
 public:
  StopToken() = default;  // nobody asks
  static StopToken of_signals();
  int requested() const;            // 0, or the signal that Interrupted carries
  void throw_if_requested() const;  // throws Interrupted

 private:
  friend class StopSource;
  explicit StopToken(std::shared_ptr<const std::atomic<int>> flag) : flag_(std::move(flag)) {}
  std::shared_ptr<const std::atomic<int>> flag_;
  bool is_of_signals_ = false;
};

class StopSource {
 public:
  void request(int signal = SIGTERM) { *flag_ = signal; }  // thread safe
  StopToken token() const { return StopToken(flag_); }

 private:
  std::shared_ptr<std::atomic<int>> flag_ = std::make_shared<std::atomic<int>>(0);
};

// The token of the innermost scope on this thread.
const StopToken& current_stop();

class StopScope {
 public:
  explicit StopScope(StopToken token);
  ~StopScope();
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;

 private:
  StopToken outer_;
};

}  // namespace radgen
