// One case for every finding and side that a draft states or overlooks.
#include <algorithm>
#include <bit>
#include <cmath>

#include "evaluation/errors/error_fit.h"
#include "evaluation/errors/error_steps.h"
#include "evaluation/grounding/attention_map_statistics.h"
#include "evaluation/grounding/claim_maps.h"
#include "evaluation/grounding/sentence_regions.h"
#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/report/text.h"

namespace radgen::evaluation {
namespace {

// Other studies whose boxes an invented finding's map is laid over, for what chance would reach.
constexpr size_t kChanceStudies = 4;
constexpr uint64_t kChance = 0x6368616e;  // stream of random numbers

struct Texts {
  std::string text;
  ExtractedFindings words;
  std::vector<Span> sentences;
};

Texts read_text(const Labeler& labeler, std::string text) {
  Texts texts{text, extract_findings(labeler, text), split_sentences(text)};
  return texts;
}

// The sentences that speak of a finding, whatever they say of it.
std::vector<std::pair<size_t, size_t>> spans_of(const Texts& texts, Finding finding) {
  std::vector<std::pair<size_t, size_t>> spans;
  for (const Mention& m : texts.words.mentions) {
    if (m.finding != finding || m.sentence >= texts.sentences.size()) continue;
    const Span& at = texts.sentences[m.sentence];
    if (spans.empty() || spans.back().first != at.begin) spans.emplace_back(at.begin, at.end);
  }
  return spans;
}

Severity largest_severity(const ExtractedFindings& words, Finding finding) {
  const unsigned bits = words.severities[static_cast<size_t>(finding)];
  return bits == 0 ? Severity::kUnstated : static_cast<Severity>(std::bit_width(bits) - 1);
}

double covered_share(const std::vector<Box>& boxes, int width, int height) {
  if (boxes.empty() || width < 1 || height < 1) return kUndefined;
  const AttentionMap covered = boxes_as_map(boxes, width, height);
  double sum = 0;
  for (const float v : covered.values) sum += v;
  return sum / static_cast<double>(covered.values.size());
}

// Everything about one case that its map decides; returns what it points at.
Trace look(FindingCase& c, const std::vector<Box>& regions, const Reference& reference) {
  const auto [width, height] = image_size(reference, c.map_box);
  const Box whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
  if (c.has_map() && c.map_box.area() <= 0) c.map_box = whole;
  c.box_share = covered_share(c.boxes, width, height);
  if (is_usable_map(c.map)) {
    c.entropy = normalized_entropy(c.map);
    c.spread = map_spread(c.map, c.map_box, width, height);
  } else {
    c.map = {};
  }
  Trace trace = trace_of(c.map, c.map_box, regions, width, height);
  c.iou = fit_of(trace, c.boxes, width, height);
  if (c.has_place()) {
    // Where there are regions alone, they are all that is known of the attention.
    c.place = score_map(c.has_map() ? c.map : trace.map, c.has_map() ? c.map_box : trace.box,
                        c.boxes, width, height);
  }
  return trace;
}

class Collector {
 public:
  Collector(const Pairing& pairing, const std::vector<PhraseMap>& phrase_maps,
            const ErrorAnalysis& errors, uint64_t seed)
      : pairing_(pairing), phrases_(phrase_maps), options_(errors.options), seed_(seed) {
    for (const Reference* reference : pairing.references) {
      if (!reference->boxes.empty()) boxed_.push_back(reference);
    }
  }

  std::vector<FindingCase> cases_of(size_t s) const {
    const Draft& draft = *pairing_.drafts[s];
    const Reference& reference = *pairing_.references[s];
    const Texts written = read_text(labeler_, draft.text());
    const Texts expected = read_text(labeler_, reference.text());
    std::vector<FindingCase> cases;
    const std::vector<Claim> claims = claims_of(written.words);
    for (const Claim& claim : claims) {
      cases.push_back(begin_case(s, claim, written, expected));
      add_statement(cases.back(), draft, claim, written, expected);
    }
    for (const Claim& claim : claims_of(expected.words)) {
      const bool is_covered = std::any_of(claims.begin(), claims.end(), [&](const Claim& stated) {
        return stated.finding == claim.finding && sides_agree(stated.side, claim.side);
      });
      if (is_covered) continue;
      cases.push_back(begin_case(s, claim, written, expected));
      add_overlooked(cases.back(), written);
    }
    for (FindingCase& c : cases) {
      const Trace trace = look(c, regions_of(c), reference);
      if (!c.has_map()) continue;
      const auto [width, height] = image_size(reference, c.map_box);
      c.border = border_share(c.map, c.map_box, width, height, options_.border_margin);
      if (c.outcome != Outcome::kFalsePositive) continue;
      look_elsewhere(c, trace, reference);
      if (c.other_iou >= kRightIou && c.other != c.finding) {
        const auto spans = spans_of(expected, c.other);
        c.reference_spans.insert(c.reference_spans.end(), spans.begin(), spans.end());
      }
    }
    return cases;
  }

  // Boxed findings without a map of the reference's sentence are none's fault and left out.
  std::vector<ReadSentence> read_sentences_of(size_t s) const {
    const Reference& reference = *pairing_.references[s];
    std::vector<ReadSentence> read;
    phrase_items(reference, [&](const Claim& claim, const std::vector<Box>& boxes, bool&) {
      const PhraseMap* phrase = phrases_.find(reference.study_id, claim.finding, claim.side);
      if (phrase == nullptr) return MapScore{};
      const auto [width, height] = image_size(reference, phrase->map_box);
      const Trace trace = trace_of(phrase->map, phrase->map_box, phrase->regions, width, height);
      const MapScore score = score_map(phrase->map, phrase->map_box, boxes, width, height);
      read.push_back({s, claim.finding, fit_of(trace, boxes, width, height), score.pointing});
      return score;
    });
    return read;
  }

 private:
  FindingCase begin_case(size_t s, const Claim& claim, const Texts& written,
                         const Texts& expected) const {
    FindingCase c;
    c.study = s;
    c.patient = pairing_.patients[s];
    c.study_id = pairing_.references[s]->study_id;
    c.finding = claim.finding;
    c.side = claim.side;
    c.boxes = boxes_of(*pairing_.references[s], claim.finding, claim.side);
    c.severity = largest_severity(expected.words, claim.finding);
    c.draft_text = written.text;
    c.reference_text = expected.text;
    c.draft_spans = spans_of(written, claim.finding);
    c.reference_spans = spans_of(expected, claim.finding);
    return c;
  }

  void add_statement(FindingCase& c, const Draft& draft, const Claim& claim, const Texts& written,
                     const Texts& expected) const {
    ClaimSentences said = sentences_of_claim(draft, written.words, claim);
    c.map = std::move(said.map);
    c.map_box = draft.map_box;
    c.score = said.score;
    c.confidence = said.confidence;
    if (said.is_shown) c.drawn = std::move(said.drawn);
    const bool is_right = is_stated(c.finding, c.side, expected.words) || !c.boxes.empty();
    c.outcome = is_right ? Outcome::kTruePositive : Outcome::kFalsePositive;
    c.is_other_side = !is_right && has(expected.words.positive, c.finding);
    const size_t f = static_cast<size_t>(c.finding);
    const uint8_t said_degree = written.words.severities[f], degree = expected.words.severities[f];
    constexpr uint8_t kUnstated = 1;  // the bit of Severity::kUnstated says nothing
    c.is_wrong_degree = is_right && (said_degree & ~kUnstated) != 0 && (degree & ~kUnstated) != 0 &&
                        (said_degree & degree & ~kUnstated) == 0;
  }

  void add_overlooked(FindingCase& c, const Texts& written) const {
    c.outcome = Outcome::kFalseNegative;
    c.is_other_side = has(written.words.positive, c.finding);
    const PhraseMap* phrase = phrases_.find(c.study_id, c.finding, c.side);
    if (phrase == nullptr) return;
    c.map = phrase->map;
    c.map_box = phrase->map_box;
    c.score = phrase->score;
  }

  // Of a statement what the draft shows, of what is overlooked what it would show.
  std::vector<Box> regions_of(const FindingCase& c) const {
    if (c.outcome != Outcome::kFalseNegative) return c.drawn;
    const PhraseMap* phrase = phrases_.find(c.study_id, c.finding, c.side);
    return phrase != nullptr ? phrase->regions : std::vector<Box>{};
  }

  // What something invented points at, here and by chance.
  void look_elsewhere(FindingCase& c, const Trace& trace, const Reference& reference) const {
    Fit fit = best_fit(trace, reference);
    c.other = fit.finding;
    c.other_boxes = std::move(fit.boxes);
    c.other_iou = fit.iou;
    const std::vector<Box> same = boxes_of(reference, c.finding, Side::kNone);
    if (!same.empty()) {
      const auto [width, height] = image_size(reference, c.map_box);
      c.same_iou = fit_of(trace, same, width, height);
      c.other = c.finding;
      c.other_boxes = same;
    }
    if (boxed_.size() < 2) return;
    Random random(seed_, {kChance, c.study, static_cast<uint64_t>(c.finding)});
    double reached = 0, of_kin = 0;
    for (size_t i = 0; i < kChanceStudies; ++i) {
      const Reference* other = &reference;
      while (other == &reference) other = random.pick(boxed_);
      const Fit by_chance = best_fit(moved(trace, reference, *other), *other);
      if (!(by_chance.iou >= kRightIou)) continue;
      (is_kin(c.finding, by_chance.finding) ? of_kin : reached) += 1;
    }
    c.chance = reached / static_cast<double>(kChanceStudies);
    c.chance_of_kin = of_kin / static_cast<double>(kChanceStudies);
  }

  const Pairing& pairing_;
  const PhraseIndex phrases_;
  const ErrorOptions& options_;
  const uint64_t seed_;
  const Labeler labeler_;
  std::vector<const Reference*> boxed_;
};

}  // namespace

const char* outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTruePositive:
      return "true_positive";
    case Outcome::kFalsePositive:
      return "false_positive";
    case Outcome::kFalseNegative:
      return "false_negative";
  }
  return "";
}

void collect_cases(const Pairing& pairing, const std::vector<PhraseMap>& phrase_maps, int threads,
                   uint64_t seed, ErrorAnalysis& errors) {
  const Collector collector(pairing, phrase_maps, errors, seed);
  errors.studies = pairing.references.size();
  errors.phrase_maps = phrase_maps.size();
  std::vector<std::vector<ReadSentence>> read(errors.studies);
  std::vector<std::vector<FindingCase>> by_study(errors.studies);
  parallel_for(errors.studies, threads, [&](size_t s) {
    const Draft* draft = pairing.drafts[s];
    if (draft != nullptr && draft->status != "not_reportable") by_study[s] = collector.cases_of(s);
    read[s] = collector.read_sentences_of(s);
  });
  for (size_t s = 0; s < errors.studies; ++s) {
    const Draft* draft = pairing.drafts[s];
    errors.drafted += draft != nullptr && draft->status != "not_reportable";
    errors.has_boxes = errors.has_boxes || !pairing.references[s]->boxes.empty();
    errors.read.insert(errors.read.end(), read[s].begin(), read[s].end());
    for (FindingCase& c : by_study[s]) {
      errors.maps += c.has_map() && c.outcome != Outcome::kFalseNegative;
      errors.cases.push_back(std::move(c));
    }
  }
}

}  // namespace radgen::evaluation
