#include "radgen/evaluation/text/edit_rate.h"

#include <algorithm>
#include <unordered_map>

#include "evaluation/text/code_points.h"
#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {
namespace {

// Words as numbers: comparing them is what the time goes into.
using Symbols = std::vector<uint32_t>;

size_t distance(const Symbols& a, const Symbols& b, EditCosts costs) {
  const size_t substitution = costs == EditCosts::kNoSubstitution ? 2 : 1;
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : substitution);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (costs == EditCosts::kTransposition && i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
          a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    if (costs == EditCosts::kTransposition) before_last = last;
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

size_t edit_distance(const std::vector<std::string>& a, const std::vector<std::string>& b,
                     EditCosts costs) {
  std::unordered_map<std::string, uint32_t> numbers;
  const auto number = [&](const std::vector<std::string>& words) {
    Symbols symbols;
    symbols.reserve(words.size());
    for (const std::string& word : words) {
      symbols.push_back(numbers.emplace(word, static_cast<uint32_t>(numbers.size())).first->second);
    }
    return symbols;
  };
  const Symbols first = number(a), second = number(b);
  return distance(first, second, costs);
}

size_t character_distance(const std::string& a, const std::string& b) {
  const std::u32string first = code_points(a), second = code_points(b);
  return distance(Symbols(first.begin(), first.end()), Symbols(second.begin(), second.end()),
                  EditCosts::kLevenshtein);
}

double WordEdits::rate() const {
  return reference_words > 0 ? edits / reference_words : kUndefined;
}

WordEdits word_edits(const std::vector<std::string>& draft,
                     const std::vector<std::string>& reference) {
  return {static_cast<double>(edit_distance(draft, reference)),
          static_cast<double>(reference.size())};
}

}  // namespace radgen::evaluation
