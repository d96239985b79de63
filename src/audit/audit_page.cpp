#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audit/page_sections.h"

namespace radgen::audit {
namespace {

using pages::Page;
using pages::Table;
using pages::Tone;

// How early a reader wants to know of a difference in this endpoint.
int rank_of(const AuditResult& result, const Comparison& c) {
  const Measure measure = c.endpoint.measure;
  const int of_measure = measure == Measure::kAnySensitivity   ? 0
                         : measure == Measure::kFalseNoFinding ? 1
                         : measure == Measure::kNoDraft        ? 2
                         : measure == Measure::kAnySpecificity ? 3
                         : measure == Measure::kSensitivity    ? 4
                                                               : 5;
  return of_measure + (is_single(result, c) ? 0 : 10);
}

void add_verdict(Page& page, const AuditResult& result, const AuditGate& gate) {
  const std::vector<const Comparison*> disparities = for_a_reader(result, Verdict::kDisparity);
  if (disparities.empty()) {
    page.callout(
        Tone::kGood, "No disparity was shown",
        fmt::format(
            "None of {} tests shows that the drafts serve one group differently from the others at "
            "equal finding, severity, view and age. That is no proof that there is none: the "
            "section on power says what these cases could have shown.",
            result.tests));
  }
  size_t shown = 0;
  for (const Comparison* c : disparities) {
    if (++shown > kMostCallouts) break;
    page.callout(
        c->is_worse() ? Tone::kAlarm : Tone::kWarning,
        c->is_worse() ? "Disparity: worse for this group" : "Disparity: better for this group",
        sentence_of(result, *c) +
            fmt::format(" (p {} after correction for all tests).", p_text(c->adjusted_p)));
  }
  if (disparities.size() > kMostCallouts) {
    page.paragraph(
        fmt::format("{} more in the table of differences, intersections of groups among them.",
                    disparities.size() - kMostCallouts));
  }
  for (const AttentionComparison& a : result.attention) {
    if (!a.is_different) continue;
    page.callout(Tone::kNote, "Attention lies elsewhere for this group",
                 fmt::format("{}: {} {:.3f} against {:.3f} of the others (p {}). That is no worse "
                             "detection by itself; see the section on where the model looked.",
                             result.group(a.attribute, a.level), a.feature, a.mean, a.other_mean,
                             p_text(a.p)));
  }
  std::vector<const Comparison*> confounded = for_a_reader(result, Verdict::kConfounded);
  std::erase_if(confounded, [&](const Comparison* c) { return !is_single(result, *c); });
  for (size_t i = 0; i < std::min(confounded.size(), kMostCallouts); ++i) {
    const Comparison& c = *confounded[i];
    const std::string why = explanation_of(c);
    page.callout(
        Tone::kNote, "A gap that is no disparity",
        fmt::format("{}: {} differs by {} points as it stands, but by {} at equal finding, "
                    "severity, view and "
                    "age.{}",
                    group_cell(result, c), c.endpoint.name(), points(c.raw.value),
                    points(c.adjusted.value), why.empty() ? "" : " Explained by " + why + "."));
  }
  if (gate.above) {
    const bool has_failed = gate.has_failed(result);
    page.callout(
        has_failed ? Tone::kAlarm : Tone::kGood,
        has_failed ? "The gate failed" : "The gate was passed",
        fmt::format(
            "The largest disparity between groups of people is {:.1f} points; {:.1f} were allowed.",
            100 * largest_disparity(result), 100 * *gate.above));
  }
}

void add_facts(Page& page, const AuditResult& result) {
  const auto groups = std::count_if(
      result.sizes.begin(), result.sizes.end(),
      [&](const GroupSize& s) { return !s.is_small && !result.attributes[s.attribute].is_pair; });
  page.facts(
      {{std::to_string(result.studies), "studies", fmt::format("{} patients", result.patients)},
       {std::to_string(groups), "groups compared", "single attributes"},
       {std::to_string(result.tests), "tests",
        fmt::format("false alarm of any: set to {:.0f} %", 100 * result.options.alpha)},
       {std::to_string(result.count(Verdict::kDisparity)), "disparities", ""},
       {std::to_string(result.count(Verdict::kConfounded)), "confounded gaps",
        "explained by the films"}});
}

void add_groups(Page& page, const AuditResult& result, const Intake& intake) {
  page.section("Who was on the films",
               "Groups differ in more than their name. Where they differ in these shares, a raw "
               "difference in detection "
               "need not be the model's fault; that is why every difference is also given at equal "
               "finding, severity, "
               "view and age.");
  Table table({{"attribute"},
               {"group"},
               {"studies", true},
               {"patients", true},
               {"abnormal", true},
               {"AP films", true},
               {"severe findings", true}});
  for (const GroupSize& s : result.sizes) {
    const Attribute& attribute = result.attributes[s.attribute];
    if (attribute.is_pair) continue;
    table.row({attribute.name, result.group(s.attribute, s.level) + (s.is_small ? " (small)" : ""),
               std::to_string(s.studies), std::to_string(s.patients), percent(s.abnormal),
               percent(s.ap), percent(s.severe)});
  }
  for (const Attribute& attribute : result.attributes) {
    const size_t unknown = attribute.count(kNoLevel);
    if (!attribute.is_pair && unknown > 0) {
      table.row({attribute.name, "unknown (compared with nobody)", std::to_string(unknown), "-",
                 "-", "-", "-"});
    }
  }
  page.table(table);
  for (const std::string& note : intake.notes) page.callout(Tone::kNote, "Note", note);
}

}  // namespace

std::vector<const Comparison*> select(const AuditResult& result,
                                      const std::function<bool(const Comparison&)>& wanted) {
  std::vector<const Comparison*> chosen;
  for (const Comparison& c : result.comparisons) {
    if (wanted(c)) chosen.push_back(&c);
  }
  return chosen;
}

void sort_by_gap(std::vector<const Comparison*>& comparisons) {
  std::stable_sort(comparisons.begin(), comparisons.end(), [](const auto* a, const auto* b) {
    return std::abs(a->gap()) > std::abs(b->gap());
  });
}

std::vector<const Comparison*> for_a_reader(const AuditResult& result, Verdict verdict) {
  std::vector<const Comparison*> rows =
      select(result, [&](const Comparison& c) { return c.verdict == verdict; });
  const std::vector<const Comparison*> all = rows;
  std::erase_if(rows, [&](const Comparison* c) {
    if (result.attributes[c->attribute].levels.size() != 2 || c->is_worse()) return false;
    return std::any_of(all.begin(), all.end(), [&](const Comparison* other) {
      return other->attribute == c->attribute && other->level != c->level && other->is_worse() &&
             other->endpoint.name() == c->endpoint.name();
    });
  });
  sort_by_gap(rows);
  std::stable_sort(rows.begin(), rows.end(), [&](const Comparison* a, const Comparison* b) {
    return rank_of(result, *a) < rank_of(result, *b);
  });
  return rows;
}

bool is_single(const AuditResult& result, const Comparison& c) {
  return !result.attributes[c.attribute].is_pair;
}

std::string group_cell(const AuditResult& result, const Comparison& c) {
  return result.group(c.attribute, c.level);
}

std::string audit_page_html(const AuditResult& result, const Intake& intake, const AuditGate& gate,
                            const AuditPageOptions& options) {
  Page page("Fairness audit",
            fmt::format("{}{}{} studies of {} patients", options.title,
                        options.title.empty() ? "" : ", ", result.studies, result.patients));
  page.paragraph(
      "Does the model draft equally good reports for everybody? This page compares, for each group "
      "of patients, how often the drafts state "
      "what is there, how often they make something up, and where the model looked.");
  if (options.is_synthetic) {
    page.callout(Tone::kWarning, "Synthetic data",
                 "These are phantoms. What is said here says nothing about patients.");
  }
  add_verdict(page, result, gate);
  add_facts(page, result);
  add_groups(page, result, intake);
  add_detection(page, result);
  add_differences(page, result);
  add_findings(page, result);
  add_pairs(page, result);
  add_attention(page, result);
  add_metrics(page, result);
  add_power(page, result);
  add_examples(page, result, intake, options.examples);
  add_methods(page, result, intake);
  return page.html();
}

std::string audit_text(const AuditResult& result, const Intake& intake, const AuditGate& gate) {
  std::string text =
      fmt::format("{} studies of {} patients, {} tests, false alarm of any set to {:.0f} %\n",
                  result.studies, result.patients, result.tests, 100 * result.options.alpha);
  for (const std::string& note : intake.notes) text += "note: " + note + "\n";
  for (const Verdict verdict : {Verdict::kDisparity, Verdict::kUnclear, Verdict::kConfounded}) {
    const std::vector<const Comparison*> rows = for_a_reader(result, verdict);
    for (size_t i = 0; i < std::min<size_t>(rows.size(), 10); ++i) {
      const std::string why = explanation_of(*rows[i]);
      text += fmt::format("{}: {}{}\n", verdict_name(verdict), sentence_of(result, *rows[i]),
                          why.empty() ? "" : "; raw gap explained by " + why);
    }
    if (rows.size() > 10)
      text += fmt::format("{}: {} more\n", verdict_name(verdict), rows.size() - 10);
  }
  for (const AttentionComparison& a : result.attention) {
    if (a.is_different) {
      text += fmt::format("attention: {}: {} {:.3f} against {:.3f}\n",
                          result.group(a.attribute, a.level), a.feature, a.mean, a.other_mean);
    }
  }
  if (result.count(Verdict::kDisparity) == 0) text += "no disparity was shown\n";
  if (gate.above) {
    text += fmt::format("gate: largest disparity {:.3f}, allowed {:.3f}: {}\n",
                        largest_disparity(result), *gate.above,
                        gate.has_failed(result) ? "failed" : "passed");
  }
  return text;
}

}  // namespace radgen::audit
