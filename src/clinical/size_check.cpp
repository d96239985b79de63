#include "radgen/clinical/size_check.h"

#include <algorithm>
#include <cmath>

namespace radgen {

bool is_size_supported(const FilmReport& report, double size_mm, const DraftSentence& sentence) {
  const Film& film = report.film;
  if (film.spacing_kind == SpacingKind::kNone || film.spacing_x_mm <= 0) return false;
  if (!sentence.is_grounded) return false;
  const Affine to_upright = report.upright_to_prepared.inverse();
  return std::any_of(sentence.boxes.begin(), sentence.boxes.end(), [&](const Box& prepared) {
    const Box box = to_upright.apply(prepared);
    const double side_mm = std::max(box.w * film.spacing_x_mm, box.h * film.spacing_y_mm);
    return std::abs(side_mm - size_mm) <= kSizesMostApart * size_mm;
  });
}

void mark_unsupported_sizes(FilmReport& report) {
  for (const Mention& mention : report.draft.mentions) {
    if (!mention.size_mm || mention.sentence >= report.draft.sentences.size()) continue;
    if (mention.assertion == Assertion::kNegative) continue;
    DraftSentence& sentence = report.draft.sentences[mention.sentence];
    if (!is_size_supported(report, *mention.size_mm, sentence))
      sentence.has_unsupported_size = true;
  }
}

}  // namespace radgen
