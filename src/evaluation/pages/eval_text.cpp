// What an evaluation prints on a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluation/pages/eval_rows.h"
#include "radgen/evaluation/grounding/heads.h"
#include "radgen/evaluation/metric_registry.h"
#include "radgen/evaluation/pages/eval_report.h"

namespace radgen::evaluation {

const std::vector<std::string>& headline_paths() {
  static const std::vector<std::string> paths = MetricRegistry::standard().shown_in(kHeadline);
  return paths;
}

const std::vector<std::string>& consistency_paths() {
  static const std::vector<std::string> paths = MetricRegistry::standard().shown_in(kConsistency);
  return paths;
}

std::string row_name(const std::string& path) {
  if (path.starts_with("confidence.")) {
    std::string name = path.substr(std::string_view("confidence.").size());
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
  }
  const std::string name = last_name(path);
  return name == "f1_macro" || name == "f1_micro" ? name + "_labeler" : name;
}

bool is_lower_better(const std::string& path) {
  const MetricRow* row = MetricRegistry::standard().find(path);
  return row != nullptr && row->better == Better::kLower;
}

bool is_part_of_choice(const std::string& path) {
  const MetricRow* row = MetricRegistry::standard().find(path);
  return row != nullptr && row->path == path && (row->shown & kMarkedChoice) != 0;
}

std::string last_name(const std::string& path) { return path.substr(path.find_last_of('.') + 1); }

std::vector<std::string> baseline_names(const MetricTable& metrics) {
  std::set<std::string> names;
  for (const auto& [path, metric] : metrics.all()) {
    if (path.starts_with("baselines.")) names.insert(path.substr(10, path.find('.', 10) - 10));
  }
  return {names.begin(), names.end()};
}

std::pair<std::string, double> best_baseline(const MetricTable& metrics, const std::string& path) {
  std::pair<std::string, double> best{"", kUndefined};
  for (const std::string& name : baseline_names(metrics)) {
    const double value = metrics.value("baselines." + name + "." + path);
    const bool is_better =
        is_lower_better(path) ? !(value >= best.second) : !(value <= best.second);
    if (!std::isnan(value) && is_better) best = {name, value};
  }
  return best;
}

std::string encoder_neighbour_text(const MetricTable& metrics) {
  std::string text;
  for (const char* path : {"text.bleu_4", "text.meteor_nltk", "clinical.f1_macro_truth",
                           "clinical.f1_macro", "diversity.distinct_ratio"}) {
    const Metric* metric = metrics.find(std::string(kEncoderNeighbour) + path);
    if (metric != nullptr)
      text += fmt::format(" {} {}", row_name(path), number_text(metric->value));
  }
  return text.empty() ? text : "nearest training film by the encoder (no trivial baseline):" + text;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "-";
  return std::abs(value) >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.3f}", value);
}

const char* verdict_text(const Expectation& expectation) {
  return !expectation.is_met ? "" : *expectation.is_met ? "as expected" : "not as expected";
}

std::string protocol_text(const MetricTable& metrics) {
  std::string text;
  if (metrics.find("grounding.iou") != nullptr)
    text =
        "iou, pointing: end_to_end protocol (generated report; a missed finding and a false "
        "positive count 0)";
  if (metrics.find("grounding.iou_phrase") == nullptr) return text;
  return text + (text.empty() ? "" : "; ") +
         "..._phrase: phrase protocol (the reference's sentence is given, every boxed finding "
         "counts)";
}

namespace {

// "0.199 constant": what a skill is measured from.
std::string baseline_text(const MetricTable& metrics, const std::string& path) {
  const auto [name, value] = best_baseline(metrics, path);
  return name.empty() ? "-" : number_text(value) + " " + name;
}

std::string interval_text(const Metric& metric) {
  if (std::isnan(metric.low)) return number_text(metric.value);
  return fmt::format("{} ({} to {})", number_text(metric.value), number_text(metric.low),
                     number_text(metric.high));
}

std::string spread_text(const MetricTable& metrics) {
  std::string text;
  for (const char* name : {"bleu_4", "meteor_nltk", "f1_macro_truth", "f1_macro"}) {
    const Metric* spread = metrics.find(std::string("skill_spread.") + name);
    if (spread == nullptr || std::isnan(spread->value)) continue;
    text += fmt::format("{} {} {} to {}", text.empty() ? "" : ";", name, number_text(spread->low),
                        number_text(spread->high));
    if (text.find("draws") == std::string::npos)
      text = fmt::format(" over {} draws of the trivial reports:{}", spread->n, text);
  }
  return text.empty() ? text : "skill" + text + "\n";
}

}  // namespace

std::string headline_text(const MetricTable& metrics, const std::string& selected_by) {
  const bool has_skill =
      std::any_of(metrics.all().begin(), metrics.all().end(),
                  [](const auto& entry) { return entry.first.starts_with("skill."); });
  std::string text =
      fmt::format("{:<27} {:>6} {:<23} {:>7} {:>6}  {}\n", "metric", "model", "  best trivial",
                  "ceiling", "grid", has_skill ? "skill (95 % interval)" : "model's 95 % interval");
  bool has_mark = false;
  for (const std::string& path : headline_paths()) {
    const Metric* model = metrics.find(path);
    if (model == nullptr) continue;
    const Metric* skill = metrics.find("skill." + last_name(path));
    std::string last;
    if (skill != nullptr) {
      last = interval_text(*skill);
    } else if (!std::isnan(model->low)) {
      last = (has_skill ? "model " : "") +
             fmt::format("{} to {}", number_text(model->low), number_text(model->high));
    }
    const bool is_marked = !selected_by.empty() && is_part_of_choice(path);
    has_mark = has_mark || is_marked;
    const bool is_of_maps = skill != nullptr && path.starts_with("grounding.");
    text += fmt::format("{:<27} {:>6}   {:<19} {:>7} {:>6}  {}\n",
                        row_name(path) + (is_marked ? " *" : ""), number_text(model->value),
                        baseline_text(metrics, path),
                        is_of_maps ? "1" : number_text(metrics.value("oracle." + path)),
                        number_text(metrics.value(kPatchGrid + path)), last);
  }
  text += spread_text(metrics);
  if (has_mark) text += "* not independent of how the draft was chosen: " + selected_by + "\n";
  if (metrics.find(std::string(kPatchGrid) + "grounding.iou_phrase") != nullptr)
    text +=
        "grid: patch-grid reference, each patch's share under the boxes, every map at its best "
        "cut; no ceiling\n";
  if (const std::string neighbour = encoder_neighbour_text(metrics); !neighbour.empty())
    text += neighbour + "\n";
  const std::string protocol = protocol_text(metrics);
  return protocol.empty() ? text : text + protocol + "\n";
}

std::string consistency_text(const MetricTable& metrics) {
  std::string text;
  for (const std::string& path : consistency_paths()) {
    const Metric* drafts = metrics.find(path);
    const Metric* references = metrics.find(kReferences + path);
    if (drafts == nullptr || references == nullptr || std::isnan(drafts->value)) continue;
    text += fmt::format("{:<27} {:<24} {:>7} {:>7}\n", last_name(path), interval_text(*drafts),
                        number_text(references->value), drafts->n);
  }
  if (text.empty()) return text;
  return fmt::format("{:<27} {:<24} {:>7} {:>7}\n", "consistency", "drafts", "references", "n") +
         text;
}

std::string findings_text(const MetricTable& metrics) {
  std::string text;
  const auto number = [&](const std::string& path) { return number_text(metrics.value(path)); };
  const std::string prior = "baselines.location_prior.";
  for (const Finding finding : all_findings()) {
    const std::string clinical = "clinical.per_finding." + finding_name(finding) + ".",
                      grounding = "grounding.per_finding." + finding_name(finding) + ".";
    const Metric* f1 = metrics.find(clinical + "f1_truth");
    if (f1 == nullptr || std::isnan(f1->value)) f1 = metrics.find(clinical + "f1");
    const Metric* phrase = metrics.find(grounding + "iou_phrase");
    if ((f1 == nullptr || std::isnan(f1->value)) && phrase == nullptr) continue;
    text += fmt::format(
        "{:<27} {:>5} {:>6}   {:>6} {:>6}   {:>6} {:>6} {:>6} {:>6}\n", finding_name(finding),
        f1 == nullptr ? 0 : f1->n, f1 == nullptr ? "-" : number_text(f1->value),
        number(grounding + "iou"), number(kPriorOnOwnWords + grounding + "iou"),
        number(grounding + "iou_phrase"), number(prior + grounding + "iou_phrase"),
        number(grounding + "pointing_phrase"), number(prior + grounding + "pointing_phrase"));
  }
  if (text.empty()) return text;
  const bool has_truth = metrics.find("clinical.f1_macro_truth") != nullptr;
  return fmt::format("{:<27} {:>5} {:>6}   {:>6} {:>6}   {:>6} {:>6} {:>6} {:>6}\n", "by finding",
                     "n", has_truth ? "F1" : "F1 rl", "IoU", "prior", "phrase", "prior", "point",
                     "prior") +
         text;
}

std::string alarms_text(const EvaluationResult& result) {
  std::string text;
  for (const Alarm& alarm : result.alarms) {
    if (alarm.is_raised) text += fmt::format("ALARM {}: {}\n", alarm.name, alarm.reason);
  }
  return text.empty() ? fmt::format("no alarm ({} looked for)\n", result.alarms.size()) : text;
}

std::string targets_text(const EvaluationResult& result) {
  std::string text;
  for (const Target& target : result.targets) {
    text += fmt::format("target {:<24} {} {:.2f}   {:>6}   {}\n", target.name,
                        target.is_below ? '<' : '>', target.limit, number_text(target.value),
                        std::isnan(target.value) ? "not measured"
                        : target.is_reached()    ? "reached"
                                                 : "missed");
  }
  return text;
}

std::string sanity_checks_text(const EvaluationResult& result) {
  std::string text;
  for (const Expectation& expectation : result.expectations) {
    const Metric* metric = result.metrics.find(expectation.path);
    const auto missing = result.missing.find(expectation.path);
    text += fmt::format("check {:<21} {:>6}", last_name(expectation.path),
                        number_text(result.metrics.value(expectation.path)));
    if (metric != nullptr && !std::isnan(metric->low)) {
      text += fmt::format(" ({:.3f} to {:.3f})", metric->low, metric->high);
    }
    if (metric != nullptr) text += fmt::format(" n {}", metric->n);
    if (missing != result.missing.end()) text += ": " + missing->second;
    if (!expectation.expected.empty()) text += "; expected: " + expectation.expected;
    if (expectation.is_met) text += fmt::format(" [{}]", verdict_text(expectation));
    text += "\n";
  }
  if (!result.heads.heads.empty()) text += heads_text(result.heads) + "\n";
  return text;
}

}  // namespace radgen::evaluation
