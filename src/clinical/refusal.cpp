#include "radgen/clinical/refusal.h"

#include <fmt/format.h>

namespace radgen {

std::optional<Refusal> refuse(const ChestJudgement& judgement, std::optional<double> age_years) {
  if (!judgement.is_reportable) return Refusal{judgement.reason, judgement.message};
  if (age_years && *age_years < kAdultYears) {
    return Refusal{"not_adult", fmt::format("the patient is under {:.0f} years old", kAdultYears)};
  }
  return std::nullopt;
}

Draft refused_draft(const Refusal& refusal) {
  Draft draft;
  draft.status = "not_reportable";
  draft.reason = refusal.code + ": " + refusal.message;
  return draft;
}

bool claims_frontal_chest(const FilmTags& tags) {
  const bool is_chest = tags.body_part == "CHEST" || tags.body_part == "THORAX";
  const bool is_frontal = tags.view_position == "PA" || tags.view_position == "AP";
  const bool is_adult = !tags.patient_age_years || *tags.patient_age_years >= kAdultYears;
  return is_chest && is_frontal && is_adult;
}

}  // namespace radgen
