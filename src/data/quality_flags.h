// What is odd about a film, as flags that the manifest keeps and a configuration can reject by:
//
//   blank               next to no contrast
//   low_contrast        nearly one grey or nearly black: underexposed, or through a wrong window
//   for_processing      the detector's raw image (Presentation Intent Type)
//   noise               a fine pattern instead of an image
//   saturated           a quarter of the pixels at the white end, or two thirds at the black one
//   tiny                short side below 64 px (below 128 px nothing else but saturated is judged)
//   lateral_guess       the header says lateral, although the tables say or allow frontal
//   not_frontal_guess   two lung fields beside a mediastinum were not found: a lateral film,
//                       another part of the body, or lungs that are white throughout
//   rotated_guess, inverted_guess   ... but they are found when it is turned, or in its negative
//
// The guesses are those of imaging/quality.h, whose thresholds and limits hold here too: they are
// for looking at and counting, and no ground for dropping studies unseen.
#pragma once

#include <string>
#include <vector>

#include "radgen/imaging/film.h"

namespace radgen {

std::vector<std::string> quality_flags(const Film& film);

}  // namespace radgen
