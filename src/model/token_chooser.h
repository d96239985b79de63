// Which of the allowed words a text goes on with: the likeliest, or one drawn by its probability.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "radgen/core/random.h"

namespace radgen {

class TokenChooser {
 public:
  virtual ~TokenChooser() = default;
  // An id; -1 when none is allowed. log_probs [X] with -inf for forbidden ids.
  virtual int64_t choose(std::span<const float> log_probs, Random& random) = 0;
  // Asked twice it says the same.
  virtual bool is_deterministic() const = 0;
};

// The likeliest; of two alike the lower id.
class GreedyChooser : public TokenChooser {
 public:
  int64_t choose(std::span<const float> log_probs, Random& random) override;
  bool is_deterministic() const override { return true; }
};

// By P^(1/temperature) among the likeliest words that together hold `top_p` of it (Holtzman et al.
// 2020).
class TopPSampler : public TokenChooser {
 public:
  TopPSampler(double temperature, double top_p) : temperature_(temperature), top_p_(top_p) {}
  int64_t choose(std::span<const float> log_probs, Random& random) override;
  bool is_deterministic() const override { return false; }

 private:
  double temperature_, top_p_;
  std::vector<std::pair<float, int64_t>> words_;  // kept for their memory
};

}  // namespace radgen
