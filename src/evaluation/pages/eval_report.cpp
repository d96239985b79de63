#include "radgen/evaluation/pages/eval_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "evaluation/pages/eval_rows.h"
#include "radgen/evaluation/grounding/heads.h"
#include "radgen/evaluation/metric_registry.h"
#include "radgen/imaging/image.h"
#include "radgen/pages/page.h"
#include "radgen/pages/plot.h"

namespace radgen::evaluation {
namespace {

using pages::Page;
using pages::Table;
using pages::Tone;

std::string with_interval(const Metric* metric) {
  if (metric == nullptr) return "-";
  if (std::isnan(metric->low)) return number_text(metric->value);
  // No-break spaces: the interval stays in one line of a narrow cell.
  return fmt::format("{} ({}\u00a0to\u00a0{})", number_text(metric->value),
                     number_text(metric->low), number_text(metric->high));
}

std::string in_words(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// The figures that a reader asks for first, each beside the best answer that needs no image.
void add_headline(Page& page, const MetricTable& metrics) {
  std::vector<pages::Fact> facts;
  const bool has_truth = metrics.find("clinical.f1_macro_truth") != nullptr;
  for (const auto& [path, label] :
       {std::pair{"text.bleu_4", "BLEU-4: do the words match?"},
        has_truth ? std::pair{"clinical.f1_macro_truth", "F1 by the truth: are the findings right?"}
                  : std::pair{"clinical.f1_macro", "rules-labeler F1: are the findings the same?"},
        std::pair{"grounding.iou", "IoU: does the attention cover them?"},
        std::pair{"consistency.any_contradiction", "of the drafts contradict themselves"},
        std::pair{"diversity.abnormal_recall", "of the abnormal studies noticed"}}) {
    const Metric* model = metrics.find(path);
    if (model == nullptr || std::isnan(model->value)) continue;
    const auto [name, best] = best_baseline(metrics, path);
    std::string note = std::isnan(model->low) ? ""
                                              : fmt::format("{} to {}; ", number_text(model->low),
                                                            number_text(model->high));
    if (!name.empty()) note += "best trivial: " + number_text(best) + " (" + in_words(name) + ")";
    facts.push_back({number_text(model->value), label, note});
  }
  if (!facts.empty()) page.facts(facts);
}

void add_headline(Page& page, const MetricTable& metrics, const std::string& selected_by) {
  page.section("Model, trivial baselines, oracle",
               "Value with its 95 % interval over patients. A baseline never looked at the picture "
               "(the nearest neighbour saw 32 x 32 pixels of it). Ceiling: the same truth in other "
               "words (oracle); 1 for IoU and pointing. Patch grid: each patch's share under the "
               "boxes, every map at its best cut: a reference, which a map of finer shades can "
               "exceed. Skill: 0 is the best baseline, 1 the ceiling.");
  if (!selected_by.empty())
    page.paragraph("* Not independent of how the draft was chosen: " + selected_by + ".");
  std::vector<std::string> baselines = baseline_names(metrics);
  std::erase_if(baselines, [&](const std::string& name) {
    return std::none_of(headline_paths().begin(), headline_paths().end(), [&](const auto& path) {
      return !std::isnan(metrics.value("baselines." + name + "." + path));
    });
  });
  std::vector<pages::Column> columns{
      {"metric"}, {"model", true}, {"skill", true}, {"ceiling", true}, {"patch grid", true}};
  for (const std::string& name : baselines) columns.push_back({in_words(name), true});
  Table table(columns);
  for (const std::string& path : headline_paths()) {
    const Metric* model = metrics.find(path);
    if (model == nullptr) continue;
    const Metric* skill = metrics.find("skill." + last_name(path));
    const bool is_of_maps = skill != nullptr && path.starts_with("grounding.");
    const bool is_marked = !selected_by.empty() && is_part_of_choice(path);
    std::vector<std::string> cells{row_name(path) + (is_marked ? " *" : ""), with_interval(model),
                                   with_interval(skill),
                                   is_of_maps ? "1" : number_text(metrics.value("oracle." + path)),
                                   number_text(metrics.value(kPatchGrid + path))};
    for (const std::string& name : baselines) {
      cells.push_back(number_text(metrics.value("baselines." + name + "." + path)));
    }
    table.row(std::move(cells)).note(metric_definition(path));
  }
  page.table(table);
  if (const std::string neighbour = encoder_neighbour_text(metrics); !neighbour.empty())
    page.paragraph(
        neighbour +
        ". It is no part of the skill: it says what the encoder sees without a decoder.");
  if (const std::string protocol = protocol_text(metrics); !protocol.empty())
    page.paragraph("Protocols: " + protocol + ".");
}

pages::Bar bar(const Metric* metric) {
  if (metric == nullptr) return {};
  return {metric->value, metric->low, metric->high};
}

// Systems beside the model in a figure or a table: the prefix of their metrics and their name.
using Others = std::vector<std::pair<std::string, std::string>>;

// The others that have one of the metrics.
Others known_others(const MetricTable& metrics, const Others& others,
                    const std::vector<std::string>& paths) {
  Others known = others;
  std::erase_if(known, [&](const auto& other) {
    return std::none_of(paths.begin(), paths.end(), [&](const std::string& path) {
      return metrics.find(other.first + path) != nullptr;
    });
  });
  return known;
}

// Bars of the model and of others, a row for each finding that has a value.
void add_bars(Page& page, const MetricTable& metrics, const std::string& title,
              const std::string& group, const std::string& name, const Others& others) {
  std::vector<std::string> paths;
  pages::BarChart chart{.title = title, .x_label = name, .series = {"model"}};
  for (const Finding finding : all_findings()) {
    const std::string path = group + ".per_finding." + finding_name(finding) + "." + name;
    const Metric* model = metrics.find(path);
    if (model == nullptr || std::isnan(model->value)) continue;
    chart.groups.push_back(fmt::format("{} ({})", finding_name(finding), model->n));
    paths.push_back(path);
  }
  if (paths.empty()) return;
  const Others known = known_others(metrics, others, paths);
  for (const auto& [prefix, words] : known) chart.series.push_back(words);
  chart.bars.resize(chart.series.size());
  chart.x_range = pages::Range{0, 1};
  for (const std::string& path : paths) {
    chart.bars[0].push_back(bar(metrics.find(path)));
    for (size_t i = 0; i < known.size(); ++i)
      chart.bars[i + 1].push_back(bar(metrics.find(known[i].first + path)));
  }
  page.figure(bar_chart_svg(chart), "In brackets: how many there are.");
}

// A row a metric that there is: the model, others, what it means.
void add_rows(Page& page, const MetricTable& metrics, const std::vector<std::string>& paths) {
  const Others others = known_others(metrics,
                                     {{"baselines.constant.", "constant"},
                                      {"baselines.nearest.", "nearest"},
                                      {"oracle.", "oracle"}},
                                     paths);
  std::vector<pages::Column> columns{{"metric"}, {"model", true}};
  for (const auto& [prefix, words] : others) columns.push_back({words, true});
  columns.push_back({"n", true});
  Table table(columns);
  for (const std::string& path : paths) {
    const Metric* metric = metrics.find(path);
    if (metric == nullptr) continue;
    std::vector<std::string> cells{path, with_interval(metric)};
    for (const auto& [prefix, words] : others)
      cells.push_back(number_text(metrics.value(prefix + path)));
    cells.push_back(std::to_string(metric->n));
    table.row(std::move(cells)).note(metric_definition(path));
  }
  page.table(table);
}

void add_findings_table(Page& page, const MetricTable& metrics) {
  page.section(
      "By finding",
      "Labels F1: does the draft state the finding where the reference does? IoU: how well "
      "the attention of its sentence covers the reference's box.");
  const Others prior{{"baselines.location_prior.", "location prior"}, {kPatchGrid, "patch grid"}};
  add_bars(page, metrics, "F1 by the truth", "clinical", "f1_truth",
           {{"baselines.nearest.", "nearest neighbour"}, {"oracle.", "oracle"}});
  add_bars(page, metrics, "Rules-labeler F1", "clinical", "f1",
           {{"baselines.nearest.", "nearest neighbour"}, {"oracle.", "oracle"}});
  add_bars(page, metrics, "IoU, reference sentence (phrase)", "grounding", "iou_phrase", prior);
  add_bars(page, metrics, "IoU, generated report (end to end)", "grounding", "iou",
           {{kPriorOnOwnWords, "prior on the same words"}, {kPatchGrid, "patch grid"}});
  const std::vector<std::string> by_severity = MetricRegistry::standard().shown_in(kBySeverity);
  if (metrics.find(by_severity.front()) != nullptr) add_rows(page, metrics, by_severity);
}

// What goes wrong in the words, and what the sentences show.
void add_errors(Page& page, const MetricTable& metrics) {
  page.section("Errors by kind", "n: what the share or rate is over.");
  add_rows(page, metrics, MetricRegistry::standard().shown_in(kErrorKinds));
}

// Drafts and references side by side.
void add_consistency_table(Page& page, const MetricTable& metrics) {
  Table table({{"consistency"}, {"drafts", true}, {"references", true}, {"n", true}});
  for (const std::string& path : consistency_paths()) {
    const Metric* drafts = metrics.find(path);
    if (drafts == nullptr || std::isnan(drafts->value)) continue;
    table.row({in_words(last_name(path)), with_interval(drafts),
               number_text(metrics.value(kReferences + path)), std::to_string(drafts->n)});
    table.note(metric_definition(path));
  }
  page.section("Does a report contradict itself?",
               "Shares of the texts; the references of the same split beside them, since people "
               "too leave things out of an impression.");
  page.table(table);
}

// What was ruled out: does it lie where the anatomy is, and better than a fixed box?
void add_examined(Page& page, const MetricTable& metrics) {
  const std::string group = "grounding.examined.";
  if (metrics.find(group + "iou") == nullptr) return;
  page.section(
      "Examined anatomy",
      "Sentences that rule something out are shown with what was looked at. prior: a fixed "
      "box a place, learnt from no image. None of this counts as evidence.");
  std::vector<std::string> paths;
  for (const char* suffix : {"", "_unusual"}) {
    for (const std::string& path : MetricRegistry::standard().shown_in(kExamined))
      paths.push_back(path + suffix);
  }
  for (const auto& [path, metric] : metrics.all()) {
    if (path.starts_with(group + "per_anatomy.")) paths.push_back(path);
  }
  add_rows(page, metrics, paths);
}

void add_alarms(Page& page, const EvaluationResult& result) {
  size_t raised = 0;
  std::string names;
  for (const Alarm& alarm : result.alarms) {
    raised += alarm.is_raised;
    if (alarm.is_raised) page.callout(Tone::kAlarm, "Alarm: " + in_words(alarm.name), alarm.reason);
    names += (names.empty() ? "" : ", ") + in_words(alarm.name);
  }
  if (raised == 0 && !result.alarms.empty())
    page.callout(Tone::kGood, "No alarm", fmt::format("Looked for and not found: {}.", names));
  std::string notes;
  for (const std::string& note : result.notes) {
    notes += (notes.empty() ? "" : " ") + note + ".";
    const size_t at = notes.size() - note.size() - 1;
    const bool is_metric = note.substr(0, note.find_first_of(" :")).find('_') != std::string::npos;
    if (!is_metric)
      notes[at] = static_cast<char>(std::toupper(static_cast<unsigned char>(notes[at])));
  }
  if (!notes.empty()) page.callout(Tone::kNote, "Notes", notes);
}

void add_targets_table(Page& page, const EvaluationResult& result) {
  page.section("Targets of the product",
               "The share of a draft that radiologists change (target: under 40 %) can only be "
               "measured in review; edit_rate_to_reference is not it.");
  Table table({{"target"}, {"limit", true}, {"value", true}, {"reached"}});
  for (const Target& target : result.targets) {
    table.row({target.name, fmt::format("{} {:.2f}", target.is_below ? "<" : ">", target.limit),
               number_text(target.value),
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
  // Last, so that a kind has the same colour in both figures.
  diagram.series.push_back({.name = "perfect", .x = {0, 1}, .y = {0, 1}, .is_dashed = true});
  page.table(table);
  page.figure(line_chart_svg(diagram), "On the dashed line a confidence is worth its name.");
  page.figure(line_chart_svg(curve), "Read from right to left: what leaving sentences out gains.");
}

void add_checks_table(Page& page, const EvaluationResult& result) {
  if (result.expectations.empty()) return;
  page.section(
      "Does it look at the picture?",
      "The model was asked again: about another patient's picture, a blank one, noise, the "
      "mirrored film, films without one finding, and with the regions of its sentences "
      "hidden. No verdict: it decides nothing, or there are under 20 cases.");
  Table table({{"check"}, {"value", true}, {"n", true}, {"expected"}, {"verdict"}});
  for (const Expectation& expectation : result.expectations) {
    const Metric* metric = result.metrics.find(expectation.path);
    const auto missing = result.missing.find(expectation.path);
    table.row({last_name(expectation.path), with_interval(metric),
               metric == nullptr ? "" : std::to_string(metric->n), expectation.expected,
               missing == result.missing.end() ? verdict_text(expectation) : missing->second});
    table.note(metric_definition(expectation.path));
  }
  page.table(table);
}

void add_heads(Page& page, const EvaluationResult& result) {
  if (result.heads.heads.empty()) return;
  page.section("Heads of the decoder",
               "The reports' own sentences, the map of each head of the cross-attention alone; "
               "macro over findings. " +
                   heads_text(result.heads) + ".");
  Table table({{"layer", true},
               {"head", true},
               {"IoU", true},
               {"pointing", true},
               {"mass in the box", true},
               {"points best at"}});
  for (const HeadScore& head : result.heads.heads) {
    table.row({std::to_string(head.layer), std::to_string(head.head), number_text(head.iou),
               number_text(head.pointing), number_text(head.mass),
               head.best == Finding::kNoFinding ? ""
                                                : fmt::format("{} ({})", finding_name(head.best),
                                                              number_text(head.best_pointing))});
  }
  page.table(table);
}

// What cannot be computed, so that nobody looks for it in vain.
void add_missing_table(Page& page, const EvaluationResult& result) {
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
    const Result<cv::Mat> image = read_png16(data.test[study.reference].image);
    if (image) {
      page.image(encode_png(resize_long_side(*image, 320).image), "film of the study", "");
    }
    Table table({{"drafted"}, {"reference"}});
    table.row({study.draft_text, study.reference_text});
    page.table(table);
  }
}

// Every number of the model that is not one finding's, with what it means.
void add_all_metrics(Page& page, const MetricTable& metrics) {
  page.section(
      "Every metric and its definition",
      "Those of single findings, of all baselines and of the oracle stand in metrics.json.");
  std::vector<std::string> paths;
  for (const auto& [path, metric] : metrics.all()) {
    const bool is_other = path.starts_with("baselines.") || path.starts_with("oracle.") ||
                          path.starts_with(kPatchGrid) || path.starts_with(kPriorOnOwnWords) ||
                          path.starts_with(kReferences) || path.starts_with(kEncoderNeighbour) ||
                          path.find("per_finding") != std::string::npos;
    if (!is_other) paths.push_back(path);
  }
  add_rows(page, metrics, paths);
}

}  // namespace

std::string eval_report_html(const EvaluationResult& result, const EvaluationData& data,
                             const EvalReportOptions& options) {
  Page page("Evaluation", fmt::format("{}{}{} studies", options.title,
                                      options.title.empty() ? "" : ", ", result.studies.size()));
  if (options.is_synthetic) {
    page.callout(Tone::kWarning, "Synthetic data",
                 "These are scores on phantoms. They say nothing about patients.");
  }
  page.paragraph(
      "How good are drafted reports, and what is it worth? Every score stands beside those of "
      "answers that need no picture; an alarm says where the model does not beat them or only "
      "pretends.");
  add_headline(page, result.metrics);
  add_alarms(page, result);
  add_headline(page, result.metrics, result.selected_by);
  add_consistency_table(page, result.metrics);
  add_targets_table(page, result);
  add_findings_table(page, result.metrics);
  add_errors(page, result.metrics);
  add_examined(page, result.metrics);
  add_confidence(page, result);
  add_checks_table(page, result);
  add_heads(page, result);
  add_missing_table(page, result);
  add_examples(page, result, data, options.examples);
  add_all_metrics(page, result.metrics);
  return page.html();
}

}  // namespace radgen::evaluation
