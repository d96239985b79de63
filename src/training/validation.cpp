#include "radgen/training/validation.h"

#include <cmath>
#include <limits>

#include "radgen/core/error.h"
#include "radgen/core/log.h"
#include "radgen/data/loader.h"
#include "radgen/evaluation/evaluate.h"
#include "radgen/imaging/image.h"
#include "radgen/inference/calibration.h"
#include "radgen/inference/calibration_fit.h"
#include "radgen/inference/regions.h"
#include "radgen/inference/sample_ranking.h"
#include "radgen/training/forward_input.h"

namespace radgen {

// for the calibration: drafting is slow, and a few hundred claims are enough
static constexpr size_t kMostDraftedStudies = 400;

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

evaluation::Reference reference_of(const ManifestEntry& entry,
                                   const std::filesystem::path& folder) {
  evaluation::Reference reference;
  reference.study_id = entry.study_id;
  reference.image_id = entry.image_id;
  reference.split = entry.split;
  reference.image = folder / entry.image;
  reference.width = entry.width;
  reference.height = entry.height;
  reference.indication = entry.indication;
  reference.findings = entry.findings;
  reference.impression = entry.impression;
  reference.labels = entry.labels;
  reference.has_boxes = entry.has_boxes;
  for (const FindingBox& box : entry.boxes)
    if (const auto finding = finding_from_name(box.finding))
      reference.boxes.push_back({*finding, side_from_name(box.side), box.box});
  return reference;
}

StudyInput study_input_of(const ManifestEntry& entry, const std::filesystem::path& folder) {
  Result<cv::Mat> image = read_png16(folder / entry.image);
  if (!image)
    throw Error(ErrorCode::kData, entry.image + ": " + image.failure().message,
                "prepare the data set again with preprocess-radgen --overwrite");
  return {entry.study_id, entry.image_id, *image, entry.age, entry.sex, entry.indication};
}

evaluation::PhraseMap phrase_map_of(const std::string& study_id, const PhraseGrounding& grounding,
                                    const Calibration& calibration) {
  return {study_id,
          grounding.mention.finding,
          grounding.mention.side,
          grounding.map,
          grounding.map_box,
          calibrated_score(grounding.region_features, calibration),
          find_regions(grounding.map, grounding.map_box, calibration.region_threshold)};
}

std::vector<evaluation::PhraseMap> phrase_maps_of(
    const Predictor& predictor, const std::vector<StudyInput>& inputs,
    const std::vector<evaluation::Reference>& references) {
  std::vector<std::string> texts;
  for (const auto& reference : references) texts.push_back(reference.text());
  std::vector<evaluation::PhraseMap> maps;
  const auto groundings = predictor.ground(inputs, texts);
  for (size_t i = 0; i < groundings.size(); ++i)
    for (const PhraseGrounding& grounding : groundings[i])
      maps.push_back(
          phrase_map_of(references[i].study_id, grounding, predictor.model().calibration));
  return maps;
}

// Where each finding's F1 against the reports of the validation split is largest.
static std::vector<double> fit_finding_thresholds(
    const std::vector<std::vector<double>>& probabilities,
    const std::vector<evaluation::Reference>& references) {
  std::vector<double> thresholds;
  for (size_t f = 0; f < kFindingCount; ++f) {
    std::vector<FindingCase> cases;
    for (size_t i = 0; i < references.size(); ++i) {
      const auto label = references[i].labels.find(all_findings()[f]);
      cases.push_back(
          {probabilities[i][f], label != references[i].labels.end() && label->second != 0});
    }
    thresholds.push_back(best_threshold(std::move(cases)));
  }
  return thresholds;
}

Validator::Validator(const TrainConfig& config, const std::filesystem::path& folder,
                     const Dataset& dataset, std::shared_ptr<const Tokenizer> tokenizer)
    : config_(config), folder_(folder), dataset_(dataset), tokenizer_(std::move(tokenizer)) {}

std::vector<StudyInput> Validator::inputs(size_t most) const {
  std::vector<StudyInput> inputs;
  for (size_t i = 0; i < std::min(most, dataset_.size()); ++i)
    inputs.push_back(study_input_of(dataset_.entry(i), folder_));
  return inputs;
}

std::vector<evaluation::Reference> Validator::references(size_t most) const {
  std::vector<evaluation::Reference> references;
  for (size_t i = 0; i < std::min(most, dataset_.size()); ++i)
    references.push_back(reference_of(dataset_.entry(i), folder_));
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
    const double count = static_cast<double>(batch->size());
    auto add = [&](const char* name, const torch::Tensor& loss) {
      if (loss.defined()) sums[name] += count * loss.item<double>();
    };
    add("loss", losses.total);
    add("loss_text", losses.text);
    add("loss_grounding", losses.grounding);
    add("loss_labels", losses.labels);
    add("loss_patches", losses.patches);
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
  const std::vector<StudyInput> studies = inputs(most);
  const std::vector<evaluation::Reference> truths = references(most);
  evaluation::EvaluateOptions options = evaluation::EvaluateOptions::quick();
  options.with_meteor = true;
  const auto scored =
      evaluation::evaluate(predictor.draft(studies), phrase_maps_of(predictor, studies, truths),
                           {.test = truths}, options);
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

// Boxes of a mention's finding on its side.
static std::vector<Box> boxes_of(const evaluation::Reference& truth, const Mention& mention) {
  std::vector<Box> boxes;
  for (const auto& box : truth.boxes)
    if (box.finding == mention.finding && evaluation::sides_agree(box.side, mention.side))
      boxes.push_back(box.box);
  return boxes;
}

FinalValidation Validator::calibrate(const LoadedModel& model, torch::Device device) const {
  Predictor predictor(model, device);
  const std::vector<StudyInput> studies = inputs(dataset_.size());
  const std::vector<evaluation::Reference> truths = references(dataset_.size());
  int64_t boxed = 0;
  std::vector<StudyInput> boxed_studies;
  std::vector<const evaluation::Reference*> boxed_truths;
  std::vector<std::string> texts;
  for (size_t i = 0; i < truths.size(); ++i) {
    if (!truths[i].has_boxes) continue;
    ++boxed;
    boxed_studies.push_back(studies[i]);
    boxed_truths.push_back(&truths[i]);
    texts.push_back(truths[i].text());
  }
  std::vector<CalibrationCase> phrases;
  const auto groundings = predictor.ground(boxed_studies, texts);
  for (size_t i = 0; i < groundings.size(); ++i)
    for (const PhraseGrounding& grounding : groundings[i]) {
      auto reference = boxes_of(*boxed_truths[i], grounding.mention);
      if (!reference.empty())
        phrases.push_back(
            {grounding.map, grounding.map_box, std::move(reference), grounding.region_features});
    }
  // the thresholds choose among drawn texts: they come first
  Calibration drawn_with = model.calibration;
  if (model.config.network.finding_classes == static_cast<int64_t>(kFindingCount))
    drawn_with.finding_thresholds =
        fit_finding_thresholds(predictor.finding_probabilities(studies), truths);
  predictor.set_calibration(drawn_with);
  const Labeler labeler;
  std::vector<CalibrationCase> claims;
  boxed_studies.resize(std::min(boxed_studies.size(), kMostDraftedStudies));
  const std::vector<Draft> drafts = predictor.draft(boxed_studies);
  for (size_t i = 0; i < drafts.size(); ++i) {
    const evaluation::ExtractedFindings words = evaluation::extract_findings(labeler, texts[i]);
    for (size_t s = 0; s < drafts[i].sentences.size(); ++s) {
      const DraftSentence& sentence = drafts[i].sentences[s];
      if (sentence.region_features.findings.empty()) continue;
      CalibrationCase claim{
          sentence.map, drafts[i].map_box, {}, sentence.region_features, sentence.word_probability,
          true};
      for (const Mention& mention : drafts[i].mentions) {
        if (mention.sentence != s || mention.assertion == Assertion::kNegative) continue;
        claim.is_right &= evaluation::is_stated(mention.finding, mention.side, words);
        const auto boxes = boxes_of(*boxed_truths[i], mention);
        claim.reference.insert(claim.reference.end(), boxes.begin(), boxes.end());
      }
      claims.push_back(std::move(claim));
    }
  }
  FinalValidation result;
  result.calibration = fit_calibration(phrases, claims, boxed);
  result.calibration.finding_thresholds = drawn_with.finding_thresholds;
  double iou = 0;
  for (const CalibrationCase& one : phrases)
    iou += union_iou(find_regions(one.map, one.map_box, result.calibration.region_threshold),
                     one.reference);
  result.metrics = {
      {"studies", dataset_.size()},
      {"boxed_sentences", phrases.size()},
      {"drafted_claims", claims.size()},
      {"region_iou", phrases.empty() ? 0.0 : iou / static_cast<double>(phrases.size())},
      {"region_threshold", result.calibration.region_threshold},
      {"abstain_below", result.calibration.abstain_below}};
  return result;
}

}  // namespace radgen
