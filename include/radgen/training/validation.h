// What training asks of a model on the validation split: losses, drafts with their scores, and at
// the end the thresholds that go into the model folder.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "radgen/data/dataset.h"
#include "radgen/evaluation/grounding/grounding.h"
#include "radgen/evaluation/reference.h"
#include "radgen/inference/predictor.h"
#include "radgen/training/config.h"

namespace radgen {

struct ValidationResult {
  std::vector<std::pair<std::string, double>> metrics;
  double value(const std::string& name) const;  // NaN when it was not computed
  std::string summary() const;                  // for the log
};

struct FinalValidation {
  Calibration calibration;
  nlohmann::ordered_json metrics;
};

// A manifest line as the evaluation's reference; `folder` is the prepared dataset.
evaluation::Reference reference_of(const ManifestEntry& entry, const std::filesystem::path& folder);

// A manifest line as the predictor's input; reads the image. Throws Error{kData} when it cannot.
StudyInput study_input_of(const ManifestEntry& entry, const std::filesystem::path& folder);

// A sentence's grounding as evaluation takes it: the map, its score and its regions.
evaluation::PhraseMap phrase_map_of(const std::string& study_id, const PhraseGrounding& grounding,
                                    const Calibration& calibration);

// The model's maps for every positive or uncertain finding of the references' own sentences.
std::vector<evaluation::PhraseMap> phrase_maps_of(
    const Predictor& predictor, const std::vector<StudyInput>& inputs,
    const std::vector<evaluation::Reference>& references);

class Validator {
 public:
  Validator(const TrainConfig& config, const std::filesystem::path& folder, const Dataset& dataset,
            std::shared_ptr<const Tokenizer> tokenizer);

  // Losses over max_studies; drafts and maps over generated_studies.
  ValidationResult run(GroundedModel& network, torch::Device device) const;

  // Chooses the thresholds on the maps of all validation studies with boxes.
  FinalValidation calibrate(const LoadedModel& model, torch::Device device) const;

 private:
  void add_losses(GroundedModel& network, torch::Device device, ValidationResult& result) const;
  void add_scores(GroundedModel& network, torch::Device device, ValidationResult& result) const;
  std::vector<StudyInput> inputs(size_t most) const;
  std::vector<evaluation::Reference> references(size_t most) const;

  const TrainConfig& config_;
  std::filesystem::path folder_;
  const Dataset& dataset_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

}  // namespace radgen
