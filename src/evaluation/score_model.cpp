// The model under test: texts, maps, phrase maps and confidences.
#include <algorithm>
#include <cmath>
#include <map>

#include "evaluation/evidence.h"
#include "evaluation/work.h"
#include "radgen/core/parallel.h"

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
std::vector<ConfidenceEvent> word_events(const Work& work, const System& model) {
  std::vector<ConfidenceEvent> events;
  for (size_t s = 0; s < work.pairing.drafts.size(); ++s) {
    const Draft* draft = work.pairing.drafts[s];
    if (draft == nullptr || draft->sentences.empty()) continue;
    const auto ranges = sentence_ranges(*draft);
    std::map<size_t, bool> right;  // by sentence
    for (const Mention& m : model.words[s].mentions) {
      const size_t i = sentence_at(ranges, m.begin);
      if (m.certainty == Certainty::kNegative || i == ranges.size()) continue;
      const auto [entry, is_new] = right.emplace(i, true);
      entry->second = entry->second && is_stated(m.finding, m.side, work.references.words[s]);
    }
    for (const auto& [i, is_right] : right) {
      events.push_back({s, draft->sentences[i].confidence, is_right});
    }
  }
  keep_if_any(events);
  return events;
}

// A region for what is not there is wrong wherever it lies.
void add_invented(const Work& work, const System& model,
                  std::vector<std::vector<ConfidenceEvent>>& events) {
  for (size_t s = 0; s < events.size(); ++s) {
    const Draft* draft = work.pairing.drafts[s];
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

void score_model_maps(const Work& work, System& model) {
  std::vector<std::vector<ConfidenceEvent>> events(work.pairing.drafts.size());
  score_end_to_end(
      model, work.references,
      [&](size_t s, const Claim& claim, const std::vector<Box>& boxes, bool& is_shown) {
        const Draft* draft = work.pairing.drafts[s];
        if (draft == nullptr) return MapScore{};
        ClaimEvidence evidence;
        const MapScore score = score_draft_claim(
            *draft, model.words[s], claim, *work.references.studies[s], boxes, is_shown, &evidence);
        const double reached = std::isnan(evidence.region_iou)
                                   ? static_cast<double>(score.iou[kDefaultLevel])
                                   : evidence.region_iou;
        events[s].push_back({s, evidence.score, reached >= kRightIou});
        return score;
      },
      work.options.map_threshold, work.threads);
  add_invented(work, model, events);
  gather(events, model.confidence.grounding);
}

void score_model_phrases(const Work& work, System& model) {
  if (!work.references.has_boxes() || work.phrase_maps.empty()) return;
  const PhraseIndex index(work.phrase_maps);
  std::vector<std::vector<ConfidenceEvent>> events(work.references.studies.size());
  score_phrases(
      model, work.references,
      [&](size_t s, const Claim& claim, const std::vector<Box>& boxes, bool&) {
        const PhraseMap* map = index.find(work.references.ids[s], claim.finding, claim.side);
        if (map == nullptr) return MapScore{};
        const auto [width, height] = picture_size(*work.references.studies[s], map->map_box);
        const MapScore score = score_map(map->map, map->map_box, boxes, width, height);
        const double drawn = iou_of_regions(map->regions, boxes, width, height);
        const double reached = std::isnan(drawn) ? score.iou[kDefaultLevel] : drawn;
        events[s].push_back({s, map->score, reached >= kRightIou});
        return score;
      },
      work.options.map_threshold, work.threads);
  gather(events, model.confidence.phrase);
}

// Where the drafts ruled something out, and what fixed boxes would have shown.
void score_examined(const Work& work, System& model) {
  const bool has_anatomy =
      std::any_of(work.references.studies.begin(), work.references.studies.end(),
                  [](const Reference* study) { return !study->regions.empty(); });
  if (!has_anatomy) return;
  const AnatomyPrior prior(work.data.train);
  model.examined.resize(work.pairing.drafts.size());
  parallel_for(work.pairing.drafts.size(), work.threads, [&](size_t s) {
    if (work.pairing.drafts[s] != nullptr) {
      model.examined[s] = examined_items(*work.pairing.drafts[s], *work.references.studies[s],
                                         work.tools.labeler, prior);
    }
  });
}

}  // namespace

void score_model(Work& work) {
  std::vector<std::string> texts;
  for (const Draft* draft : work.pairing.drafts) {
    texts.push_back(draft != nullptr ? draft->text() : "");
  }
  System model = score_texts("", std::move(texts), work.references, work.tools, work.threads);
  model.confidence.words = word_events(work, model);
  if (work.pairing.has_evidence()) {
    for (size_t s = 0; s < work.pairing.drafts.size(); ++s) {
      const Draft* draft = work.pairing.drafts[s];
      model.sentences.push_back(
          draft == nullptr ? SentenceCounts{}
                           : count_sentences(*draft, model.words[s], *work.references.studies[s]));
    }
    if (work.references.has_boxes()) score_model_maps(work, model);
    score_examined(work, model);
  }
  score_model_phrases(work, model);
  work.result.confidence = model.confidence;
  work.systems.push_back(std::move(model));
}

}  // namespace radgen::evaluation
