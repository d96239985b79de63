// What training asks of a model on the validation split: losses, drafts with their scores, and at
// the end the thresholds that go into the model folder (assessment/fit_calibration.h).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "radgen/assessment/fit_calibration.h"
#include "radgen/batches/dataset.h"
#include "radgen/evaluation/reference.h"
#include "radgen/inference/predictor.h"
#include "radgen/training/config.h"

namespace radgen {

struct ValidationResult {
  std::vector<std::pair<std::string, double>> metrics;
  double value(const std::string& name) const;  // NaN when it was not computed
  std::string summary() const;                  // for the log
};

class Validator {
 public:
  Validator(const TrainConfig& config, const std::filesystem::path& folder, const Dataset& dataset,
            std::shared_ptr<const Tokenizer> tokenizer);

  // Losses over max_studies; drafts and maps over generated_studies.
  ValidationResult run(GroundedModel& network, torch::Device device) const;

  // Chooses the thresholds on the maps of all validation studies with boxes.
  assessment::FittedCalibration calibrate(const LoadedModel& model, torch::Device device) const;

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
