// Which anatomy a sentence looked at and found nothing in: "No pleural effusion" was read off both
// costophrenic angles, "The hila are unremarkable" off the hila. The table is data/anatomy.json
// (names, the words for them, what is examined to rule a finding out; with their origin).
//
//   for (const ExaminedAnatomy& e : examined_anatomy("No left pleural effusion.", labeler))
//     e.anatomies  // {"left costophrenic angle"}, of the words "pleural effusion"
//
// Names are those of Chest ImaGenome's scene graphs and, for ribs and chest wall, of the same form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "radgen/report/labeler.h"

namespace radgen {

// Words that say that some anatomy was examined and nothing was found there.
struct ExaminedAnatomy {
  std::vector<std::string> anatomies;  // at least one, each once
  size_t begin = 0, end = 0;           // bytes of the words (the anchors), half-open
  size_t sentence = 0;                 // index into split_sentences() of the same text
};

// In the text's order. Words of positive or uncertain findings are never among them.
std::vector<ExaminedAnatomy> examined_anatomy(const std::string& text, const Labeler& labeler);

// Every name, Chest ImaGenome's 29 first.
const std::vector<std::string>& anatomy_names();
bool is_anatomy_name(std::string_view name);
Side anatomy_side(std::string_view name);  // "left hemidiaphragm": kLeft; "spine": kNone

// "both lungs and the cardiac silhouette": for people.
std::string anatomy_words(const std::vector<std::string>& anatomies);

// Why a sentence that states no finding and examined no anatomy has no place in the image:
// "technique" (view, position, exposure), "comparison" (with another film) or "no_anatomy".
std::string reason_without_anatomy(std::string_view sentence);

}  // namespace radgen
