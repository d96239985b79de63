#include "evaluation/grounding/sentence_regions.h"

#include <algorithm>

#include "evaluation/metric_sums.h"

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

// The patient's middle, prepared-image pixels: that of the spine where it is annotated.
double midline_of(const Reference& reference, const Draft& draft) {
  for (const ReferenceRegion& region : reference.regions) {
    if (region.anatomy == "spine") return region.box.x + region.box.w / 2;
  }
  return reference.width > 0 ? reference.width / 2.0 : draft.map_box.x + draft.map_box.w / 2;
}

// A box whose middle lies on the other side than `side` of the patient (left is at larger x).
bool has_box_beyond(const std::vector<Box>& boxes, double midline_x, Side side) {
  return std::ranges::any_of(boxes, [&](const Box& box) {
    const double x = box.x + box.w / 2;
    return side == Side::kLeft ? x < midline_x : x > midline_x;
  });
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
  return sentence.is_grounded || (sentence.region != RegionKind::kExamined &&
                                  sentence.map.empty() && !sentence.boxes.empty());
}

SentenceCounts count_sentences(const Draft& draft, const ExtractedFindings& words,
                               const Reference& reference) {
  const auto ranges = sentence_ranges(draft);
  struct Says {
    bool states = false, denies = false;
    double size_mm = 0;
    Side side = Side::kNone;  // that all stated findings have; kBilateral: they differ
  };
  std::vector<Says> says(ranges.size() + 1);
  for (const Mention& m : words.mentions) {
    Says& sentence = says[sentence_at(ranges, m.begin)];
    if (m.assertion != Assertion::kNegative) {
      sentence.side = sentence.states && sentence.side != m.side ? Side::kBilateral : m.side;
    }
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
    ++counts.all;
    counts.placed +=
        is_shown || (draft.sentences[i].region == RegionKind::kExamined && !says[i].states);
    const Side side = says[i].side;
    if (is_shown && says[i].states && (side == Side::kLeft || side == Side::kRight)) {
      ++counts.one_sided;
      counts.wrong_side +=
          has_box_beyond(draft.sentences[i].boxes, midline_of(reference, draft), side);
    }
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
  SentenceSums sums;
  for (size_t s = 0; s < studies.size(); ++s) {
    const SentenceCounts& c = studies[s];
    const double w = weights[s];
    sums.shown += w * c.shown, sums.shown_stating += w * c.shown_stating;
    sums.stating += w * c.stating, sums.stating_shown += w * c.stating_shown;
    sums.denying += w * c.denying, sums.denying_shown += w * c.denying_shown;
    sums.all += w * c.all, sums.placed += w * c.placed;
    sums.one_sided += w * c.one_sided, sums.wrong_side += w * c.wrong_side;
    sums.sized += w * c.sized, sums.size_matches += w * c.size_matches;
  }
  MetricRegistry::standard().set(sums, table);
}

}  // namespace radgen::evaluation
