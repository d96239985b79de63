// One report through the labeler, and two reports against each other.
#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "radgen/evaluation/clinical/clinical.h"
#include "radgen/evaluation/text/tokenize.h"
#include "radgen/report/text.h"

namespace radgen::evaluation {
namespace {

constexpr uint8_t kUpper = 1, kMiddle = 2, kLower = 4;
constexpr double kSameSize = 0.25;  // sizes that differ by at most this share of the larger agree

// Which thirds of the lung a sentence names.
uint8_t zones_in(std::string_view sentence) {
  static const std::vector<std::pair<std::string_view, uint8_t>> kWords{
      {"upper", kUpper},     {"apex", kUpper},       {"apices", kUpper},      {"apical", kUpper},
      {"biapical", kUpper},  {"middle", kMiddle},    {"mid", kMiddle},        {"lingula", kMiddle},
      {"lingular", kMiddle}, {"perihilar", kMiddle}, {"hilar", kMiddle},      {"lower", kLower},
      {"base", kLower},      {"bases", kLower},      {"basal", kLower},       {"basilar", kLower},
      {"bibasilar", kLower}, {"bibasal", kLower},    {"retrocardiac", kLower}};
  uint8_t zones = 0;
  for (const std::string& word : scoring_tokens(sentence)) {
    for (const auto& [known, zone] : kWords) {
      if (word == known) zones = static_cast<uint8_t>(zones | zone);
    }
  }
  return zones;
}

// Sentences of the text that hold one of the spans.
int sentences_with(const std::vector<Span>& sentences, const std::vector<Span>& spans) {
  int count = 0;
  for (const Span& sentence : sentences) {
    count += std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
      return span.begin >= sentence.begin && span.begin < sentence.end;
    });
  }
  return count;
}

bool is_same_size(float a, float b) { return std::abs(a - b) <= kSameSize * std::max(a, b); }

}  // namespace

ExtractedFindings extract_findings(const Labeler& labeler, const std::string& text) {
  ExtractedFindings words;
  words.mentions = labeler.mentions(text);
  for (const auto& [finding, label] : Labeler::aggregate(words.mentions)) {
    if (label == 1) words.certain |= bit(finding);
    if (label == 1 || label == -1) words.positive |= bit(finding);
    if (label == 0) words.negative |= bit(finding);
  }
  const std::vector<Span> sentences = split_sentences(text);
  std::set<std::string> tuples;
  for (const Mention& m : words.mentions) {
    if (m.assertion == Assertion::kNegative || m.finding == Finding::kNoFinding) continue;
    if (m.side == Side::kLeft || m.side == Side::kBilateral) words.left |= bit(m.finding);
    if (m.side == Side::kRight || m.side == Side::kBilateral) words.right |= bit(m.finding);
    tuples.insert(finding_name(m.finding) + "/" + side_name(m.side) + "/" +
                  severity_name(m.severity));
    const size_t f = static_cast<size_t>(m.finding);
    if (m.severity != Severity::kUnstated) {
      words.severities[f] =
          static_cast<uint8_t>(words.severities[f] | (1u << static_cast<unsigned>(m.severity)));
    }
    if (m.size_mm) words.size_mm[f] = std::max(words.size_mm[f], static_cast<float>(*m.size_mm));
    if (m.sentence < sentences.size()) {
      const Span& at = sentences[m.sentence];
      words.zones[f] = static_cast<uint8_t>(
          words.zones[f] | zones_in(std::string_view(text).substr(at.begin, at.end - at.begin)));
    }
  }
  for (const std::string& tuple : tuples) words.tuples += tuple + ";";
  words.comparisons = sentences_with(sentences, find_comparisons(text));
  return words;
}

bool is_stated(Finding finding, Side side, const ExtractedFindings& words) {
  if (!has(words.positive, finding)) return false;
  const bool is_left = has(words.left, finding), is_right = has(words.right, finding);
  if (side == Side::kNone || (!is_left && !is_right)) return true;
  if (side == Side::kLeft) return is_left;
  return side == Side::kRight ? is_right : true;
}

FindingSet named_findings(const Labeler& labeler, const std::string& text) {
  FindingSet set = 0;
  for (const Mention& m : labeler.mentions(text)) set |= bit(m.finding);
  return set;
}

ClinicalCounts compare_words(const ExtractedFindings& draft, const ExtractedFindings& reference,
                             const Reference& truth, FindingSet indicated) {
  ClinicalCounts counts;
  counts.draft = draft.positive;
  counts.reference = reference.positive;
  counts.draft_certain = draft.certain;
  counts.reference_certain = reference.certain;
  const FindingSet draft_sided = static_cast<FindingSet>(draft.left | draft.right);
  const FindingSet reference_sided = static_cast<FindingSet>(reference.left | reference.right);
  const FindingSet in_both = static_cast<FindingSet>(draft.positive & reference.positive);
  const FindingSet sided = static_cast<FindingSet>(draft_sided & reference_sided & in_both);
  const FindingSet shared =
      static_cast<FindingSet>((draft.left & reference.left) | (draft.right & reference.right));
  counts.sided = std::popcount(sided);
  counts.wrong_side = std::popcount(static_cast<FindingSet>(sided & ~shared));

  const unsigned contradicted =
      (draft.certain & reference.negative) | (draft.negative & reference.certain);
  counts.negation_errors = std::popcount(contradicted);
  counts.decided = std::popcount(static_cast<unsigned>((draft.certain | draft.negative) &
                                                       (reference.certain | reference.negative)));
  for (const Finding finding : all_findings()) {
    if (!has(in_both, finding)) continue;
    const size_t f = static_cast<size_t>(finding);
    if (draft.severities[f] != 0 && reference.severities[f] != 0) {
      ++counts.graded;
      counts.same_grade += (draft.severities[f] & reference.severities[f]) != 0;
    }
    if (draft.zones[f] != 0 && reference.zones[f] != 0) {
      ++counts.placed;
      counts.same_place += (draft.zones[f] & reference.zones[f]) != 0;
    }
    if (draft.size_mm[f] > 0 && reference.size_mm[f] > 0) {
      ++counts.sized;
      counts.same_size += is_same_size(draft.size_mm[f], reference.size_mm[f]);
    }
  }
  counts.comparisons = draft.comparisons;
  counts.reference_comparisons = reference.comparisons;
  counts.echoes = std::popcount(static_cast<unsigned>(draft.positive & ~reference.positive &
                                                      indicated & ~bit(Finding::kNoFinding)));

  counts.has_truth = truth.has_truth;
  for (const TrueLesion& lesion : truth.truth) {
    if (!lesion.is_visible || lesion.finding == Finding::kNoFinding) continue;
    counts.truth |= bit(lesion.finding);
    if (lesion.severity == Severity::kUnstated) continue;
    const size_t severity = static_cast<size_t>(lesion.severity) - 1;
    ++counts.lesions[severity];
    if (has(draft.positive, lesion.finding)) ++counts.stated[severity];
  }
  return counts;
}

}  // namespace radgen::evaluation
