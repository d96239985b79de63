#include "radgen/deployment/parity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "radgen/core/error.h"
#include "radgen/core/random.h"
#include "radgen/deployment/export.h"
#include "radgen/evaluation/compare.h"
#include "radgen/inference/faithfulness.h"
#include "radgen/model/decoding.h"
#include "radgen/report/prompt.h"

namespace radgen {
namespace {

using torch::Tensor;

constexpr int64_t kResamples = 1000;
// fp32 on another order of sums.
constexpr double kLogProbTolerance = 1e-3, kMapTolerance = 1e-4;

bool is_exact(const ParityOptions& options) { return options.precision == "fp32"; }

std::vector<DecodedText> greedy_texts(const Predictor& predictor,
                                      const std::vector<StudyInput>& studies, size_t count) {
  const LoadedModel& model = predictor.model();
  DecodingConfig decoding = model.config.decoding;
  decoding.beam_size = decoding.num_samples = 1;
  SearchOptions rules;
  for (const Token& token : model.tokenizer->encode("\n")) rules.not_first.push_back(token.id);
  std::vector<DecodedText> texts;
  for (size_t i = 0; i < count; ++i) {
    const StudyInput& study = studies[i];
    std::vector<std::vector<int64_t>> prompts;
    if (model.config.prompt_max_tokens > 0)
      prompts.push_back(prompt_ids(*model.tokenizer, {study.age_years, study.sex, study.indication},
                                   model.config.prompt_max_tokens));
    const EncodedImage encoded =
        predictor.runtime()->encode(network_input(study, model.config.model_input));
    texts.push_back(generate(*predictor.runtime(), encoded, prompts, decoding, rules).front());
  }
  return texts;
}

// Words are compared up to the first that differs: what follows answers another question.
struct GreedyDifference {
  int64_t same = 0;
  double log_prob = 0, map = 0;
};

GreedyDifference compare_greedy(const std::vector<DecodedText>& reference,
                                const std::vector<DecodedText>& artifact) {
  GreedyDifference difference;
  for (size_t i = 0; i < reference.size(); ++i) {
    const DecodedText &a = reference[i], &b = artifact[i];
    difference.same += a.ids == b.ids && a.is_complete == b.is_complete;
    for (size_t t = 0; t < std::min(a.ids.size(), b.ids.size()) && a.ids[t] == b.ids[t]; ++t) {
      const auto row = static_cast<int64_t>(t);
      difference.log_prob =
          std::max(difference.log_prob, std::abs(a.log_probs[t] - b.log_probs[t]));
      difference.map = std::max(difference.map,
                                (a.attention[row] - b.attention[row]).abs().max().item<double>());
    }
  }
  return difference;
}

void add_greedy_rows(const Predictor& reference, const Predictor& artifact,
                     const std::vector<StudyInput>& studies, const ParityOptions& options,
                     ParityReport& report) {
  const size_t count =
      std::min(studies.size(), static_cast<size_t>(std::max<int64_t>(options.greedy_studies, 0)));
  if (count == 0) return;
  const GreedyDifference seen = compare_greedy(greedy_texts(reference, studies, count),
                                               greedy_texts(artifact, studies, count));
  const bool is_gate = is_exact(options);
  const auto all = static_cast<double>(count), same = static_cast<double>(seen.same);
  report.rows.push_back({.name = "greedy texts, same tokens",
                         .reference = all,
                         .artifact = same,
                         .difference = same - all,
                         .limit = is_gate ? "all" : "none: measured",
                         .passes = !is_gate || seen.same == static_cast<int64_t>(count)});
  const auto add = [&](const char* name, double value, double tolerance) {
    report.rows.push_back(
        {.name = name,
         .artifact = value,
         .difference = value,
         .limit = is_gate ? fmt::format("at most {}", tolerance) : "none: measured",
         .passes = !is_gate || value <= tolerance});
  };
  add("largest difference of log P", seen.log_prob, kLogProbTolerance);
  add("largest difference of a map", seen.map, kMapTolerance);
}

void add_score_rows(const std::vector<Draft>& reference, const std::vector<Draft>& artifact,
                    const Calibration& calibration, const evaluation::EvaluationData& data,
                    const ParityOptions& options, ParityReport& report) {
  evaluation::EvaluateOptions how = evaluation::EvaluateOptions::quick();
  how.bootstrap = kResamples;
  if (calibration.studies > 0) how.map_threshold = calibration.region_threshold;
  const evaluation::Comparison comparison =
      evaluation::compare_predictions(reference, artifact, data, how);
  const double most = is_exact(options) ? options.most_loss / 10 : options.most_loss;
  for (const auto& [name, path] :
       {std::pair{"BLEU-4", "text.bleu_4"}, std::pair{"F1", "clinical.f1_macro"},
        std::pair{"IoU", "grounding.iou"}}) {
    const auto found =
        std::find_if(comparison.metrics.begin(), comparison.metrics.end(),
                     [&](const evaluation::ComparedMetric& metric) { return metric.path == path; });
    // Without a box or a positive in the references there is nothing to lose.
    if (found == comparison.metrics.end() || !std::isfinite(found->difference)) continue;
    report.rows.push_back({.name = name,
                           .reference = found->a,
                           .artifact = found->b,
                           .difference = found->difference,
                           .low = std::isfinite(found->low) ? found->low : 0,
                           .high = std::isfinite(found->high) ? found->high : 0,
                           .limit = fmt::format("loses at most {}", most),
                           .passes = found->difference >= -most,
                           .is_score = true});
  }
}

// What the two models say of one study's regions.
struct FaithfulPair {
  int64_t regions = 0, reference = 0, artifact = 0;
};

// Mean of b - a over regions, by resampled patients.
ParityRow faithful_row(const std::map<std::string, FaithfulPair>& by_patient) {
  std::vector<FaithfulPair> pairs;
  for (const auto& [patient, pair] : by_patient) pairs.push_back(pair);
  const auto shares = [](const std::vector<FaithfulPair>& of) {
    FaithfulPair sum;
    for (const FaithfulPair& pair : of) {
      sum.regions += pair.regions;
      sum.reference += pair.reference;
      sum.artifact += pair.artifact;
    }
    const auto all = static_cast<double>(std::max<int64_t>(sum.regions, 1));
    return std::pair(static_cast<double>(sum.reference) / all,
                     static_cast<double>(sum.artifact) / all);
  };
  const auto [reference, artifact] = shares(pairs);
  std::vector<double> differences;
  Random random(0, {1});
  for (int64_t i = 0; i < kResamples; ++i) {
    std::vector<FaithfulPair> drawn;
    for (size_t p = 0; p < pairs.size(); ++p) drawn.push_back(random.pick(pairs));
    const auto [a, b] = shares(drawn);
    differences.push_back(b - a);
  }
  std::sort(differences.begin(), differences.end());
  const auto at = [&](double share) {
    return differences[static_cast<size_t>(share * static_cast<double>(differences.size() - 1))];
  };
  ParityRow row{.name = "faithful sentences, same ones",
                .reference = reference,
                .artifact = artifact,
                .difference = artifact - reference,
                .low = at(0.025),
                .high = at(0.975),
                .limit = "interval not below 0"};
  row.passes = row.high >= 0;
  return row;
}

void add_faithful_row(const Predictor& reference, const std::vector<Draft>& drafts,
                      const Predictor& artifact, const std::vector<StudyInput>& studies,
                      const evaluation::EvaluationData& data, const ParityOptions& options,
                      ParityReport& report) {
  const size_t count =
      std::min(studies.size(), static_cast<size_t>(std::max<int64_t>(options.faithful_studies, 0)));
  if (count == 0) return;
  const std::vector<StudyInput> asked(studies.begin(),
                                      studies.begin() + static_cast<std::ptrdiff_t>(count));
  const std::vector<Draft> texts(drafts.begin(),
                                 drafts.begin() + static_cast<std::ptrdiff_t>(count));
  const FaithfulnessOptions how{.most_of_study = 1};
  const auto of_reference = check_faithfulness(reference, asked, texts, how);
  const auto of_artifact = check_faithfulness(artifact, asked, texts, how);
  RADGEN_CHECK(of_reference.size() == of_artifact.size(), "both were asked about the same regions");
  std::map<std::string, std::string> patients;
  for (const evaluation::Reference& study : data.test)
    patients[study.study_id] = study.patient_id.empty() ? study.study_id : study.patient_id;
  std::map<std::string, FaithfulPair> by_patient;
  for (size_t i = 0; i < of_reference.size(); ++i) {
    if (!of_reference[i].is_matched() || !of_artifact[i].is_matched()) continue;
    FaithfulPair& pair = by_patient[patients[of_reference[i].study_id]];
    ++pair.regions;
    pair.reference += of_reference[i].is_faithful;
    pair.artifact += of_artifact[i].is_faithful;
  }
  if (!by_patient.empty()) report.rows.push_back(faithful_row(by_patient));
}

}  // namespace

bool ParityReport::passes() const {
  return std::all_of(rows.begin(), rows.end(), [](const ParityRow& row) { return row.passes; });
}

std::vector<std::pair<std::string, double>> ParityReport::scores(bool of_artifact) const {
  std::vector<std::pair<std::string, double>> values;
  for (const ParityRow& row : rows)
    if (row.is_score) values.emplace_back(row.name, of_artifact ? row.artifact : row.reference);
  return values;
}

std::string ParityReport::text() const {
  std::string text = fmt::format(
      "{} studies, {} drafts the same to the byte\n{:<32}{:>10}{:>10}{:>11}"
      "  {:<20}{}\n",
      studies, same_drafts, "", "model", "artifact", "difference", "95 % interval", "limit");
  for (const ParityRow& row : rows) {
    const std::string interval =
        row.low == 0 && row.high == 0 ? "" : fmt::format("{:+.4f} to {:+.4f}", row.low, row.high);
    text +=
        fmt::format("{:<32}{:>10.4f}{:>10.4f}{:>+11.2g}  {:<20}{}{}\n", row.name, row.reference,
                    row.artifact, row.difference, interval, row.limit, row.passes ? "" : "  FAILS");
  }
  return text;
}

nlohmann::ordered_json ParityReport::json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ParityRow& row : rows)
    list.push_back({{"name", row.name},
                    {"model", row.reference},
                    {"artifact", row.artifact},
                    {"difference", row.difference},
                    {"low", row.low},
                    {"high", row.high},
                    {"limit", row.limit},
                    {"passes", row.passes}});
  return {{"studies", studies},
          {"same_drafts", same_drafts},
          {"passes", passes()},
          {"rows", std::move(list)}};
}

ParityReport check_parity(const Predictor& reference, const std::vector<Draft>& reference_drafts,
                          const Predictor& artifact, const std::vector<StudyInput>& studies,
                          const evaluation::EvaluationData& data, const ParityOptions& options) {
  if (studies.empty())
    throw Error(ErrorCode::kData, "there are no studies to compare the artifact by",
                "give a prepared data set whose split validate has pictures");
  RADGEN_CHECK(reference_drafts.size() == studies.size() && data.test.size() == studies.size(),
               "a draft and a reference for each study");
  ParityReport report;
  report.studies = static_cast<int64_t>(studies.size());
  add_greedy_rows(reference, artifact, studies, options, report);
  const std::vector<Draft> drafts = artifact.draft(studies);
  for (size_t i = 0; i < drafts.size(); ++i)
    report.same_drafts += drafts[i].findings == reference_drafts[i].findings &&
                          drafts[i].impression == reference_drafts[i].impression;
  add_score_rows(reference_drafts, drafts, reference.model().calibration, data, options, report);
  add_faithful_row(reference, reference_drafts, artifact, studies, data, options, report);
  return report;
}

}  // namespace radgen
