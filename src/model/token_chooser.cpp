#include "model/token_chooser.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace radgen {
namespace {

// Words beyond these hold nothing that top-p would take, and sorting them all would cost more than
// the network.
constexpr size_t kLikeliest = 64;
constexpr double kLeastWeight = 1e-6;  // of the likeliest word's

}  // namespace

int64_t GreedyChooser::choose(std::span<const float> log_probs, Random&) {
  int64_t best = -1;
  float largest = -std::numeric_limits<float>::infinity();
  for (size_t id = 0; id < log_probs.size(); ++id) {
    if (!(log_probs[id] > largest)) continue;
    largest = log_probs[id];
    best = static_cast<int64_t>(id);
  }
  return best;
}

int64_t TopPSampler::choose(std::span<const float> log_probs, Random& random) {
  float largest = -std::numeric_limits<float>::infinity();
  for (float log_prob : log_probs) largest = std::max(largest, log_prob);
  if (!std::isfinite(largest)) return -1;
  const auto least = static_cast<float>(largest + temperature_ * std::log(kLeastWeight));
  words_.clear();
  for (size_t id = 0; id < log_probs.size(); ++id)
    if (log_probs[id] >= least) words_.emplace_back(log_probs[id], static_cast<int64_t>(id));
  const size_t kept = std::min(kLikeliest, words_.size());
  const auto likelier = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  };
  std::partial_sort(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(kept),
                    words_.end(), likelier);
  const double top = words_.front().first;
  std::vector<double> weights;
  double all = 0;
  for (size_t i = 0; i < kept; ++i) {
    weights.push_back(std::exp((words_[i].first - top) / temperature_));
    all += weights.back();
  }
  double held = 0;
  size_t count = 0;
  while (count < kept && held < top_p_ * all) held += weights[count++];
  weights.resize(count);
  return words_[random.weighted(weights)].second;
}

}  // namespace radgen
