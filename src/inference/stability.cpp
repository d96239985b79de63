#include "radgen/inference/stability.h"

#include <algorithm>

namespace radgen {
namespace {

bool is_there(const Mention& mention) { return mention.assertion != Assertion::kNegative; }

double stability_of(const Mention& mention, const std::vector<std::vector<Mention>>& samples) {
  const auto says_so = [&](const std::vector<Mention>& sample) {
    return std::any_of(sample.begin(), sample.end(), [&](const Mention& other) {
      return other.finding == mention.finding && other.side == mention.side &&
             is_there(other) == is_there(mention);
    });
  };
  return static_cast<double>(std::count_if(samples.begin(), samples.end(), says_so)) /
         static_cast<double>(samples.size());
}

// Empty when no sample states the finding with a side.
std::optional<double> side_stability_of(const Mention& mention,
                                        const std::vector<std::vector<Mention>>& samples) {
  double sided = 0, agreeing = 0;
  for (const std::vector<Mention>& sample : samples) {
    bool has_side = false, agrees = false;
    for (const Mention& other : sample) {
      if (other.finding != mention.finding || !is_there(other) || other.side == Side::kNone)
        continue;
      has_side = true;
      agrees = agrees || other.side == mention.side || other.side == Side::kBilateral;
    }
    sided += has_side;
    agreeing += agrees;
  }
  if (sided == 0) return std::nullopt;
  return agreeing / sided;
}

void keep_least(std::optional<double>& value, const std::optional<double>& other) {
  if (other) value = value ? std::min(*value, *other) : *other;
}

}  // namespace

void add_stability(Draft& draft, const std::vector<std::vector<Mention>>& samples) {
  if (samples.empty()) return;
  for (const Mention& mention : draft.mentions) {
    if (mention.sentence >= draft.sentences.size()) continue;
    DraftSentence& sentence = draft.sentences[mention.sentence];
    keep_least(sentence.stability, stability_of(mention, samples));
    const bool is_one_sided = mention.side == Side::kLeft || mention.side == Side::kRight;
    if (is_there(mention) && is_one_sided)
      keep_least(sentence.side_stability, side_stability_of(mention, samples));
  }
}

}  // namespace radgen
