#include "radgen/core/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>

#include "core/terminal.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kRedrawS = 0.1;     // of the live bar
constexpr double kLineS = 10;        // between lines when there is no terminal
constexpr double kRateMemoryS = 15;  // time constant of the rate that the ETA uses
constexpr int kBarWidth = 24;

double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

std::string clock_text(double s) {
  const auto total = static_cast<int64_t>(std::llround(std::max(0.0, s)));
  const int64_t hours = total / 3600, minutes = total / 60 % 60, rest = total % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest)
                   : fmt::format("{}:{:02}", minutes, rest);
}

std::string rate_text(double rate) {
  return fmt::format("{:.{}f}", rate, rate < 10 ? 2 : rate < 100 ? 1 : 0);
}

}  // namespace

struct Progress::State {
  std::string label, unit, note;
  int64_t total = 0, count = 0, count_at_sample = 0;
  Clock::time_point start = Clock::now(), sampled = start, shown = start;
  double rate = 0;  // items a second, exponential average
  bool is_finished = false, is_live = false;
  std::mutex mutex;

  void sample(Clock::time_point now) {
    const double dt = seconds(now - sampled);
    if (dt <= 0) return;
    const double momentary = static_cast<double>(count - count_at_sample) / dt;
    const double weight = rate == 0 ? 1 : 1 - std::exp(-dt / kRateMemoryS);
    rate += weight * (momentary - rate);
    sampled = now;
    count_at_sample = count;
  }

  std::string counts() const {
    return total > 0 ? fmt::format("{}/{} {}", count, total, unit)
                     : fmt::format("{} {}", count, unit);
  }

  std::string status(Clock::time_point now) const {
    std::string text = fmt::format("  {} {}/s", rate_text(rate), unit);
    if (total > 0 && rate > 0) {
      text += "  eta " + clock_text(static_cast<double>(total - count) / rate);
    } else {
      text += "  " + clock_text(seconds(now - start));
    }
    return note.empty() ? text : text + "  " + note;
  }

  void show(Clock::time_point now) {
    const double done =
        total > 0 ? std::clamp(static_cast<double>(count) / static_cast<double>(total), 0.0, 1.0)
                  : 0;
    const std::string percent = total > 0 ? fmt::format(" {:3.0f}%", 100 * done) : "";
    if (is_live) {
      const int filled = static_cast<int>(done * kBarWidth);
      const std::string bar =
          total > 0
              ? fmt::format(" [{:<{}}]", std::string(static_cast<size_t>(filled), '='), kBarWidth)
              : "";
      terminal::set_bar(label + bar + percent + "  " + counts() + status(now));
    } else {
      log::info("{}:{}  {}{}", label, percent, counts(), status(now));
    }
    shown = now;
  }
};

Progress::Progress(std::string label, int64_t total, std::string unit)
    : state_(std::make_unique<State>()) {
  state_->label = std::move(label);
  state_->unit = std::move(unit);
  state_->total = total;
  state_->is_live = terminal::is_live();
}

Progress::~Progress() {
  if (!state_->is_finished && state_->is_live) terminal::clear_bar();
}

void Progress::advance(int64_t count) {
  const std::lock_guard lock(state_->mutex);
  state_->count += count;
  if (state_->is_finished || !log::enabled(log::Level::kInfo)) return;
  const auto now = Clock::now();
  if (seconds(now - state_->shown) < (state_->is_live ? kRedrawS : kLineS)) return;
  state_->sample(now);
  state_->show(now);
}

void Progress::set_note(const std::string& note) {
  const std::lock_guard lock(state_->mutex);
  state_->note = note;
}

void Progress::finish() {
  const std::lock_guard lock(state_->mutex);
  if (state_->is_finished) return;
  state_->is_finished = true;
  if (state_->is_live) terminal::clear_bar();
  const double took = seconds(Clock::now() - state_->start);
  const double mean = took > 0 ? static_cast<double>(state_->count) / took : 0;
  log::info("{}: {} in {} ({} {}/s){}", state_->label, state_->counts(), clock_text(took),
            rate_text(mean), state_->unit, state_->note.empty() ? "" : "  " + state_->note);
}

double Progress::elapsed_s() const { return seconds(Clock::now() - state_->start); }

}  // namespace radgen
