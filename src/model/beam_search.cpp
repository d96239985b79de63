#include "model/beam_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace radgen {
namespace {

// Of each beam and of all of them, in beam sizes: at most as many as there are beams can end, so
// that as many go on. With a checker some are rejected: more are looked at.
constexpr int64_t kCandidates = 2, kCheckedCandidates = 4;

}  // namespace

BeamSearch::BeamSearch(const TextRules& rules, const DecodingConfig& config, int64_t limit)
    : rules_(rules), config_(config), limit_(limit), live_(1) {}

double BeamSearch::normalised(double sum, int64_t length) const {
  return sum / std::pow(static_cast<double>(std::max<int64_t>(length, 1)), config_.length_penalty);
}

// The likeliest of all beams' next words, the best first.
std::vector<BeamSearch::Candidate> BeamSearch::candidates(const StudyStep& step) const {
  const int64_t factor = rules_.checker ? kCheckedCandidates : kCandidates;
  std::vector<Candidate> all;
  std::vector<float> allowed;
  std::vector<int64_t> order;
  for (size_t beam = 0; beam < live_.size(); ++beam) {
    const std::span<const float> row = step.of(static_cast<int64_t>(beam));
    allowed.assign(row.begin(), row.end());
    for (const auto& processor : *rules_.processors)
      processor->apply(live_[beam].written.ids, allowed);
    order.resize(allowed.size());
    for (size_t id = 0; id < order.size(); ++id) order[id] = static_cast<int64_t>(id);
    const auto wanted =
        std::min<int64_t>(factor * config_.beam_size, static_cast<int64_t>(order.size()));
    const auto value = [&](int64_t id) { return allowed[static_cast<size_t>(id)]; };
    std::partial_sort(
        order.begin(), order.begin() + wanted, order.end(),
        [&](int64_t a, int64_t b) { return value(a) != value(b) ? value(a) > value(b) : a < b; });
    for (int64_t i = 0; i < wanted && value(order[static_cast<size_t>(i)]) > kForbidden; ++i) {
      const int64_t id = order[static_cast<size_t>(i)];
      all.push_back({live_[beam].sum + value(id), static_cast<int64_t>(beam), id, value(id)});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.sum > b.sum; });
  return all;
}

std::optional<BeamSearch::Beam> BeamSearch::extended(const Candidate& candidate, StepRow seen,
                                                     bool is_checked) const {
  Beam beam = live_[static_cast<size_t>(candidate.beam)];
  Hypothesis& written = beam.written;
  beam.sum = candidate.sum;
  const bool is_end = candidate.id == rules_.eos_id;
  if (is_end) {
    written.eos_log_prob = candidate.log_prob;
    written.is_complete = true;
  } else {
    written.ids.push_back(candidate.id);
    written.log_probs.push_back(candidate.log_prob);
    written.seen.push_back(seen);
  }
  if (rules_.checker == nullptr || !written.is_consistent) return beam;
  const size_t finished =
      is_end ? written.ids.size() : rules_.checker->finished(written.ids, beam.begin);
  if (finished == beam.begin) return beam;
  const std::vector<int64_t> sentences(written.ids.begin(),
                                       written.ids.begin() + static_cast<std::ptrdiff_t>(finished));
  if (!rules_.checker->accepts(sentences, beam.begin, /*rejections=*/0)) {
    if (is_checked) return std::nullopt;
    written.is_consistent = false;
  }
  beam.begin = finished;
  return beam;
}

void BeamSearch::keep_finished(Beam beam) {
  beam.written.score = normalised(beam.sum, static_cast<int64_t>(beam.written.length()));
  const auto behind = std::find_if(finished_.begin(), finished_.end(), [&](const Beam& other) {
    return other.written.score < beam.written.score;
  });
  finished_.insert(behind, std::move(beam));
  if (static_cast<int64_t>(finished_.size()) > config_.beam_size) finished_.pop_back();
}

bool BeamSearch::can_improve() const {
  if (live_.empty()) return false;
  if (!is_full()) return true;
  if (config_.early_stopping == "true") return false;
  const auto words = static_cast<int64_t>(live_.front().written.ids.size());
  const bool looks_ahead = config_.early_stopping == "never" && config_.length_penalty > 0;
  return normalised(live_.front().sum, looks_ahead ? limit_ : words) >
         finished_.back().written.score;
}

std::vector<Continuation> BeamSearch::follow(const StudyStep& step, bool is_checked) {
  const int64_t beams = config_.beam_size;
  std::vector<Beam> next;
  std::vector<Continuation> continuations;
  int64_t rank = 0;
  bool has_any = false;
  for (const Candidate& candidate : candidates(step)) {
    if (rank >= kCandidates * beams) break;
    std::optional<Beam> beam = extended(candidate, step.at(candidate.beam), is_checked);
    if (!beam) continue;
    has_any = true;
    const bool is_finished =
        beam->written.is_complete || static_cast<int64_t>(beam->written.ids.size()) >= limit_;
    // Only what is among the best beam_size may end here: the others are there to go on.
    if (is_finished && rank < beams) keep_finished(std::move(*beam));
    ++rank;
    if (is_finished || static_cast<int64_t>(next.size()) == beams) continue;
    continuations.push_back({candidate.beam, candidate.id, 0});
    next.push_back(std::move(*beam));
  }
  if (!has_any && is_checked && rules_.checker) return follow(step, /*is_checked=*/false);
  if (!has_any && finished_.empty()) return {};  // every word is forbidden: it ends as it stands
  live_ = std::move(next);
  return continuations;
}

std::vector<Continuation> BeamSearch::advance(const StudyStep& step) {
  std::vector<Continuation> continuations = follow(step, /*is_checked=*/true);
  if (continuations.empty() || !can_improve()) return {};
  // Too few words are allowed: rows without a text of their own are stepped along.
  while (static_cast<int64_t>(continuations.size()) < config_.beam_size)
    continuations.push_back(continuations.back());
  return continuations;
}

std::vector<Hypothesis> BeamSearch::finish() {
  std::vector<Beam>& best = finished_.empty() ? live_ : finished_;
  Beam& beam = best.front();
  if (finished_.empty())
    beam.written.score = normalised(beam.sum, static_cast<int64_t>(beam.written.length()));
  std::vector<Hypothesis> hypotheses;
  hypotheses.push_back(std::move(beam.written));
  return hypotheses;
}

}  // namespace radgen
