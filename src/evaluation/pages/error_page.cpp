#include "radgen/evaluation/pages/error_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluation/pages/error_cases_page.h"
#include "radgen/core/files.h"
#include "radgen/pages/histogram.h"
#include "radgen/pages/page.h"

namespace radgen::evaluation {
namespace {

using pages::Page;
using pages::Table;
using pages::Tone;

constexpr size_t kEntropyBins = 25;
constexpr double kSurely = 0.05;

std::string short_number(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.2f}", value);
}

// "12 % (8 to 17)", without breaks.
std::string percent_with_interval(const Metric* metric) {
  if (metric == nullptr || std::isnan(metric->value)) return "-";
  if (std::isnan(metric->low)) return percent(metric->value);
  return fmt::format("{} ({:.0f}\u00a0to\u00a0{:.0f})", percent(metric->value), 100 * metric->low,
                     100 * metric->high);
}

size_t count_outcome(const ErrorAnalysis& errors, Outcome outcome) {
  return static_cast<size_t>(
      std::count_if(errors.cases.begin(), errors.cases.end(),
                    [&](const FindingCase& c) { return c.outcome == outcome; }));
}

void add_facts(Page& page, const ErrorAnalysis& errors) {
  const MetricTable& m = errors.metrics;
  std::vector<pages::Fact> facts;
  const auto fact = [&](const std::string& value, const char* label, const std::string& note) {
    facts.push_back({value, label, note});
  };
  fact(std::to_string(count_outcome(errors, Outcome::kTruePositive)), "findings stated and there",
       std::isnan(m.value("all.statement_precision"))
           ? "nothing is stated"
           : percent_with_interval(m.find("all.statement_precision")) + " of what is stated");
  fact(std::to_string(count_outcome(errors, Outcome::kFalsePositive)), "stated, not there",
       "invented");
  fact(std::to_string(count_outcome(errors, Outcome::kFalseNegative)), "there, not stated",
       "overlooked");
  fact(percent(m.value("all.in_place")), "of right words with attention in place",
       fmt::format("of {} with boxes", m.find("all.in_place")->n));
  page.facts(facts);
}

void add_kinds(Page& page, const ErrorAnalysis& errors, const std::vector<ErrorKind>& kinds,
               const std::string& group) {
  Table table({{"kind"}, {"cases", true}, {"of", true}, {"share (95\u00a0%)", true}, {"meaning"}});
  for (const ErrorKind& kind : kinds) {
    const std::string path = group + "." + kind.name;
    if (const auto reason = errors.missing.find(path); reason != errors.missing.end()) {
      table.row({kind.title, "-", "0", "-", "Not measured: " + reason->second + "."});
      continue;
    }
    std::string meaning = kind.definition;
    const double chance = errors.metrics.value(path + ".share_by_chance");
    if (!std::isnan(chance)) {
      meaning += ". On the boxes of other studies the same maps would reach " + percent(chance);
    }
    table.row({kind.title, std::to_string(kind.cases.size()), std::to_string(kind.among.size()),
               percent_with_interval(errors.metrics.find(path + ".share")), meaning + "."});
  }
  page.table(table);
}

void add_findings(Page& page, const ErrorAnalysis& errors) {
  page.section("By finding",
               "In place: right statements whose attention reaches an IoU of at least .3 with the "
               "boxes. Peak: the map's maximum lies inside of them. Spread: share of the picture "
               "that an even map of the same entropy would cover. "
               "Read: the same for the reference's own sentences, read by the model, over all "
               "boxed findings.");
  Table table({{"finding"},
               {"right", true},
               {"invented", true},
               {"missed", true},
               {"in place (95\u00a0%)", true},
               {"IoU", true},
               {"peak", true},
               {"spread", true},
               {"read (95\u00a0%)", true}});
  const auto row = [&](const std::string& name, const std::string& path, size_t right,
                       size_t invented, size_t overlooked, bool is_strong) {
    const MetricTable& m = errors.metrics;
    std::vector<std::string> cells{
        name,
        std::to_string(right),
        std::to_string(invented),
        std::to_string(overlooked),
        percent_with_interval(m.find(path + "in_place")),
        short_number(m.value(path + "iou_right_words")),
        percent(m.value(path + "pointing_right_words")),
        percent(m.value(path + "spread")),
        percent_with_interval(m.find(path + "reference_in_place_phrase"))};
    is_strong ? table.strong_row(std::move(cells)) : table.row(std::move(cells));
  };
  for (const Finding finding : all_findings()) {
    std::array<size_t, 3> counts{};
    for (const FindingCase& c : errors.cases) {
      if (c.finding == finding) ++counts[static_cast<size_t>(c.outcome)];
    }
    if (counts[0] + counts[1] + counts[2] == 0) continue;
    row(finding_name(finding), "per_finding." + finding_name(finding) + ".", counts[0], counts[1],
        counts[2], false);
  }
  row("all", "all.", count_outcome(errors, Outcome::kTruePositive),
      count_outcome(errors, Outcome::kFalsePositive),
      count_outcome(errors, Outcome::kFalseNegative), true);
  page.table(table);
}

pages::HistogramSeries entropies(const ErrorAnalysis& errors, const std::string& name,
                                 Outcome outcome) {
  pages::HistogramSeries series{name, std::vector<double>(kEntropyBins, 0.0)};
  double all = 0;
  for (const FindingCase& c : errors.cases) {
    if (c.outcome != outcome || std::isnan(c.entropy)) continue;
    const auto bin = static_cast<size_t>(c.entropy * static_cast<double>(kEntropyBins));
    series.shares[std::min(bin, kEntropyBins - 1)] += 1;
    all += 1;
  }
  for (double& s : series.shares) s = all > 0 ? s / all : 0;
  return series;
}

void add_comparison(Table& table, const std::string& question, const MannWhitneyResult& c) {
  const std::string p = std::isnan(c.p) ? "-"
                        : c.p < 0.001   ? "< 0.001"
                                        : fmt::format("{:.3f}", c.p);
  table.row({question, fmt::format("{} (n {})", short_number(c.other_median), c.others),
             fmt::format("{} (n {})", short_number(c.marked_median), c.marked),
             std::isnan(c.low) ? short_number(c.superiority)
                               : fmt::format("{} ({}\u00a0to\u00a0{})", short_number(c.superiority),
                                             short_number(c.low), short_number(c.high)),
             p});
}

// One sentence on which of the two is the more spread.
std::string verdict(const MannWhitneyResult& c, const std::string& wrong,
                    const std::string& right) {
  if (std::isnan(c.p)) return "";
  if (c.p >= kSurely) return wrong + " are not told from " + right + " by the entropy here. ";
  if (c.superiority > 0.5) return wrong + " have more spread attention than " + right + ". ";
  return wrong + " have sharper attention than " + right +
         ": sharpness is no sign of being right. ";
}

void add_entropy(Page& page, const ErrorAnalysis& errors) {
  page.section("Does spread attention warn of errors?",
               "Entropy of a statement's map over that of an even map: 0 one patch, 1 everywhere "
               "alike.");
  if (errors.maps == 0) {
    page.paragraph("Not measured: the predictions hold no maps of attention.");
    return;
  }
  Table table({{""},
               {"median, right", true},
               {"median, wrong", true},
               {"wrong above right (95\u00a0%)", true},
               {"p", true}});
  table.caption(
      "Wrong above right: the probability that a wrong one has the higher entropy than a "
      "right one of the same finding; .5 says that entropy warns of nothing. p: "
      "Mann-Whitney within findings, signs flipped by patient, two-sided.");
  add_comparison(table, "words: is the finding there?", errors.entropy_words);
  add_comparison(table, "place: do right words look at their boxes?", errors.entropy_place);
  page.table(table);
  page.paragraph(
      verdict(errors.entropy_words, "Wrong statements", "right ones") +
      verdict(errors.entropy_place, "Right words that miss their boxes", "those that hit them"));
  pages::Histogram histogram{.title = "Entropy of the statements' maps",
                             .x_label = "entropy over that of an even map",
                             .y_label = "share of statements"};
  histogram.series = {entropies(errors, "right", Outcome::kTruePositive),
                      entropies(errors, "wrong", Outcome::kFalsePositive)};
  page.figure(histogram_svg(histogram), "Each as a share of its own total.");
}

void add_cases(Page& page, const ErrorAnalysis& errors, const EvaluationData& data) {
  const std::string viewer = case_viewer_html(viewer_of(errors, data));
  if (viewer.empty()) return;
  page.section("Cases",
               fmt::format("The worst first, {} of a kind at most (setting errors.images). Films "
                           "are shrunk: they are not for reading.",
                           errors.options.images));
  page.add_html(viewer);
}

}  // namespace

std::string percent(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:.0f}\u00a0%", 100 * share);
}

std::string errors_html(const ErrorAnalysis& errors, const EvaluationData& data,
                        const ErrorPageOptions& options) {
  Page page("Errors", fmt::format("{}{}{} studies", options.title,
                                  options.title.empty() ? "" : ", ", errors.studies));
  page.paragraph(
      "Where do the drafts go wrong, and do their words and their attention go wrong together? "
      "Each finding that a draft states or overlooks is one case; the films below show the worst "
      "of each kind.");
  if (options.is_synthetic) {
    page.callout(Tone::kWarning, "Synthetic data",
                 "These are errors on phantoms. They say nothing about patients.");
  } else if (options.with_examples) {
    page.callout(Tone::kWarning, "Films and report texts",
                 "This page shows examples from the data set. Keep it where the data set is, or "
                 "make it again with --no-examples.");
  }
  for (const std::string& note : errors.notes) page.callout(Tone::kNote, "Note", note + ".");
  add_facts(page, errors);
  page.section("Words against attention",
               "Attention is right when the regions that the draft shows (where it shows none: its "
               "map, cut at a tenth of its maximum) reach an IoU of at least .3 with the boxes.");
  add_kinds(page, errors, errors.mismatches, "mismatches");
  page.section("Known failures", "Looked for by name, whatever else is right.");
  add_kinds(page, errors, errors.failures, "known_failures");
  if (options.with_examples) add_cases(page, errors, data);
  add_findings(page, errors);
  add_entropy(page, errors);
  page.section("Not on this page", "");
  page.paragraph("Grounding by head and layer: " + errors.missing.at("heads") + ".");
  return page.html();
}

void write_errors(const std::filesystem::path& folder, const ErrorAnalysis& errors,
                  const EvaluationData& data, const ErrorPageOptions& options) {
  write_json_atomic(folder / "errors.json", errors_to_json(errors, options.with_examples));
  write_file_atomic(folder / "errors.html", errors_html(errors, data, options));
}

}  // namespace radgen::evaluation
