#include "radgen/assessment/fit_calibration.h"

#include <algorithm>
#include <string>
#include <utility>

#include "radgen/evaluation/clinical/clinical.h"
#include "radgen/evaluation/grounding/grounding.h"
#include "radgen/inference/calibration_fit.h"
#include "radgen/inference/regions.h"
#include "radgen/inference/sample_ranking.h"

namespace radgen::assessment {
namespace {

using evaluation::Reference;

constexpr size_t kMostDraftedStudies =
    400;  // drafting is slow, and a few hundred claims are enough

// Where each finding's F1 against the reports of the validation split is largest.
std::vector<double> fit_finding_thresholds(const std::vector<std::vector<double>>& probabilities,
                                           const std::vector<Reference>& references) {
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

// Boxes of a mention's finding on its side.
std::vector<Box> boxes_of(const Reference& truth, const Mention& mention) {
  std::vector<Box> boxes;
  for (const auto& box : truth.boxes)
    if (box.finding == mention.finding && evaluation::sides_agree(box.side, mention.side))
      boxes.push_back(box.box);
  return boxes;
}

// The reports' own sentences that rule something out, over the studies whose anatomy is known.
std::vector<ExaminedCase> examined_cases(const Predictor& predictor,
                                         const std::vector<StudyInput>& studies,
                                         const std::vector<Reference>& references) {
  std::vector<StudyInput> with_anatomy;
  std::vector<const Reference*> truths;
  std::vector<std::string> texts;
  for (size_t i = 0; i < studies.size() && texts.size() < kMostDraftedStudies; ++i) {
    if (references[i].regions.empty()) continue;
    with_anatomy.push_back(studies[i]);
    truths.push_back(&references[i]);
    texts.push_back(references[i].text());
  }
  std::vector<ExaminedCase> cases;
  const auto groundings = predictor.ground_examined(with_anatomy, texts);
  for (size_t i = 0; i < groundings.size(); ++i)
    for (const ExaminedGrounding& one : groundings[i]) {
      auto boxes = evaluation::boxes_of_anatomy(*truths[i], one.anatomies);
      if (!boxes.empty()) cases.push_back({one.map, one.map_box, std::move(boxes)});
    }
  return cases;
}

// The studies whose boxes are known.
struct BoxedStudies {
  std::vector<StudyInput> inputs;
  std::vector<const Reference*> truths;
  std::vector<std::string> texts;
};

BoxedStudies boxed_studies(const std::vector<StudyInput>& studies,
                           const std::vector<Reference>& references) {
  BoxedStudies boxed;
  for (size_t i = 0; i < references.size(); ++i) {
    if (!references[i].has_boxes) continue;
    boxed.inputs.push_back(studies[i]);
    boxed.truths.push_back(&references[i]);
    boxed.texts.push_back(references[i].text());
  }
  return boxed;
}

// The reports' own sentences.
std::vector<CalibrationCase> phrase_cases(const Predictor& predictor, const BoxedStudies& boxed) {
  std::vector<CalibrationCase> cases;
  const auto groundings = predictor.ground(boxed.inputs, boxed.texts);
  for (size_t i = 0; i < groundings.size(); ++i)
    for (const PhraseGrounding& grounding : groundings[i]) {
      auto reference = boxes_of(*boxed.truths[i], grounding.mention);
      if (!reference.empty())
        cases.push_back(
            {grounding.map, grounding.map_box, std::move(reference), grounding.region_features});
    }
  return cases;
}

// Drafted sentences that state a finding, right and wrong.
std::vector<CalibrationCase> claim_cases(const Predictor& predictor, BoxedStudies boxed) {
  const Labeler labeler;
  std::vector<CalibrationCase> claims;
  boxed.inputs.resize(std::min(boxed.inputs.size(), kMostDraftedStudies));
  const std::vector<Draft> drafts = predictor.draft(boxed.inputs);
  for (size_t i = 0; i < drafts.size(); ++i) {
    const evaluation::ExtractedFindings words =
        evaluation::extract_findings(labeler, boxed.texts[i]);
    for (size_t s = 0; s < drafts[i].sentences.size(); ++s) {
      const DraftSentence& sentence = drafts[i].sentences[s];
      if (sentence.region_features.findings.empty()) continue;
      CalibrationCase claim{
          sentence.map, drafts[i].map_box, {}, sentence.region_features, sentence.word_probability,
          true};
      for (const Mention& mention : drafts[i].mentions) {
        if (mention.sentence != s || mention.assertion == Assertion::kNegative) continue;
        claim.is_right &= evaluation::is_stated(mention.finding, mention.side, words);
        const auto boxes = boxes_of(*boxed.truths[i], mention);
        claim.reference.insert(claim.reference.end(), boxes.begin(), boxes.end());
      }
      claims.push_back(std::move(claim));
    }
  }
  return claims;
}

template <class Case>
double mean_iou(const std::vector<Case>& cases, double threshold) {
  double sum = 0;
  for (const Case& one : cases)
    sum += union_iou(find_regions(one.map, one.map_box, threshold), one.reference);
  return cases.empty() ? 0.0 : sum / static_cast<double>(cases.size());
}

}  // namespace

FittedCalibration fit_on_studies(const Predictor& predictor, const std::vector<StudyInput>& studies,
                                 const std::vector<Reference>& references) {
  const LoadedModel& model = predictor.model();
  BoxedStudies boxed = boxed_studies(studies, references);
  const auto boxed_count = static_cast<int64_t>(boxed.inputs.size());
  const std::vector<CalibrationCase> phrases = phrase_cases(predictor, boxed);
  // the thresholds choose among drawn texts: they come first
  Calibration drawn_with = model.calibration;
  if (model.config.network.finding_classes == static_cast<int64_t>(kFindingCount))
    drawn_with.finding_thresholds =
        fit_finding_thresholds(predictor.finding_probabilities(studies), references);
  LoadedModel with_thresholds = model;
  with_thresholds.calibration = drawn_with;
  const Predictor drafting(std::move(with_thresholds), predictor.runtime());
  const std::vector<CalibrationCase> claims = claim_cases(drafting, std::move(boxed));

  FittedCalibration result;
  Calibration& fitted = result.calibration;
  fitted = fit_calibration(phrases, claims, boxed_count);
  const std::vector<ExaminedCase> examined = examined_cases(predictor, studies, references);
  fit_examined(examined, fitted);
  fitted.finding_thresholds = drawn_with.finding_thresholds;
  result.metrics = {{"studies", studies.size()},
                    {"boxed_sentences", phrases.size()},
                    {"drafted_claims", claims.size()},
                    {"region_iou", mean_iou(phrases, fitted.region_threshold)},
                    {"region_threshold", fitted.region_threshold},
                    {"abstain_below", fitted.abstain_below},
                    {"examined_sentences", examined.size()},
                    {"examined_iou", mean_iou(examined, fitted.examined_threshold)},
                    {"examined_threshold", fitted.examined_threshold},
                    {"examined_abstain_below", fitted.examined_abstain_below}};
  return result;
}

}  // namespace radgen::assessment
