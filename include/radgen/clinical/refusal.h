// Which films get no report, and why.
//
//   if (const auto refusal = refuse(judge_chest_film(film), age)) draft = refused_draft(*refusal);
#pragma once

#include <optional>
#include <string>

#include "radgen/imaging/film.h"
#include "radgen/imaging/quality.h"
#include "radgen/report/prediction.h"

namespace radgen {

// Below this age a chest looks different (thymus, heart's share) from what the models are for.
inline constexpr double kAdultYears = 16;

struct Refusal {
  std::string code, message;  // "lateral_view" and a sentence for people
};
// By the pixels (judge_chest_film()), then by the age ("not_adult"); nothing: may be reported.
std::optional<Refusal> refuse(const ChestJudgement& judgement, std::optional<double> age_years);

// A draft without words: status "not_reportable", reason "code: message".
Draft refused_draft(const Refusal& refusal);

// Does the header claim a frontal chest film of an adult? Refusing such a film may be wrong, so
// these refusals are counted apart.
bool claims_frontal_chest(const FilmTags& tags);

}  // namespace radgen
