#include "radgen/training/validation.h"

#include <cmath>
#include <limits>
#include <utility>

#include "radgen/assessment/predict.h"
#include "radgen/batches/loader.h"
#include "radgen/core/log.h"
#include "radgen/evaluation/evaluate.h"
#include "radgen/evaluation/manifest_references.h"
#include "radgen/training/forward_input.h"
#include "radgen/training/step_losses.h"

namespace radgen {

double ValidationResult::value(const std::string& name) const {
  for (const auto& [key, value] : metrics)
    if (key == name) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

std::string ValidationResult::summary() const {
  std::string text;
  for (const auto& [name, value] : metrics)
    text += fmt::format("{}{} {:.3f}", text.empty() ? "" : "  ", name, value);
  return text;
}

Validator::Validator(const TrainConfig& config, const std::filesystem::path& folder,
                     const Dataset& dataset, std::shared_ptr<const Tokenizer> tokenizer)
    : config_(config), folder_(folder), dataset_(dataset), tokenizer_(std::move(tokenizer)) {}

std::vector<StudyInput> Validator::inputs(size_t most) const {
  std::vector<StudyInput> inputs;
  for (size_t i = 0; i < std::min(most, dataset_.size()); ++i)
    inputs.push_back(assessment::study_input_of(dataset_.entry(i), folder_));
  return inputs;
}

std::vector<evaluation::Reference> Validator::references(size_t most) const {
  std::vector<evaluation::Reference> references;
  for (size_t i = 0; i < std::min(most, dataset_.size()); ++i)
    references.push_back(evaluation::reference_of(dataset_.entry(i), folder_));
  return references;
}

void Validator::add_losses(GroundedModel& network, torch::Device device,
                           ValidationResult& result) const {
  torch::NoGradGuard no_grad;
  BatchSampler sampler(
      dataset_.lengths(),
      {.batch_size = static_cast<size_t>(config_.loop.batch_size), .is_shuffled = false});
  BatchLoader loader(dataset_, sampler, {.repeats = false});
  std::map<std::string, double> sums;
  int64_t studies = 0;
  while (const auto batch = loader.next()) {
    if (config_.validation.max_studies > 0 && studies >= config_.validation.max_studies) break;
    const Losses losses = network->forward(make_forward_input(batch->to(device))).losses;
    radgen::add_losses(losses, static_cast<double>(batch->size()), sums);
    studies += batch->size();
  }
  for (const auto& [name, sum] : sums)
    result.metrics.emplace_back(name, sum / static_cast<double>(studies));
}

void Validator::add_scores(GroundedModel& network, torch::Device device,
                           ValidationResult& result) const {
  const size_t most = static_cast<size_t>(config_.validation.generated_studies);
  LoadedModel model;
  model.config = {config_.network, config_.data.model_input, config_.decoding,
                  config_.data.prompt_max_tokens};
  model.network = network;
  model.tokenizer = tokenizer_;
  const Predictor predictor(model, device);
  const std::vector<evaluation::Reference> truths = references(most);
  evaluation::EvaluateOptions options = evaluation::EvaluateOptions::quick();
  options.with_meteor = true;
  const assessment::SplitPredictions answers = assessment::predict(predictor, inputs(most), truths);
  const auto scored =
      evaluation::evaluate(answers.drafts, answers.phrase_maps, {.test = truths}, options);
  double selection = 0;
  int counted = 0;
  for (const auto& [name, path, selects] :
       std::initializer_list<std::tuple<const char*, const char*, bool>>{
           {"bleu_4", "text.bleu_4", true},
           {"meteor_nltk", "text.meteor_nltk", true},
           {"f1_macro", "clinical.f1_macro", true},
           {"iou_phrase", "grounding.iou_phrase", true},
           {"iou", "grounding.iou", false},
           {"pointing", "grounding.pointing", false},
           {"pointing_phrase", "grounding.pointing_phrase", false}}) {
    const double value = scored.metrics.value(path);
    result.metrics.emplace_back(name, value);
    if (selects && std::isfinite(value)) {
      selection += value;
      ++counted;
    }
  }
  result.metrics.emplace_back(
      "selection", counted ? selection / counted : std::numeric_limits<double>::quiet_NaN());
}

ValidationResult Validator::run(GroundedModel& network, torch::Device device) const {
  network->eval();
  ValidationResult result;
  add_losses(network, device, result);
  if (config_.validation.generated_studies > 0) add_scores(network, device, result);
  return result;
}

assessment::FittedCalibration Validator::calibrate(const LoadedModel& model,
                                                   torch::Device device) const {
  return assessment::fit_on_studies(Predictor(model, device), inputs(dataset_.size()),
                                    references(dataset_.size()));
}

}  // namespace radgen
