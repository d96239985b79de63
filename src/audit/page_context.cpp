#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/page_sections.h"

namespace radgen::audit {

using pages::Page;
using pages::Table;
using pages::Tone;

void add_attention(Page& page, const AuditResult& result) {
  page.section("Where the model looked",
               "Means over patients, of the sentences that state a finding. Entropy: 0 a single "
               "patch, 1 everywhere alike. Mass "
               "in the box: the share of attention inside the finding's reference box. Centre: 0 "
               "is the left or upper edge of the "
               "picture, 1 the right or lower one. Tested by permuting the groups among patients "
               "with the same view.");
  if (result.attention.empty()) {
    page.paragraph("The predictions hold no attention maps.");
    return;
  }
  Table table({{"group"},
               {"pattern"},
               {"patients", true},
               {"mean", true},
               {"others", true},
               {"p", true},
               {"verdict"}});
  const auto number = [](double v) {
    return std::isnan(v) ? std::string("-") : fmt::format("{:.3f}", v);
  };
  for (const AttentionComparison& a : result.attention) {
    std::vector<std::string> cells{result.group(a.attribute, a.level),
                                   a.feature,
                                   std::to_string(a.patients),
                                   number(a.mean),
                                   number(a.other_mean),
                                   p_text(a.p),
                                   a.is_different    ? "different"
                                   : std::isnan(a.p) ? "too few to compare"
                                                     : "none shown"};
    a.is_different ? table.strong_row(std::move(cells)) : table.row(std::move(cells));
  }
  page.table(table);
}

void add_metrics(Page& page, const AuditResult& result) {
  if (result.metrics.empty()) return;
  struct Shown {
    const char *path, *title;
  };
  constexpr Shown kShown[] = {{"clinical.f1_micro", "F1 micro"},
                              {"clinical.f1_macro", "F1 macro"},
                              {"clinical.hallucinated_per_100", "made up per 100"},
                              {"clinical.omitted_per_100", "omitted per 100"},
                              {"clinical.wrong_side_share", "wrong side"},
                              {"text.bleu_4", "BLEU-4"},
                              {"text.meteor_nltk", "METEOR"},
                              {"text.rouge_l", "ROUGE-L"},
                              {"grounding.iou", "IoU"},
                              {"grounding.pointing", "pointing"},
                              {"confidence.words.ece", "calibration error"}};
  page.section("Text, clinical, grounding and confidence metrics by group",
               "As eval-radgen computes them, with 95 % intervals over patients. They depend on "
               "how each group's reports are worded "
               "and on who is ill, and are not part of the tests above. All metrics, with their "
               "differences, stand in audit.json.");
  std::vector<pages::Column> columns{{"group"}};
  std::vector<const Shown*> there;
  for (const Shown& shown : kShown) {
    const auto& metrics = result.metrics.front().metrics;
    if (std::none_of(metrics.begin(), metrics.end(),
                     [&](const GroupMetric& m) { return m.path == shown.path; }))
      continue;
    columns.push_back({shown.title, true});
    there.push_back(&shown);
  }
  Table table(columns);
  for (const GroupMetrics& group : result.metrics) {
    std::vector<std::string> cells{result.group(group.attribute, group.level)};
    for (const Shown* shown : there) {
      std::string cell = "-";
      for (const GroupMetric& m : group.metrics) {
        if (m.path != shown->path || std::isnan(m.value.value)) continue;
        cell = fmt::format("{:.3f}", m.value.value);
        if (!std::isnan(m.value.low))
          cell += fmt::format(" ({:.3f}\u00a0to\u00a0{:.3f})", m.value.low, m.value.high);
      }
      cells.push_back(cell);
    }
    table.row(std::move(cells));
  }
  page.table(table);
}

void add_power(Page& page, const AuditResult& result) {
  page.section("What could have been seen",
               "The difference, in points at equal terms, that would have been found with a chance "
               "of 80 % at this number of "
               "cases and after the correction. A group without a verdict of disparity may still "
               "be served worse by less than this.");
  Table table({{"group"},
               {"all findings", true},
               {"false No Finding", true},
               {"single finding, best", true},
               {"single finding, median", true}});
  for (const GroupSize& s : result.sizes) {
    if (result.attributes[s.attribute].is_pair) continue;
    double all = kUnknown, normal = kUnknown;
    std::vector<double> single;
    for (const Comparison& c : result.comparisons) {
      if (c.attribute != s.attribute || c.level != s.level || std::isnan(c.detectable)) continue;
      if (c.endpoint.measure == Measure::kAnySensitivity) all = c.detectable;
      if (c.endpoint.measure == Measure::kFalseNoFinding) normal = c.detectable;
      if (c.endpoint.measure == Measure::kSensitivity) single.push_back(c.detectable);
    }
    std::sort(single.begin(), single.end());
    const auto cell = [](double v) {
      return std::isnan(v) ? std::string("not compared")
             : v > 1       ? std::string("none")
                           : fmt::format("{:.1f}", 100 * v);
    };
    table.row({result.group(s.attribute, s.level), cell(all), cell(normal),
               cell(single.empty() ? kUnknown : single.front()),
               cell(single.empty() ? kUnknown : single[single.size() / 2])});
  }
  page.table(table);
  std::string small;
  size_t count = 0;
  for (const GroupSize& s : result.sizes) {
    if (!s.is_small) continue;
    ++count;
    small += fmt::format("{}{} ({})", small.empty() ? "" : "; ", result.group(s.attribute, s.level),
                         s.studies);
  }
  if (count > 0) {
    page.callout(Tone::kWarning, fmt::format("{} groups are too small to compare", count),
                 fmt::format("Fewer than {} studies each, in brackets how many: {}. Nothing can be "
                             "said of them from these data; their rates "
                             "stand in audit.json.",
                             result.options.min_cases, small));
  }
}

void add_examples(Page& page, const AuditResult& result, const Intake& intake, int most) {
  if (most <= 0) return;
  std::vector<const Comparison*> disparities = select(result, [](const Comparison& c) {
    return c.verdict == Verdict::kDisparity && c.is_worse() &&
           c.endpoint.measure != Measure::kNoDraft;
  });
  sort_by_gap(disparities);
  if (disparities.empty()) return;
  page.section("Examples",
               "Studies behind the disparities, the first ones in the order of the data set, not "
               "chosen. References and drafts as they stand.");
  for (size_t i = 0; i < std::min(disparities.size(), kMostCallouts); ++i) {
    const Comparison& c = *disparities[i];
    Table table({{"study"}, {"reference"}, {"draft"}});
    table.caption(group_cell(result, c) + ", " + c.endpoint.name());
    int shown = 0;
    for (size_t k = 0; k < intake.cases.size() && shown < most; ++k) {
      const AuditCase& film = intake.cases[k];
      if (result.attributes[c.attribute].level_of[k] != c.level) continue;
      const FindingSet missed = static_cast<FindingSet>(film.reference & ~film.draft),
                       invented = static_cast<FindingSet>(film.draft & ~film.reference);
      const FindingSet one = evaluation::bit(c.endpoint.finding),
                       normal = evaluation::bit(Finding::kNoFinding);
      const Measure measure = c.endpoint.measure;
      const FindingSet errors = measure == Measure::kSensitivity      ? missed & one
                                : measure == Measure::kSpecificity    ? invented & one
                                : measure == Measure::kAnySpecificity ? invented & ~normal
                                : measure == Measure::kFalseNoFinding ? invented & normal
                                                                      : missed & ~normal;
      if (errors == 0) continue;
      table.row(
          {film.study_id, film.reference_text, film.has_draft ? film.draft_text : "(no draft)"});
      ++shown;
    }
    if (shown > 0) page.table(table);
  }
}

void add_methods(Page& page, const AuditResult& result, const Intake& intake) {
  const AuditOptions& o = result.options;
  page.section("How this was done", "");
  page.paragraph(
      fmt::format("What is there comes from {}. What a draft states comes from the project's rules "
                  "labeler on its text; an uncertain "
                  "statement counts as a statement.",
                  intake.is_truth ? "the phantoms' truth (visible findings)"
                                  : "the reference reports through the same rules labeler; a "
                                    "report that leaves a finding out hides it from this audit"));
  page.paragraph(
      "Each group is compared with everybody else whose attribute is known. At equal terms: Mantel "
      "and Haenszel's risk difference over "
      "strata of finding, severity (for absent findings and false No Finding: how much else is "
      "wrong), view and age group, leaving out what the "
      "group itself is made of; it is the difference of the rates standardised to the mix that "
      "both share (Greenland and Robins 1985).");
  page.paragraph(
      fmt::format("Intervals: {} bootstrap resamples of the patients, percentiles, not corrected. "
                  "Tests: score tests with errors by patient, {} sign flips of "
                  "the patients' contributions, step-down minimum of weighted p values over all {} "
                  "tests (Westfall and Young 1993), so that the chance of "
                  "any false alarm among them is set to {:.1f} %. The weights were set from the "
                  "numbers of cases alone so that a gap of {:.0f} points is seen best "
                  "(Roeder and Wasserman 2009), and with more than two groups nine tenths of the "
                  "error are spent on a group being served worse. Attention patterns: {} "
                  "permutations, {:.1f} %. Seed {}.",
                  o.bootstrap, o.sign_flips, result.tests, 100 * result.detection_alpha,
                  100 * o.target_gap, o.permutations, 100 * o.attention_alpha, o.seed));
  page.paragraph(
      fmt::format("A comparison needs {} trials on either side, ten patients, and five expected "
                  "hits and misses. Age groups: under 40, 40 to 59, 60 to 79, 80 and over.",
                  o.min_cases));
  const RaceTable races;
  Table table({{"race group"}, {"values in the data that it stands for"}});
  for (const auto& [group, spellings] : races.spellings()) {
    std::string all;
    for (const std::string& s : spellings) all += (all.empty() ? "" : "; ") + s;
    table.row({group.empty() ? "unknown" : group, all});
  }
  page.table(table);
  page.paragraph("Origin of the table: " + races.origin());
  page.paragraph(
      "Limits. A stratified difference is free of the named confounders only; others (scanner, "
      "hospital, body habitus, illness that no report names) remain. "
      "Severity is known only where " +
      std::string(intake.is_truth ? "the truth" : "a report's words") +
      " gives it. Groups are those that the records name, which is not how people describe "
      "themselves.");
}

}  // namespace radgen::audit
