// A model's answers for studies whose references are known: drafts, and its maps for the
// references' own sentences, as evaluation::evaluate() takes them.
//
//   const SplitPredictions predictions = predict_split(predictor, inputs, data.test);
//   evaluate(predictions.drafts, predictions.phrase_maps, data, options);
#pragma once

#include <string>
#include <vector>

#include "radgen/assessment/dataset_inputs.h"
#include "radgen/evaluation/grounding/grounding.h"
#include "radgen/evaluation/reference.h"
#include "radgen/inference/predictor.h"

namespace radgen::assessment {

struct SplitPredictions {
  std::vector<Draft> drafts;                       // of each reference, in their order
  std::vector<evaluation::PhraseMap> phrase_maps;  // only a model can be asked for them
};

// A sentence's grounding as evaluation takes it: the map, its score and its regions.
evaluation::PhraseMap phrase_map_of(const std::string& study_id, const PhraseGrounding& grounding,
                                    const Calibration& calibration);

// The model's maps for every positive or uncertain finding of the references' own sentences.
// `inputs[i]` is the study of `references[i]`.
std::vector<evaluation::PhraseMap> phrase_maps_of(
    const Predictor& predictor, const std::vector<StudyInput>& inputs,
    const std::vector<evaluation::Reference>& references);

// Both, of studies whose images are in memory.
SplitPredictions predict(const Predictor& predictor, const std::vector<StudyInput>& inputs,
                         const std::vector<evaluation::Reference>& references);

// Both, reading the images a chunk at a time, with a progress line. Stops between chunks when
// current_stop() is requested (throws Interrupted).
SplitPredictions predict_split(const Predictor& predictor, const DatasetInputs& inputs,
                               const std::vector<evaluation::Reference>& references);

}  // namespace radgen::assessment
