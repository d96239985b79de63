#include "radgen/explore/explore_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "explore/page_parts.h"
#include "radgen/core/statistics.h"
#include "radgen/pages/histogram.h"
#include "radgen/pages/page.h"
#include "radgen/pages/plot.h"
#include "radgen/pages/stacked_bars.h"

namespace radgen::explore {
namespace {

using pages::Page;
using pages::Table;

constexpr size_t kShownTerms = 50, kLengthBins = 40;

std::string length_name(const Survey& survey) { return survey.tokenizer ? "tokens" : "words"; }

// False for sets of labels and boxes alone.
bool has_texts(const Survey& survey) {
  return std::any_of(survey.splits.begin(), survey.splits.end(), [](const SplitSurvey& split) {
    return std::any_of(split.words.begin(), split.words.end(), [](double w) { return w > 0; });
  });
}

void add_banners(Page& page, const Survey& survey, const PageFacts& facts, bool has_examples) {
  if (facts.is_synthetic) {
    page.callout(pages::Tone::kNote, "Synthetic data",
                 "These are computed phantoms, not films of people. Nothing here says anything "
                 "about patients.");
  }
  if (has_examples && !facts.is_synthetic) {
    page.callout(pages::Tone::kAlarm, "This page holds films and report texts",
                 "Data of a credentialed set must not travel in a page: keep this file where the "
                 "data set is, or make it again with --no-examples.");
  }
  if (!has_examples) {
    page.callout(pages::Tone::kGood, "Counts only",
                 "The page holds no film and no sentence of a report.");
  }
  if (!has_texts(survey)) {
    page.callout(pages::Tone::kNote, "No reports",
                 "The set has labels without texts: nothing is said here about words.");
  }
  if (survey.patients_in_several_splits > 0) {
    page.callout(pages::Tone::kAlarm, "Patients in more than one split",
                 fmt::format("{} patients have studies in several splits: what is measured on the "
                             "test split is then too good.",
                             survey.patients_in_several_splits));
  }
}

void add_overview(Page& page, const Survey& survey) {
  size_t studies = 0, images = 0, patients = 0, boxes = 0;
  std::vector<double> lengths, findings;
  for (const SplitSurvey& split : survey.splits) {
    studies += split.studies;
    images += split.images;
    patients += split.patients;
    lengths.insert(lengths.end(), split.lengths().begin(), split.lengths().end());
    findings.insert(findings.end(), split.findings.begin(), split.findings.end());
  }
  for (const auto& [finding, one] : survey.boxes) boxes += one.boxes;
  const bool has_images = !survey.images.widths.empty();
  std::vector<pages::Fact> facts{
      {grouped(studies), "studies", fmt::format("{} patients", grouped(patients))},
      {has_images ? grouped(images) : "no", "pictures", has_images ? "" : "prepared without them"},
      {grouped(boxes), "boxes", fmt::format("in {} studies", grouped(survey.studies_with_boxes))}};
  if (has_texts(survey)) {
    const Summary length = summarize(lengths);
    const Correlation r = spearman(lengths, findings);
    facts.push_back({fmt::format("{:.0f}", length.median),
                     length_name(survey) + " a report (median)",
                     fmt::format("5 to 95 %: {:.0f} to {:.0f}", length.p5, length.p95)});
    facts.push_back({r.is_defined ? fmt::format("{:+.2f}", r.value) : "n/a",
                     "length and findings (rho)",
                     r.is_defined ? fmt::format("95 % interval {:+.2f} to {:+.2f}", r.low, r.high)
                                  : "too few studies"});
  }
  page.facts(facts);
  Table table({{"split"},
               {"patients", true},
               {"studies", true},
               {"pictures", true},
               {"median length", true},
               {"findings a study", true},
               {"no finding", true}});
  for (const SplitSurvey& split : survey.splits) {
    const LabelCounts& none = split.labels[static_cast<size_t>(Finding::kNoFinding)];
    table.row({split.name, grouped(split.patients), grouped(split.studies), grouped(split.images),
               has_texts(survey) ? fmt::format("{:.0f} {}", summarize(split.lengths()).median,
                                               length_name(survey))
                                 : "-",
               fmt::format("{:.2f}", summarize(split.findings).mean),
               percent(none.positive, split.studies)});
  }
  page.table(table);
}

void add_lengths(Page& page, const Survey& survey) {
  page.section("Report length",
               survey.tokenizer
                   ? "Pieces of the set's own tokenizer, findings and impression together."
                   : "Words of findings and impression together; the folder holds no tokenizer.");
  std::vector<double> all;
  for (const SplitSurvey& split : survey.splits)
    all.insert(all.end(), split.lengths().begin(), split.lengths().end());
  pages::Histogram histogram{.title = "How long the reports are",
                             .x_label = length_name(survey) + " a report",
                             .y_label = "share of studies",
                             .low = 0,
                             .high = round_axis_end(all)};
  Table table({{"split"},
               {"mean", true},
               {"least", true},
               {"5 %", true},
               {"median", true},
               {"95 %", true},
               {"most", true}});
  for (const SplitSurvey& split : survey.splits) {
    const Summary s = summarize(split.lengths());
    // A few studies make spikes, no shape.
    if (s.count >= 30 || survey.splits.size() == 1 || &split == &survey.splits[0]) {
      histogram.series.push_back(
          {split.name, bin_shares(split.lengths(), 0, histogram.high, kLengthBins)});
    }
    table.row({split.name, fmt::format("{:.1f}", s.mean), fmt::format("{:.0f}", s.minimum),
               fmt::format("{:.0f}", s.p5), fmt::format("{:.0f}", s.median),
               fmt::format("{:.0f}", s.p95), fmt::format("{:.0f}", s.maximum)});
  }
  page.figure(pages::histogram_svg(histogram),
              "Longer than the axis counts to the last bin; splits of fewer than 30 studies are in "
              "the table only.");
  page.table(table);
}

void add_findings(Page& page, const Survey& survey) {
  page.section("Findings",
               "CheXpert's 14 observations as they are labelled, a study counted once. "
               "What is not drawn is denied or not mentioned.");
  std::array<LabelCounts, kFindingCount> all{};
  size_t studies = 0;
  for (const SplitSurvey& split : survey.splits) {
    studies += split.studies;
    for (size_t f = 0; f < kFindingCount; ++f) {
      all[f].positive += split.labels[f].positive;
      all[f].uncertain += split.labels[f].uncertain;
      all[f].negative += split.labels[f].negative;
    }
  }
  std::vector<Finding> order(all_findings().begin(), all_findings().end());
  std::stable_sort(order.begin(), order.end(), [&](Finding a, Finding b) {
    const LabelCounts &x = all[static_cast<size_t>(a)], &y = all[static_cast<size_t>(b)];
    return x.positive + x.uncertain > y.positive + y.uncertain;
  });
  pages::StackedBars bars{.title = has_texts(survey) ? "How often each finding is said"
                                                     : "How often each finding is labelled",
                          .x_label = "share of studies",
                          .parts = {"positive", "uncertain"}};
  pages::HeatMap map{.title = "Positive or uncertain, by split (% of the split's studies)",
                     .digits = 1};
  for (const SplitSurvey& split : survey.splits) map.columns.push_back(split.name);
  const auto n = static_cast<double>(std::max<size_t>(1, studies));
  for (Finding finding : order) {
    const LabelCounts& c = all[static_cast<size_t>(finding)];
    bars.rows.push_back(
        {finding_name(finding),
         {static_cast<double>(c.positive) / n, static_cast<double>(c.uncertain) / n},
         fmt::format("{} + {}", grouped(c.positive), grouped(c.uncertain))});
    map.rows.push_back(finding_name(finding));
    map.values.emplace_back();
    for (const SplitSurvey& split : survey.splits) {
      const LabelCounts& one = split.labels[static_cast<size_t>(finding)];
      map.values.back().push_back(100 * static_cast<double>(one.positive + one.uncertain) /
                                  static_cast<double>(std::max<size_t>(1, split.studies)));
    }
  }
  page.figure(pages::stacked_bars_svg(bars),
              "Studies that say it, and studies that only suspect it.");
  page.figure(pages::heat_map_svg(map), "The splits of a fair set look alike.");
}

void add_correlation(Page& page, const Survey& survey) {
  page.section("Length and number of findings",
               "Whether long reports are long because there is more to say. Findings: positive or "
               "uncertain ones without devices.");
  pages::LineChart chart{.title = "Length by number of findings",
                         .x_label = "findings in the report",
                         .y_label = length_name(survey) + ", median with quartiles"};
  std::map<double, std::vector<double>> by_count;
  Table table({{"split"}, {"studies", true}, {"Spearman's rho"}, {"Pearson's r"}});
  const auto text = [](const Correlation& c) {
    return c.is_defined ? fmt::format("{:+.3f}  ({:+.3f} to {:+.3f})", c.value, c.low, c.high)
                        : std::string("not defined");
  };
  for (const SplitSurvey& split : survey.splits) {
    for (size_t i = 0; i < split.findings.size(); ++i)
      by_count[std::min(split.findings[i], 8.0)].push_back(split.lengths()[i]);
    table.row({split.name, grouped(split.studies), text(spearman(split.lengths(), split.findings)),
               text(pearson(split.lengths(), split.findings))});
  }
  pages::Series series{.name = "", .has_points = true};
  for (auto& [count, lengths] : by_count) {
    if (lengths.size() < 5) continue;
    std::sort(lengths.begin(), lengths.end());
    series.x.push_back(count);
    series.y.push_back(quantile(lengths, 0.5));
    series.low.push_back(quantile(lengths, 0.25));
    series.high.push_back(quantile(lengths, 0.75));
  }
  if (series.x.size() > 1) {
    chart.series.push_back(std::move(series));
    page.figure(pages::line_chart_svg(chart),
                "Counts with fewer than five studies are left out; 8 stands for 8 and more.");
  }
  page.table(table.caption("With 95 % intervals: Fisher's for r, Bonett and Wright's for rho."));
}

void add_terms(Page& page, const Survey& survey) {
  page.section(
      "Medical terms",
      fmt::format("The {} most frequent of a fixed list of medical terms "
                  "(data/medical_terms.json), by the studies that use them. Denied ones count: "
                  "this is what the reports speak of, not what the patients have.",
                  std::min(kShownTerms, survey.terms.size())));
  size_t studies = 0;
  for (const SplitSurvey& split : survey.splits) studies += split.studies;
  pages::StackedBars bars{.title = "Terms", .x_label = "share of studies", .parts = {"share"}};
  for (size_t i = 0; i < std::min(kShownTerms, survey.terms.size()); ++i) {
    const TermCount& term = survey.terms[i];
    bars.rows.push_back(
        {term.name,
         {static_cast<double>(term.studies) / static_cast<double>(std::max<size_t>(1, studies))},
         fmt::format("{}, {} times", term.kind, grouped(term.occurrences))});
  }
  if (!bars.rows.empty()) page.figure(pages::stacked_bars_svg(bars));
}

}  // namespace

std::string explore_page(const Survey& survey, const PageFacts& facts,
                         const std::vector<Example>& examples) {
  Page page("What is in " + facts.name,
            facts.source.empty() ? "a prepared dataset" : "prepared from " + facts.source);
  add_banners(page, survey, facts, !examples.empty());
  add_overview(page, survey);
  if (has_texts(survey)) add_lengths(page, survey);
  add_findings(page, survey);
  if (has_texts(survey)) {
    add_correlation(page, survey);
    add_terms(page, survey);
  }
  add_people(page, survey);
  add_images(page, survey);
  add_boxes(page, survey);
  add_tokenizer(page, survey);
  add_examples(page, examples);
  return page.html();
}

}  // namespace radgen::explore
