#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/page_sections.h"
#include "radgen/pages/plot.h"

namespace radgen::audit {
namespace {

using pages::Page;
using pages::Table;

constexpr size_t kMostRows = 40;

void add_rate_table(Page& page, const AuditResult& result, Measure measure, const char* unit) {
  Table table({{"group"},
               {unit, true},
               {"rate", true},
               {"others", true},
               {"raw difference", true},
               {"at equal terms", true},
               {"p", true},
               {"verdict"}});
  for (const Comparison* c : select(result, [&](const Comparison& candidate) {
         return candidate.endpoint.measure == measure && is_single(result, candidate);
       })) {
    std::vector<std::string> cells{group_cell(result, *c), std::to_string(c->trials),
                                   percent_with(c->rate),  percent(c->other_rate.value),
                                   points_with(c->raw),    points_with(c->adjusted),
                                   p_text(c->adjusted_p),  verdict_words(*c)};
    c->verdict == Verdict::kDisparity ? table.strong_row(std::move(cells))
                                      : table.row(std::move(cells));
  }
  page.table(table);
}

void add_bars(Page& page, const AuditResult& result) {
  pages::BarChart chart{.title = "Share of all findings that the drafts state",
                        .x_label = "sensitivity, with 95 % interval",
                        .series = {"group"}};
  chart.bars.resize(1);
  chart.x_range = pages::Range{0, 1};
  for (const Comparison* c : select(result, [&](const Comparison& candidate) {
         return candidate.endpoint.measure == Measure::kAnySensitivity &&
                is_single(result, candidate);
       })) {
    chart.groups.push_back(fmt::format("{} ({})", group_cell(result, *c), c->trials));
    chart.bars[0].push_back({c->rate.value, c->rate.low, c->rate.high});
  }
  if (!chart.groups.empty()) {
    page.figure(bar_chart_svg(chart),
                "In brackets: how many findings there were. The intervals are not corrected for "
                "the number of groups.");
  }
}

}  // namespace

void add_detection(Page& page, const AuditResult& result) {
  page.section("Are findings stated equally well?",
               "Sensitivity over all findings together: of the findings that are there, the share "
               "that the draft states; "
               "the rest are missed. Differences are in points of a hundred, the group less the "
               "others, with their 95 % "
               "interval; \"at equal terms\" holds finding, severity, view and age equal. p is "
               "corrected for every test of "
               "the audit.");
  add_bars(page, result);
  add_rate_table(page, result, Measure::kAnySensitivity, "findings");
  page.section("Called normal although it is not",
               "False \"No Finding\": of the studies with an abnormality (a device alone is none), "
               "the share that the draft "
               "calls normal. A patient of whom nothing is said is sent home.");
  add_rate_table(page, result, Measure::kFalseNoFinding, "abnormal studies");
  page.section("Are findings made up equally often?",
               "Specificity over all findings together: of the findings that are not there, the "
               "share that the draft does not state.");
  add_rate_table(page, result, Measure::kAnySpecificity, "absent findings");
  const auto refused =
      select(result, [](const Comparison& c) { return c.endpoint.measure == Measure::kNoDraft; });
  if (refused.empty()) return;
  page.section("Who got no draft", "Studies without a prediction, or refused as not reportable.");
  add_rate_table(page, result, Measure::kNoDraft, "studies");
}

namespace {

std::string finding_cell(const Comparison& c) {
  const char* mark = c.verdict == Verdict::kDisparity    ? " *"
                     : c.verdict == Verdict::kConfounded ? " \u2020"
                     : c.verdict == Verdict::kUnclear    ? " ?"
                     : c.verdict == Verdict::kTooFew     ? " (few)"
                                                         : "";
  return fmt::format("{}, n\u00a0{}{}", percent_with(c.rate), c.trials, mark);
}

void add_finding_tables(Page& page, const AuditResult& result, Measure measure, const char* what) {
  for (size_t a = 0; a < result.attributes.size(); ++a) {
    const Attribute& attribute = result.attributes[a];
    if (attribute.is_pair) continue;
    std::vector<pages::Column> columns{{"finding"}};
    for (const std::string& level : attribute.levels) columns.push_back({level, true});
    Table table(columns);
    table.caption(fmt::format("{} by {}", what, attribute.name));
    bool has_rows = false;
    for (const Finding finding : all_findings()) {
      std::vector<std::string> cells(attribute.levels.size() + 1, "-");
      cells[0] = finding_name(finding);
      bool has_any = false;
      for (const Comparison* c : select(result, [&](const Comparison& candidate) {
             return candidate.attribute == a && candidate.endpoint.measure == measure &&
                    candidate.endpoint.finding == finding;
           })) {
        cells[static_cast<size_t>(c->level) + 1] = finding_cell(*c);
        has_any = true;
      }
      if (has_any) table.row(std::move(cells));
      has_rows = has_rows || has_any;
    }
    if (has_rows) page.table(table);
  }
}

}  // namespace

void add_findings(Page& page, const AuditResult& result) {
  page.section(
      "Finding by finding",
      "Rate, 95 % interval, and how many studies are behind it; the miss rate is what is left to "
      "100 %. "
      "* disparity, \u2020 gap that the films explain, ? unclear, (few) too few to compare.");
  add_finding_tables(page, result, Measure::kSensitivity, "Sensitivity");
  add_finding_tables(page, result, Measure::kSpecificity, "Specificity");
}

namespace {

void add_difference_table(Page& page, const AuditResult& result,
                          std::vector<const Comparison*> rows) {
  Table table({{"group"},
               {"what"},
               {"n", true},
               {"group", true},
               {"others", true},
               {"raw", true},
               {"at equal terms", true},
               {"p", true},
               {"verdict"}});
  for (size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
    const Comparison& c = *rows[i];
    const std::string why = c.verdict == Verdict::kConfounded ? explanation_of(c) : "";
    table.row({group_cell(result, c), c.endpoint.name(), std::to_string(c.trials),
               percent(c.rate.value), percent(c.other_rate.value), points_with(c.raw),
               points_with(c.adjusted), p_text(c.adjusted_p),
               verdict_words(c) + (why.empty() ? "" : " by " + why)});
  }
  page.table(table);
  if (rows.size() > kMostRows) {
    page.paragraph(fmt::format("{} more stand in audit.json.", rows.size() - kMostRows));
  }
}

}  // namespace

void add_differences(Page& page, const AuditResult& result) {
  page.section("Differences that are more than chance",
               "After correction for every test of the audit. \"Disparity\": at equal finding, "
               "severity, view and age. "
               "\"Confounded\": there as the data stand, but at least halved and no longer certain "
               "at equal terms. "
               "\"Unclear\": no longer certain at equal terms, but hardly smaller.");
  std::vector<const Comparison*> rows;
  for (const Verdict verdict : {Verdict::kDisparity, Verdict::kConfounded, Verdict::kUnclear}) {
    const std::vector<const Comparison*> of_verdict = for_a_reader(result, verdict);
    rows.insert(rows.end(), of_verdict.begin(), of_verdict.end());
  }
  if (rows.empty()) {
    page.paragraph("There is none.");
  } else {
    add_difference_table(page, result, std::move(rows));
  }
  page.section("Largest differences that may be chance",
               "Among groups with enough cases to compare. Worth a look with more cases; not shown "
               "to be real.");
  rows = select(result, [&](const Comparison& c) {
    return c.verdict == Verdict::kNoDifference && is_single(result, c) &&
           result.attributes[c.attribute].is_of_people && c.is_worse();
  });
  sort_by_gap(rows);
  if (rows.size() > 10) rows.resize(10);
  if (rows.empty()) {
    page.paragraph("There is none.");
  } else {
    add_difference_table(page, result, std::move(rows));
  }
}

void add_pairs(Page& page, const AuditResult& result) {
  std::vector<const Comparison*> rows = select(result, [&](const Comparison& c) {
    return !is_single(result, c) && c.endpoint.measure == Measure::kAnySensitivity &&
           c.verdict != Verdict::kTooFew;
  });
  if (rows.empty()) return;
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto* a, const auto* b) { return a->gap() < b->gap(); });
  page.section(
      "Intersections",
      fmt::format("Pairs of attributes, sensitivity over all findings: the {} of {} groups with "
                  "enough cases that are "
                  "furthest below the others. Single findings by intersection stand in audit.json.",
                  std::min<size_t>(12, rows.size()), rows.size()));
  if (rows.size() > 12) rows.resize(12);
  add_difference_table(page, result, std::move(rows));
}

}  // namespace radgen::audit
