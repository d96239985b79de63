// Reproducible random streams: the same numbers on every machine and for every number of threads.
//
//   // one stream per item and purpose, no shared state
//   Random random(seed, {study_index, kAugmentation});
//   double shift = random.normal(0, 2);
//
// xoshiro256++ (Blackman and Vigna 2019) seeded by splitmix64; the distributions are our own, since
// the standard library's differ between implementations.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

namespace radgen {

uint64_t hash_mix(uint64_t a, uint64_t b);
uint64_t hash_text(std::string_view text);  // FNV-1a 64, then mixed

class Random {
 public:
  explicit Random(uint64_t seed, std::initializer_list<uint64_t> stream = {});
  uint64_t bits();                             // 64 uniform bits
  double uniform();                            // [0, 1)
  double uniform(double low, double high);     // [low, high)
  int64_t integer(int64_t low, int64_t high);  // low..high, both included
  bool chance(double probability);
  double normal(double mean = 0, double sd = 1);
  double log_uniform(double low, double high);
  int64_t poisson(double mean);                         // exact below 30, rounded normal above
  size_t weighted(const std::vector<double>& weights);  // index with probability weight / sum
  template <class Container>
  const auto& pick(const Container& items) {
    return items[static_cast<size_t>(integer(0, static_cast<int64_t>(items.size()) - 1))];
  }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[static_cast<size_t>(integer(0, static_cast<int64_t>(i) - 1))]);
  }
  // an independent stream that depends on this one's seed only
  Random fork(uint64_t purpose) const;

 private:
  std::array<uint64_t, 4> state_;
  uint64_t seed_;
};

}  // namespace radgen
