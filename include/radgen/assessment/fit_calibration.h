// Choosing a model's thresholds on studies whose references are known: grounds the references' own
// sentences, drafts the boxed studies, and fits inference/calibration_fit.h on what comes out.
//
//   const FittedCalibration fitted = fit_on_studies(predictor, studies, references);
//   model.calibration = fitted.calibration;
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "radgen/evaluation/reference.h"
#include "radgen/inference/calibration.h"
#include "radgen/inference/predictor.h"

namespace radgen::assessment {

struct FittedCalibration {
  Calibration calibration;
  nlohmann::ordered_json metrics;  // how many cases there were, and what the thresholds reach
};

// `studies[i]` is the study of `references[i]`. Sentences are grounded over all studies with boxes,
// drafts are made of at most 400 of them. With fewer cases than calibration_fit.h needs the
// calibration's defaults stay, with `studies` 0.
FittedCalibration fit_on_studies(const Predictor& predictor, const std::vector<StudyInput>& studies,
                                 const std::vector<evaluation::Reference>& references);

}  // namespace radgen::assessment
