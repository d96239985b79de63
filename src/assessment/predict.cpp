#include "radgen/assessment/predict.h"

#include <utility>

#include "assessment/chunks.h"
#include "radgen/inference/calibration.h"
#include "radgen/inference/regions.h"

namespace radgen::assessment {

using evaluation::PhraseMap;
using evaluation::Reference;

PhraseMap phrase_map_of(const std::string& study_id, const PhraseGrounding& grounding,
                        const Calibration& calibration) {
  return {study_id,
          grounding.mention.finding,
          grounding.mention.side,
          grounding.map,
          grounding.map_box,
          calibrated_score(grounding.region_features, calibration),
          find_regions(grounding.map, grounding.map_box, calibration.region_threshold)};
}

std::vector<PhraseMap> phrase_maps_of(const Predictor& predictor,
                                      const std::vector<StudyInput>& inputs,
                                      const std::vector<Reference>& references) {
  std::vector<std::string> texts;
  for (const Reference& reference : references) texts.push_back(reference.text());
  std::vector<PhraseMap> maps;
  const auto groundings = predictor.ground(inputs, texts);
  for (size_t i = 0; i < groundings.size(); ++i)
    for (const PhraseGrounding& grounding : groundings[i])
      maps.push_back(
          phrase_map_of(references[i].study_id, grounding, predictor.model().calibration));
  return maps;
}

SplitPredictions predict(const Predictor& predictor, const std::vector<StudyInput>& inputs,
                         const std::vector<Reference>& references) {
  SplitPredictions predictions;
  predictions.drafts = predictor.draft(inputs);
  predictions.phrase_maps = phrase_maps_of(predictor, inputs, references);
  return predictions;
}

SplitPredictions predict_split(const Predictor& predictor, const DatasetInputs& inputs,
                               const std::vector<Reference>& references) {
  SplitPredictions all;
  in_chunks("drafting", references.size(), kChunk, [&](size_t begin, size_t end) {
    const std::vector<Reference> chunk(references.begin() + static_cast<std::ptrdiff_t>(begin),
                                       references.begin() + static_cast<std::ptrdiff_t>(end));
    std::vector<StudyInput> studies;
    for (const Reference& reference : chunk) studies.push_back(inputs.of_image(reference.image_id));
    SplitPredictions predictions = predict(predictor, studies, chunk);
    for (Draft& draft : predictions.drafts) all.drafts.push_back(std::move(draft));
    for (PhraseMap& map : predictions.phrase_maps) all.phrase_maps.push_back(std::move(map));
  });
  return all;
}

}  // namespace radgen::assessment
