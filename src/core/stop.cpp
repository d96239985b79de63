#include "radgen/core/stop.h"

#include <utility>

#include "radgen/core/error.h"
#include "radgen/core/signals.h"

namespace radgen {
namespace {

StopToken& token_of_thread() {
  thread_local StopToken token;
  return token;
}

}  // namespace

StopToken StopToken::of_signals() {
  StopToken token;
  token.is_of_signals_ = true;
  return token;
}

int StopToken::requested() const {
  if (is_of_signals_) return stop_signal();
  return flag_ == nullptr ? 0 : flag_->load();
}

void StopToken::throw_if_requested() const {
  if (const int signal = requested(); signal != 0) throw Interrupted(signal);
}

const StopToken& current_stop() { return token_of_thread(); }

StopScope::StopScope(StopToken token)
    : outer_(std::exchange(token_of_thread(), std::move(token))) {}

StopScope::~StopScope() { token_of_thread() = std::move(outer_); }

}  // namespace radgen
