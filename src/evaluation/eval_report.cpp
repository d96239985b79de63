#include "radgen/evaluation/eval_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "radgen/evaluation/heads.h"
#include "radgen/imaging/picture.h"
#include "radgen/pages/page.h"
#include "radgen/pages/plot.h"

namespace radgen::evaluation {
namespace {

using pages::Page;
using pages::Table;
using pages::Tone;

std::string number(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3f}", value); }

std::string with_interval(const Metric* metric) {
  if (metric == nullptr) return "-";
  if (std::isnan(metric->low)) return number(metric->value);
  // No-break spaces: the interval stays in one line of a narrow cell.
  return fmt::format("{} ({}\u00a0to\u00a0{})", number(metric->value), number(metric->low),
                     number(metric->high));
}

const std::vector<std::string>& headline() {
  static const std::vector<std::string> kPaths{"text.bleu_1",
                                               "text.bleu_4",
                                               "text.meteor_nltk",
                                               "text.meteor_nltk_nosyn",
                                               "text.rouge_l",
                                               "clinical.f1_macro",
                                               "clinical.f1_micro",
                                               "clinical.f1_macro_truth",
                                               "grounding.iou",
                                               "grounding.iou_phrase",
                                               "grounding.pointing",
                                               "grounding.pointing_phrase",
                                               "diversity.distinct_ratio",
                                               "diversity.abnormal_recall"};
  return kPaths;
}

std::string last_name(const std::string& path) { return path.substr(path.find_last_of('.') + 1); }

// The names between "baselines." and the next dot.
std::vector<std::string> baseline_names(const MetricTable& metrics) {
  std::set<std::string> names;
  for (const auto& [path, metric] : metrics.all()) {
    if (path.starts_with("baselines.")) names.insert(path.substr(10, path.find('.', 10) - 10));
  }
  return {names.begin(), names.end()};
}

void add_headline(Page& page, const MetricTable& metrics) {
  page.section("Model, trivial baselines, oracle",
               "Value with its 95 % interval over studies. A baseline never looked at the picture "
               "(the nearest "
               "neighbour saw 32 x 32 pixels of it). Skill: 0 is the best baseline, 1 the oracle.");
  const std::vector<std::string> baselines = baseline_names(metrics);
  std::vector<pages::Column> columns{{"metric"}, {"model", true}};
  for (const std::string& name : baselines) columns.push_back({name, true});
  columns.push_back({"oracle", true});
  columns.push_back({"skill", true});
  Table table(columns);
  for (const std::string& path : headline()) {
    const Metric* model = metrics.find(path);
    if (model == nullptr) continue;
    std::vector<std::string> cells{last_name(path), with_interval(model)};
    for (const std::string& name : baselines) {
      cells.push_back(number(metrics.value("baselines." + name + "." + path)));
    }
    cells.push_back(number(metrics.value("oracle." + path)));
    cells.push_back(with_interval(metrics.find("skill." + last_name(path))));
    table.row(std::move(cells));
  }
  page.table(table);
}

pages::Bar bar(const Metric* metric) {
  if (metric == nullptr) return {};
  return {metric->value, metric->low, metric->high};
}

// Bars of model and best other system, a row for each finding that has a value.
void add_bars(Page& page, const MetricTable& metrics, const std::string& title,
              const std::string& group, const std::string& name, const std::string& other,
              const std::string& other_name) {
  pages::BarChart chart{.title = title, .x_label = name, .series = {"model", other_name}};
  chart.bars.resize(2);
  chart.x_range = pages::Range{0, 1};
  for (const Finding finding : all_findings()) {
    const std::string path = group + ".per_finding." + finding_name(finding) + "." + name;
    const Metric* model = metrics.find(path);
    if (model == nullptr || std::isnan(model->value)) continue;
    chart.groups.push_back(fmt::format("{} ({})", finding_name(finding), model->n));
    chart.bars[0].push_back(bar(model));
    chart.bars[1].push_back(bar(metrics.find(other + path)));
  }
  if (!chart.groups.empty()) page.figure(bar_chart_svg(chart), "In brackets: how many there are.");
}

void add_findings(Page& page, const MetricTable& metrics) {
  page.section("By finding", "");
  add_bars(page, metrics, "Labels F1", "clinical", "f1", "baselines.nearest.", "nearest neighbour");
  add_bars(page, metrics, "IoU, reference sentence", "grounding", "iou_phrase",
           "baselines.location_prior.", "location prior");
  add_bars(page, metrics, "IoU, generated report", "grounding", "iou", "baselines.location_prior.",
           "location prior");
  Table table({{"visible by the truth"}, {"stated by the draft", true}, {"lesions", true}});
  bool has_rows = false;
  for (const char* severity : {"subtle", "moderate", "severe"}) {
    const Metric* recall = metrics.find(std::string("clinical.recall_by_severity.") + severity);
    if (recall == nullptr) continue;
    table.row({severity, with_interval(recall), std::to_string(recall->n)});
    has_rows = true;
  }
  if (has_rows) page.table(table);
}

// What goes wrong in the words, and what the sentences show.
void add_errors(Page& page, const MetricTable& metrics) {
  page.section("Errors by kind", "n: what the share or rate is over.");
  Table table({{"metric"}, {"value", true}, {"n", true}, {"definition"}});
  for (const char* path :
       {"clinical.hallucinated_per_100", "clinical.omitted_per_100", "clinical.wrong_side_per_100",
        "clinical.negation_errors_per_100", "clinical.comparisons_per_100",
        "clinical.comparisons_in_references_per_100", "clinical.indication_echo_per_100",
        "clinical.severity_agreement", "clinical.zone_agreement", "clinical.size_agreement",
        "text.edit_rate_to_reference", "grounding.groundable_precision",
        "grounding.groundable_recall", "grounding.negations_with_region",
        "grounding.right_side_share", "grounding.right_side_share_phrase",
        "grounding.size_matches_region"}) {
    const Metric* metric = metrics.find(path);
    if (metric == nullptr) continue;
    table.row({path, with_interval(metric), std::to_string(metric->n), metric_definition(path)});
  }
  page.table(table);
}

void add_alarms(Page& page, const EvaluationResult& result) {
  for (const Alarm& alarm : result.alarms) {
    if (alarm.is_raised) page.callout(Tone::kAlarm, alarm.name, alarm.reason);
  }
  for (const std::string& note : result.notes) page.callout(Tone::kNote, "Note", note);
}

void add_targets(Page& page, const EvaluationResult& result) {
  page.section("Targets of the product",
               "The share of a draft that radiologists change (target: under 40 %) can only be "
               "measured in review; edit_rate_to_reference is not it.");
  Table table({{"target"}, {"must exceed", true}, {"value", true}, {"reached"}});
  for (const Target& target : result.targets) {
    table.row({target.name, fmt::format("{:.2f}", target.above), number(target.value),
               std::isnan(target.value) ? "not measured"
               : target.is_reached()    ? "yes"
                                        : "no"});
  }
  page.table(table);
}

void add_confidence(Page& page, const EvaluationResult& result) {
  const std::pair<const char*, const std::vector<ConfidenceEvent>*> kinds[] = {
      {"words", &result.confidence.words},
      {"grounding", &result.confidence.grounding},
      {"phrase", &result.confidence.phrase}};
  if (std::all_of(std::begin(kinds), std::end(kinds),
                  [](const auto& kind) { return kind.second->empty(); })) {
    return;
  }
  page.section(
      "Confidence",
      "Words: a sentence that states findings, all right in finding and side. Grounding: "
      "its region reaches an IoU of at least .3. Phrase: the region of the reference's own "
      "sentence, read by the model, does. Risk at 80 %: share wrong when the least "
      "confident fifth is left out.");
  Table table({{""},
               {"sentences", true},
               {"ECE", true},
               {"Brier skill", true},
               {"AUROC", true},
               {"right", true},
               {"risk at 80 %", true}});
  pages::LineChart diagram{.title = "Reliability, 15 bins of equal mass",
                           .x_label = "confidence",
                           .y_label = "share right"};
  diagram.x_range = diagram.y_range = pages::Range{0, 1};
  diagram.series.push_back({.name = "perfect", .x = {0, 1}, .y = {0, 1}, .is_dashed = true});
  pages::LineChart curve{.title = "Abstaining from the least confident",
                         .x_label = "share kept",
                         .y_label = "share wrong among them"};
  curve.x_range = curve.y_range = pages::Range{0, 1};
  for (const auto& [name, events] : kinds) {
    if (events->empty()) continue;
    const auto metric = [&](const char* what) {
      return with_interval(result.metrics.find("confidence." + std::string(name) + "." + what));
    };
    table.row({name, std::to_string(events->size()), metric("ece"), metric("brier_skill"),
               metric("auroc"), metric("base_rate"), metric("risk_at_80")});
    pages::Series bins{.name = name, .has_points = true}, risks{.name = name};
    for (const ReliabilityBin& bin : reliability(*events)) {
      bins.x.push_back(bin.confidence);
      bins.y.push_back(bin.right);
    }
    for (const RiskPoint& point : risk_coverage(*events)) {
      risks.x.push_back(point.coverage);
      risks.y.push_back(point.risk);
    }
    diagram.series.push_back(std::move(bins));
    curve.series.push_back(std::move(risks));
  }
  page.table(table);
  page.figure(line_chart_svg(diagram), "On the dashed line a confidence is worth its name.");
  page.figure(line_chart_svg(curve), "Read from right to left: what leaving sentences out gains.");
}

const char* verdict(const Expectation& expectation) {
  return !expectation.is_met ? "" : *expectation.is_met ? "as expected" : "not as expected";
}

void add_checks_table(Page& page, const EvaluationResult& result) {
  if (result.expectations.empty()) return;
  page.section("Does it look at the picture?",
               "The model was asked again: about another patient's picture, a blank one, noise, the "
               "mirrored film, films without one finding, and with the regions of its sentences "
               "hidden. No verdict: it decides nothing, or there are under 20 cases.");
  Table table({{"check"}, {"value", true}, {"n", true}, {"expected"}, {"verdict"}, {"meaning"}});
  for (const Expectation& expectation : result.expectations) {
    const Metric* metric = result.metrics.find(expectation.path);
    const auto missing = result.missing.find(expectation.path);
    table.row({last_name(expectation.path), with_interval(metric),
               metric == nullptr ? "" : std::to_string(metric->n), expectation.expected,
               missing == result.missing.end() ? verdict(expectation) : missing->second,
               metric_definition(expectation.path)});
  }
  page.table(table);
}

void add_heads(Page& page, const EvaluationResult& result) {
  if (result.heads.heads.empty()) return;
  page.section("Heads of the decoder",
               "The reports' own sentences, the map of each head of the cross-attention alone; macro over findings. " +
                   heads_text(result.heads) + ".");
  Table table({{"layer", true}, {"head", true}, {"IoU", true}, {"pointing", true}, {"mass in the box", true}, {"points best at"}});
  for (const HeadScore& head : result.heads.heads) {
    table.row({std::to_string(head.layer), std::to_string(head.head), number(head.iou), number(head.pointing), number(head.mass),
               head.best == Finding::kNoFinding ? "" : fmt::format("{} ({})", finding_name(head.best), number(head.best_pointing))});
  }
  page.table(table);
}

// What cannot be computed, so that nobody looks for it in vain.
void add_missing(Page& page, const EvaluationResult& result) {
  if (result.missing.empty()) return;
  page.section("Not computed", "");
  Table table({{"metric"}, {"reason"}});
  for (const auto& [path, reason] : result.missing) table.row({path, reason});
  page.table(table);
}

void add_examples(Page& page, const EvaluationResult& result, const EvaluationData& data,
                  int count) {
  if (count <= 0 || result.studies.empty()) return;
  page.section("Examples", "Evenly taken from the split, not chosen.");
  const size_t n = std::min(static_cast<size_t>(count), result.studies.size());
  for (size_t i = 0; i < n; ++i) {
    const StudyResult& study = result.studies[i * result.studies.size() / n];
    const Result<cv::Mat> picture = read_png16(data.test[study.reference].image);
    if (picture) {
      page.image(encode_png(resize_long_side(*picture, 320).picture), "film of the study", "");
    }
    Table table({{"drafted"}, {"reference"}});
    table.row({study.draft_text, study.reference_text});
    page.table(table);
  }
}

void add_definitions(Page& page, const MetricTable& metrics) {
  page.section("Definitions", "");
  Table table({{"metric"}, {"definition"}, {"n", true}});
  for (const auto& [path, metric] : metrics.all()) {
    const bool is_other = path.starts_with("baselines.") || path.starts_with("oracle.") ||
                          path.find("per_finding") != std::string::npos;
    if (!is_other) table.row({path, metric_definition(path), std::to_string(metric.n)});
  }
  page.table(table);
}

}  // namespace

std::string headline_text(const MetricTable& metrics) {
  std::string text = fmt::format("{:<20} {:>7} {:>9} {:>7}   {}\n", "metric", "model", "baseline",
                                 "oracle", "skill (95 % interval)");
  const std::vector<std::string> baselines = baseline_names(metrics);
  for (const std::string& path : headline()) {
    const Metric* model = metrics.find(path);
    if (model == nullptr) continue;
    double best = kUndefined;
    for (const std::string& name : baselines) {
      const double value = metrics.value("baselines." + name + "." + path);
      if (!std::isnan(value) && !(value <= best)) best = value;
    }
    const Metric* skill = metrics.find("skill." + last_name(path));
    const std::string skill_text = skill == nullptr
                                       ? ""
                                       : fmt::format("{} ({} to {})", number(skill->value),
                                                     number(skill->low), number(skill->high));
    text += fmt::format("{:<20} {:>7} {:>9} {:>7}   {}\n", last_name(path), number(model->value),
                        number(best), number(metrics.value("oracle." + path)), skill_text);
  }
  return text;
}

std::string targets_text(const EvaluationResult& result) {
  std::string text;
  for (const Target& target : result.targets) {
    text += fmt::format("target {:<24} > {:.2f}   {:>6}   {}\n", target.name, target.above,
                        number(target.value),
                        std::isnan(target.value) ? "not measured"
                        : target.is_reached()    ? "reached"
                                                 : "missed");
  }
  return text;
}

std::string checks_text(const EvaluationResult& result) {
  std::string text;
  for (const Expectation& expectation : result.expectations) {
    const Metric* metric = result.metrics.find(expectation.path);
    const auto missing = result.missing.find(expectation.path);
    text += fmt::format("check {:<21} {:>6}", last_name(expectation.path),
                        number(result.metrics.value(expectation.path)));
    if (metric != nullptr && !std::isnan(metric->low)) {
      text += fmt::format(" ({:.3f} to {:.3f})", metric->low, metric->high);
    }
    if (metric != nullptr) text += fmt::format(" n {}", metric->n);
    if (missing != result.missing.end()) text += ": " + missing->second;
    if (!expectation.expected.empty()) text += "; expected: " + expectation.expected;
    if (expectation.is_met) text += fmt::format(" [{}]", verdict(expectation));
    text += "\n";
  }
  if (!result.heads.heads.empty()) text += heads_text(result.heads) + "\n";
  return text;
}

std::string eval_report_html(const EvaluationResult& result, const EvaluationData& data,
                             const EvalReportOptions& options) {
  Page page("Evaluation", fmt::format("{}{}{} studies", options.title,
                                      options.title.empty() ? "" : ", ", result.studies.size()));
  if (options.is_synthetic) {
    page.callout(Tone::kWarning, "Synthetic data",
                 "These are scores on phantoms. They say nothing about patients.");
  }
  add_alarms(page, result);
  add_headline(page, result.metrics);
  add_targets(page, result);
  add_findings(page, result.metrics);
  add_errors(page, result.metrics);
  add_confidence(page, result);
  add_checks_table(page, result);
  add_heads(page, result);
  add_missing(page, result);
  add_examples(page, result, data, options.examples);
  add_definitions(page, result.metrics);
  return page.html();
}

}  // namespace radgen::evaluation
