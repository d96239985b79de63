// Small studies for the tests of the phantom's film.
#pragma once

#include <string>

#include "radgen/phantom/film.h"

namespace radgen::phantom {

inline StudyTruth study(int number) {
  StudyTruth truth;
  truth.study_id = "study" + std::to_string(number);
  truth.patient.id = "patient" + std::to_string(number);
  truth.patient.anatomy_seed = static_cast<uint64_t>(number) * 7919;
  truth.patient.is_male = number % 2 == 0;
  truth.has_side_marker = false;
  return truth;
}

inline TrueFinding finding_of(Finding finding, const std::string& kind, Side side, Lobe lobe,
                              Severity severity) {
  TrueFinding f;
  f.finding = finding, f.kind = kind, f.side = side, f.lobe = lobe, f.severity = severity;
  return f;
}

// 0..1, bone bright, whatever the bits and the photometric interpretation.
inline cv::Mat upright(const DrawnFilm& film) {
  const double most = (1 << film.bits_stored) - 1;
  cv::Mat image;
  film.stored.convertTo(image, CV_32F, 1 / most);
  return film.is_monochrome1 ? cv::Mat(1 - image) : image;
}

}  // namespace radgen::phantom
