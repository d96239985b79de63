// The model under test: texts, maps, phrase maps and confidences.
#include <algorithm>
#include <cmath>
#include <map>

#include "evaluation/evaluation_context.h"
#include "evaluation/grounding/claim_maps.h"

namespace radgen::evaluation {
namespace {

// Confidences that are all 0 are none: the file does not hold them.
void keep_if_any(std::vector<ConfidenceEvent>& events) {
  const bool has_any = std::any_of(events.begin(), events.end(),
                                   [](const ConfidenceEvent& e) { return e.confidence > 0; });
  if (!has_any) events.clear();
  sort_events(events);
}

// The studies' events in one list.
void gather(const std::vector<std::vector<ConfidenceEvent>>& by_study,
            std::vector<ConfidenceEvent>& events) {
  for (const auto& of_study : by_study) {
    events.insert(events.end(), of_study.begin(), of_study.end());
  }
  keep_if_any(events);
}

// One event for each sentence that states findings: right when all of them are, in finding and
// side.
std::vector<ConfidenceEvent> word_events(const EvaluationContext& context, const System& model) {
  std::vector<ConfidenceEvent> events;
  for (size_t s = 0; s < context.pairing.drafts.size(); ++s) {
    const Draft* draft = context.pairing.drafts[s];
    if (draft == nullptr || draft->sentences.empty()) continue;
    const auto ranges = sentence_ranges(*draft);
    std::map<size_t, bool> right;  // by sentence
    for (const Mention& m : model.words[s].mentions) {
      const size_t i = sentence_at(ranges, m.begin);
      if (m.assertion == Assertion::kNegative || i == ranges.size()) continue;
      const auto [entry, is_new] = right.emplace(i, true);
      entry->second = entry->second && is_stated(m.finding, m.side, context.references.words[s]);
    }
    for (const auto& [i, is_right] : right) {
      events.push_back({s, draft->sentences[i].confidence, is_right});
    }
  }
  keep_if_any(events);
  return events;
}

// A region for what is not there is wrong wherever it lies.
void add_invented(const EvaluationContext& context, const System& model,
                  std::vector<std::vector<ConfidenceEvent>>& events) {
  for (size_t s = 0; s < events.size(); ++s) {
    const Draft* draft = context.pairing.drafts[s];
    if (draft == nullptr) continue;
    const std::vector<Claim> claims = claims_of(model.words[s]);
    for (const GroundedItem& item : model.end_to_end[s]) {
      if (item.kind != ItemKind::kFalsePositive) continue;
      for (const Claim& claim : claims) {
        if (claim.finding == item.finding && claim.side == item.side)
          events[s].push_back({s, sentences_of_claim(*draft, model.words[s], claim).score, false});
      }
    }
  }
}

void score_model_maps(const EvaluationContext& context, System& model) {
  std::vector<std::vector<ConfidenceEvent>> events(context.pairing.drafts.size());
  score_end_to_end(
      model, context.references,
      [&](size_t s, const Claim& claim, const std::vector<Box>& boxes, bool& is_shown) {
        const Draft* draft = context.pairing.drafts[s];
        if (draft == nullptr) return MapScore{};
        ClaimRegions claim_regions;
        const MapScore score =
            score_draft_claim(*draft, model.words[s], claim, *context.references.studies[s], boxes,
                              is_shown, &claim_regions);
        const double reached = std::isnan(claim_regions.region_iou)
                                   ? static_cast<double>(score.iou[kDefaultLevel])
                                   : claim_regions.region_iou;
        events[s].push_back({s, claim_regions.score, reached >= kRightIou});
        return score;
      },
      context.options.map_threshold, context.threads);
  add_invented(context, model, events);
  gather(events, model.confidence.grounding);
}

void score_model_phrases(const EvaluationContext& context, System& model) {
  if (!context.references.has_boxes() || context.phrase_maps.empty()) return;
  const PhraseIndex index(context.phrase_maps);
  std::vector<std::vector<ConfidenceEvent>> events(context.references.studies.size());
  score_phrases(
      model, context.references,
      [&](size_t s, const Claim& claim, const std::vector<Box>& boxes, bool&) {
        const PhraseMap* map = index.find(context.references.ids[s], claim.finding, claim.side);
        if (map == nullptr) return MapScore{};
        const auto [width, height] = image_size(*context.references.studies[s], map->map_box);
        const MapScore score = score_map(map->map, map->map_box, boxes, width, height);
        const double drawn = iou_of_regions(map->regions, boxes, width, height);
        const double reached = std::isnan(drawn) ? score.iou[kDefaultLevel] : drawn;
        events[s].push_back({s, map->score, reached >= kRightIou});
        return score;
      },
      context.options.map_threshold, context.threads);
  gather(events, model.confidence.phrase);
}

}  // namespace

void score_model(EvaluationContext& context) {
  std::vector<std::string> texts;
  for (const Draft* draft : context.pairing.drafts) {
    texts.push_back(draft != nullptr ? draft->text() : "");
  }
  System model =
      score_texts("", std::move(texts), context.references, context.tools, context.threads);
  model.confidence.words = word_events(context, model);
  if (context.pairing.has_regions()) {
    for (size_t s = 0; s < context.pairing.drafts.size(); ++s) {
      const Draft* draft = context.pairing.drafts[s];
      model.sentences.push_back(draft == nullptr ? SentenceCounts{}
                                                 : count_sentences(*draft, model.words[s],
                                                                   *context.references.studies[s]));
    }
    if (context.references.has_boxes()) score_model_maps(context, model);
  }
  score_model_phrases(context, model);
  context.result.confidence = model.confidence;
  context.systems.push_back(std::move(model));
}

}  // namespace radgen::evaluation
