#include "evaluation/pairing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

// "3 of split 'validate', 1 of no split" for the drafts that belong elsewhere.
std::string where_they_belong(const std::map<std::string, int64_t>& splits) {
  std::string text;
  for (const auto& [split, count] : splits) {
    if (!text.empty()) text += ", ";
    text += split.empty() ? fmt::format("{} of no split of this data set", count)
                          : fmt::format("{} of split '{}'", count, split);
  }
  return text;
}

std::string split_of(const EvaluationData& data, const std::string& study_id) {
  const auto found = data.elsewhere.find(study_id);
  if (found != data.elsewhere.end()) return found->second;
  for (const auto* references : {&data.train, &data.validate}) {
    for (const Reference& reference : *references) {
      if (reference.study_id == study_id) return reference.split;
    }
  }
  return "";
}

void refuse(const Pairing& pairing, size_t drafts, const std::map<std::string, int64_t>& splits,
            bool ignore_unknown) {
  const InputCounts& counts = pairing.counts;
  if (counts.repeated > 0 || (counts.unknown > 0 && !ignore_unknown)) {
    std::string message = fmt::format(
        "of {} predictions {} name a study that this split does not have and {} a study that was "
        "there before; expected one for each of {} studies",
        drafts, counts.unknown, counts.repeated, pairing.references.size());
    if (counts.unknown > 0) message += " (" + where_they_belong(splits) + ")";
    throw Error(ErrorCode::kData, message,
                counts.repeated > 0
                    ? "keep one prediction a study"
                    : "score the predictions on the split that they were made for, or leave the "
                      "others out with --set ignore_unknown=true");
  }
  if (counts.unknown == static_cast<int64_t>(drafts) && drafts > 0) {
    throw Error(ErrorCode::kData,
                fmt::format("none of {} predictions names a study of this split ({})", drafts,
                            where_they_belong(splits)),
                "compare the study ids of the two files: they must be written alike");
  }
}

void count_texts(Pairing& pairing) {
  for (size_t s = 0; s < pairing.references.size(); ++s) {
    const Draft* draft = pairing.drafts[s];
    pairing.counts.empty_references += is_blank(pairing.references[s]->text());
    pairing.counts.missing += draft == nullptr;
    if (draft == nullptr) continue;
    const bool is_refused = draft->status == "not_reportable";
    pairing.counts.not_reportable += is_refused;
    pairing.counts.empty_drafts += !is_refused && is_blank(draft->text());
  }
}

}  // namespace

std::vector<size_t> number_patients(const std::vector<const Reference*>& references) {
  std::unordered_map<std::string, size_t> numbers;
  std::vector<size_t> patients;
  size_t next = 0;
  for (const Reference* reference : references) {
    if (reference->patient_id.empty()) {
      patients.push_back(next++);
      continue;
    }
    const auto [entry, is_new] = numbers.emplace(reference->patient_id, next);
    next += is_new;
    patients.push_back(entry->second);
  }
  return patients;
}

bool Pairing::has_regions() const {
  return std::any_of(drafts.begin(), drafts.end(), [](const Draft* draft) {
    return draft != nullptr &&
           std::any_of(draft->sentences.begin(), draft->sentences.end(),
                       [](const DraftSentence& s) { return !s.map.empty() || !s.boxes.empty(); });
  });
}

Pairing pair_up(const std::vector<Draft>& drafts, const EvaluationData& data, bool ignore_unknown) {
  Pairing pairing;
  std::unordered_map<std::string, size_t> place;
  for (const Reference& reference : data.test) {
    if (!place.emplace(reference.study_id, pairing.references.size()).second) continue;
    pairing.references.push_back(&reference);
  }
  if (pairing.references.empty()) {
    throw Error(ErrorCode::kData, "there is no reference report to score against",
                "check the name of the split");
  }
  pairing.drafts.resize(pairing.references.size(), nullptr);
  std::map<std::string, int64_t> splits;
  for (const Draft& draft : drafts) {
    const auto found = place.find(draft.study_id);
    if (found == place.end()) {
      ++pairing.counts.unknown;
      ++splits[split_of(data, draft.study_id)];
    } else if (pairing.drafts[found->second] != nullptr) {
      ++pairing.counts.repeated;
    } else {
      pairing.drafts[found->second] = &draft;
    }
  }
  refuse(pairing, drafts.size(), splits, ignore_unknown);
  // Where a study has several images its boxes are those of the image that the draft was made
  // from.
  for (const Reference& reference : data.test) {
    const size_t s = place.at(reference.study_id);
    const Draft* draft = pairing.drafts[s];
    if (draft != nullptr && !draft->image_id.empty() && draft->image_id == reference.image_id) {
      pairing.references[s] = &reference;
    }
  }
  pairing.patients = number_patients(pairing.references);
  count_texts(pairing);
  return pairing;
}

}  // namespace radgen::evaluation
