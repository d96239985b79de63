#include "evaluation/grounding/sentence_regions.h"

#include <algorithm>

namespace radgen::evaluation {
namespace {

// A stated size is a diameter on the film of a region found on a patch grid: a factor of two is
// what the two can be held to.
constexpr double kSizeFactor = 2;

double longest_side_px(const std::vector<Box>& boxes) {
  double longest = 0;
  for (const Box& box : boxes) longest = std::max({longest, box.w, box.h});
  return longest;
}

}  // namespace

std::vector<std::pair<size_t, size_t>> sentence_ranges(const Draft& draft) {
  std::vector<std::pair<size_t, size_t>> ranges;
  const std::string text = draft.text();
  size_t cursor = 0;
  for (const DraftSentence& sentence : draft.sentences) {
    if (sentence.end > sentence.begin) {
      ranges.emplace_back(sentence.begin, sentence.end);
      continue;
    }
    const size_t found =
        sentence.text.empty() ? std::string::npos : text.find(sentence.text, cursor);
    if (found == std::string::npos) {
      ranges.emplace_back(0, 0);
      continue;
    }
    cursor = found + sentence.text.size();
    ranges.emplace_back(found, cursor);
  }
  return ranges;
}

size_t sentence_at(const std::vector<std::pair<size_t, size_t>>& ranges, size_t byte) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (byte >= ranges[i].first && byte < ranges[i].second) return i;
  }
  return ranges.size();
}

bool is_shown_with_region(const DraftSentence& sentence) {
  return sentence.is_grounded || (sentence.map.empty() && !sentence.boxes.empty());
}

SentenceCounts count_sentences(const Draft& draft, const ExtractedFindings& words,
                               const Reference& reference) {
  const auto ranges = sentence_ranges(draft);
  struct Says {
    bool states = false, denies = false;
    double size_mm = 0;
  };
  std::vector<Says> says(ranges.size() + 1);
  for (const Mention& m : words.mentions) {
    Says& sentence = says[sentence_at(ranges, m.begin)];
    (m.assertion == Assertion::kNegative ? sentence.denies : sentence.states) = true;
    if (m.assertion != Assertion::kNegative && m.size_mm) {
      sentence.size_mm = std::max(sentence.size_mm, *m.size_mm);
    }
  }
  SentenceCounts counts;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const bool is_shown = is_shown_with_region(draft.sentences[i]);
    counts.shown += is_shown;
    counts.shown_stating += is_shown && says[i].states;
    counts.stating += says[i].states;
    counts.stating_shown += is_shown && says[i].states;
    const bool only_denies = says[i].denies && !says[i].states;
    counts.denying += only_denies;
    counts.denying_shown += is_shown && only_denies;
    const double region_mm = longest_side_px(draft.sentences[i].boxes) * reference.pixel_spacing_mm;
    if (is_shown && says[i].size_mm > 0 && region_mm > 0) {
      ++counts.sized;
      counts.size_matches +=
          region_mm <= kSizeFactor * says[i].size_mm && says[i].size_mm <= kSizeFactor * region_mm;
    }
  }
  return counts;
}

void summarize_sentences(std::span<const SentenceCounts> studies, std::span<const double> weights,
                         MetricTable& table) {
  const auto share = [&](const char* name, int SentenceCounts::*part, int SentenceCounts::*whole) {
    double some = 0, all = 0;
    for (size_t s = 0; s < studies.size(); ++s) {
      some += weights[s] * studies[s].*part;
      all += weights[s] * studies[s].*whole;
    }
    table.set(std::string("grounding.") + name, all > 0 ? some / all : kUndefined,
              static_cast<int64_t>(all));
  };
  share("groundable_precision", &SentenceCounts::shown_stating, &SentenceCounts::shown);
  share("groundable_recall", &SentenceCounts::stating_shown, &SentenceCounts::stating);
  share("negations_with_region", &SentenceCounts::denying_shown, &SentenceCounts::denying);
  share("size_matches_region", &SentenceCounts::size_matches, &SentenceCounts::sized);
}

}  // namespace radgen::evaluation
