#include "radgen/core/random.h"

#include <cmath>

#include "radgen/core/error.h"

namespace radgen {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio, the step of splitmix64
constexpr double kTwoPi = 6.283185307179586;

uint64_t rotate_left(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

// The output function of splitmix64 (Steele, Lea and Flood 2014): every input bit reaches every
// output bit.
uint64_t scramble(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

uint64_t hash_mix(uint64_t a, uint64_t b) {
  return scramble(scramble(a + kGolden) + kGolden * (2 * b + 1));
}

uint64_t hash_text(std::string_view text) {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return scramble(h + kGolden);
}

Random::Random(uint64_t seed, std::initializer_list<uint64_t> stream) : seed_(seed) {
  for (const uint64_t part : stream) seed_ = hash_mix(seed_, part);
  uint64_t counter = seed_;
  for (uint64_t& word : state_) word = scramble(counter += kGolden);
}

uint64_t Random::bits() {
  const uint64_t result = rotate_left(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

double Random::uniform(double low, double high) {
  const double value = low + (high - low) * uniform();
  return value < high ? value : low;  // rounding may reach `high`
}

int64_t Random::integer(int64_t low, int64_t high) {
  RADGEN_CHECK(low <= high, "an empty range of integers");
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  if (span == 0) return static_cast<int64_t>(bits());  // all 2^64 values
  const uint64_t reject_below = (0 - span) % span;     // what makes the rest a multiple of span
  uint64_t x = bits();
  while (x < reject_below) x = bits();
  return static_cast<int64_t>(static_cast<uint64_t>(low) + x % span);
}

bool Random::chance(double probability) { return uniform() < probability; }

// Box and Muller 1958; the second value is thrown away so that every call uses two draws.
double Random::normal(double mean, double sd) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return mean + sd * radius * std::cos(kTwoPi * uniform());
}

double Random::log_uniform(double low, double high) {
  RADGEN_CHECK(low > 0 && high >= low, "log_uniform needs 0 < low <= high");
  return std::exp(uniform(std::log(low), std::log(high)));
}

int64_t Random::poisson(double mean) {
  RADGEN_CHECK(mean >= 0, "a negative mean");
  if (mean >= 30) {
    return std::max<int64_t>(0, std::llround(normal(mean, std::sqrt(mean))));
  }
  const double limit = std::exp(-mean);
  int64_t count = 0;
  for (double product = uniform(); product > limit; product *= uniform()) ++count;
  return count;
}

size_t Random::weighted(const std::vector<double>& weights) {
  double sum = 0;
  for (const double w : weights) {
    RADGEN_CHECK(w >= 0, "a negative weight");
    sum += w;
  }
  RADGEN_CHECK(sum > 0, "no weight above zero");
  double left = uniform() * sum;
  size_t last = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    if (left < weights[i]) return i;
    left -= weights[i];
  }
  return last;
}

Random Random::fork(uint64_t purpose) const { return Random(hash_mix(seed_, purpose)); }

}  // namespace radgen
