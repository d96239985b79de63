#include "audit/trials.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>

namespace radgen::audit {
namespace {

using evaluation::bit;
using evaluation::has;

FindingSet pathologies() {
  FindingSet set = 0;
  for (const Finding f : all_findings()) {
    if (f != Finding::kNoFinding && f != Finding::kSupportDevices) set |= bit(f);
  }
  return set;
}

// How much is wrong: 0, 1, 2, 3 and more findings.
uint8_t burden(const AuditCase& c) {
  const auto found = std::popcount(static_cast<FindingSet>(c.reference & pathologies()));
  return static_cast<uint8_t>(std::min(3, found));
}

// The worst finding counts, and then how many there are: one severe finding is seldom called
// normal.
uint8_t sickness(const AuditCase& c) {
  int worst = 0;
  for (const Finding f : all_findings()) {
    if (has(c.reference & pathologies(), f)) {
      worst = std::max(worst, static_cast<int>(c.severity[static_cast<size_t>(f)]));
    }
  }
  return static_cast<uint8_t>(4 * worst + burden(c));
}

struct Collector {
  std::vector<Trials>& all;
  void add(Measure measure, Finding finding, std::vector<Trial> trials) {
    if (!trials.empty()) all.push_back({{measure, finding}, std::move(trials)});
  }
};

// Strata thinner than this on average compare hardly anything: two groups seldom meet in one.
constexpr size_t kMinMeanStratum = 25;
constexpr size_t kDifficultyStratum = 50, kMostDifficultyStrata = 10;

// How likely a yes is, from an additive model of the covariates (columns, one value a trial) that
// does not know the groups: least squares by backfitting, effects of rare values drawn towards
// zero.
std::vector<double> difficulty(const std::vector<std::vector<int>>& columns,
                               const std::vector<uint8_t>& is_yes) {
  constexpr int kSweeps = 8;
  constexpr double kShrink = 2;  // trials at the mean that are added to each value
  const size_t n = is_yes.size();
  double mean = 0;
  for (const uint8_t y : is_yes) mean += y;
  mean /= static_cast<double>(n);
  std::vector<double> fitted(n, mean);
  std::vector<std::vector<double>> effects;
  for (const auto& column : columns) {
    effects.emplace_back(static_cast<size_t>(*std::max_element(column.begin(), column.end())) + 1,
                         0.0);
  }
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (size_t c = 0; c < columns.size(); ++c) {
      std::vector<double> sum(effects[c].size(), 0.0), count(effects[c].size(), kShrink);
      for (size_t i = 0; i < n; ++i) {
        const size_t value = static_cast<size_t>(columns[c][i]);
        sum[value] += is_yes[i] - fitted[i] + effects[c][value];
        count[value] += 1;
      }
      std::vector<double> change(effects[c].size());
      for (size_t v = 0; v < sum.size(); ++v) {
        change[v] = sum[v] / count[v] - effects[c][v];
        effects[c][v] += change[v];
      }
      for (size_t i = 0; i < n; ++i) fitted[i] += change[static_cast<size_t>(columns[c][i])];
    }
  }
  return fitted;
}

// Strata of about equal size in the order of difficulty; what is equally difficult stays together.
int cut_by_difficulty(const std::vector<double>& score, std::vector<int>& stratum) {
  std::vector<size_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return score[a] < score[b]; });
  const size_t strata =
      std::clamp<size_t>(score.size() / kDifficultyStratum, 1, kMostDifficultyStrata);
  const size_t size = (score.size() + strata - 1) / strata;
  int current = 0;
  size_t in_current = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const bool is_tied = i > 0 && score[order[i]] - score[order[i - 1]] < 1e-9;
    if (in_current >= size && !is_tied) {
      ++current;
      in_current = 0;
    }
    stratum[order[i]] = current;
    ++in_current;
  }
  return current + 1;
}

}  // namespace

std::vector<Trials> trials_of(const std::vector<AuditCase>& cases) {
  std::vector<Trials> all;
  Collector collector{all};
  std::vector<Trial> any_there, any_absent, false_normal, no_draft;
  std::vector<std::vector<Trial>> there(kFindingCount), absent(kFindingCount);
  for (size_t i = 0; i < cases.size(); ++i) {
    const AuditCase& c = cases[i];
    Trial trial{static_cast<uint32_t>(i), 0, burden(c), !c.has_draft};
    no_draft.push_back(trial);
    if ((c.reference & pathologies()) != 0) {
      trial.severity = sickness(c);
      trial.is_yes = c.has_draft && has(c.draft, Finding::kNoFinding);
      false_normal.push_back(trial);
    }
    for (const Finding f : all_findings()) {
      const size_t place = static_cast<size_t>(f);
      const bool is_there = has(c.reference, f), is_stated = c.has_draft && has(c.draft, f);
      trial.severity = is_there ? static_cast<uint8_t>(c.severity[place]) : burden(c);
      trial.is_yes = is_there == is_stated;
      (is_there ? there : absent)[place].push_back(trial);
      if (f == Finding::kNoFinding) continue;
      trial.kind = static_cast<uint16_t>(place);
      (is_there ? any_there : any_absent).push_back(trial);
      trial.kind = 0;
    }
  }
  collector.add(Measure::kAnySensitivity, Finding::kNoFinding, std::move(any_there));
  collector.add(Measure::kAnySpecificity, Finding::kNoFinding, std::move(any_absent));
  collector.add(Measure::kFalseNoFinding, Finding::kNoFinding, std::move(false_normal));
  if (std::any_of(no_draft.begin(), no_draft.end(), [](const Trial& t) { return t.is_yes; })) {
    collector.add(Measure::kNoDraft, Finding::kNoFinding, std::move(no_draft));
  }
  for (const Finding f : all_findings()) {
    const size_t place = static_cast<size_t>(f);
    if (there[place].empty())
      continue;  // a finding that never occurs has no error that would matter
    collector.add(Measure::kSensitivity, f, std::move(there[place]));
    // That of No Finding is the false No Finding, which counts the abnormal studies only.
    if (f != Finding::kNoFinding) collector.add(Measure::kSpecificity, f, std::move(absent[place]));
  }
  return all;
}
Layout make_layout(const Trials& trials, const Attribute& attribute,
                   const std::vector<AuditCase>& cases, const std::vector<uint32_t>& patient_of,
                   const Strata& strata) {
  Layout layout;
  layout.levels = static_cast<int>(attribute.levels.size());
  std::map<std::string, int> ages, views;
  const auto number = [](std::map<std::string, int>& of, const std::string& value) {
    return of.emplace(value, static_cast<int>(of.size())).first->second;
  };
  std::vector<int> view(cases.size(), 0), age(cases.size(), 0);
  for (size_t i = 0; i < cases.size(); ++i) {
    if (strata.by_view && !attribute.uses_view) view[i] = number(views, cases[i].view);
    if (strata.by_age && !attribute.uses_age) age[i] = number(ages, age_group(cases[i].age_years));
  }
  std::vector<std::vector<int>> columns(4);  // kind, severity, view, age
  std::map<std::array<int, 4>, int> cells;
  for (const Trial& trial : trials.trials) {
    const int level = attribute.level_of[trial.case_index];
    if (level == kNoLevel) continue;
    const std::array<int, 4> cell{trial.kind, strata.by_severity ? trial.severity : 0,
                                  view[trial.case_index], age[trial.case_index]};
    for (size_t c = 0; c < cell.size(); ++c) columns[c].push_back(cell[c]);
    layout.stratum.push_back(cells.emplace(cell, static_cast<int>(cells.size())).first->second);
    layout.level.push_back(level);
    layout.patient.push_back(patient_of[trial.case_index]);
    layout.is_yes.push_back(trial.is_yes);
  }
  layout.strata = static_cast<int>(cells.size());
  if (layout.size() > 0 && layout.size() < kMinMeanStratum * cells.size()) {
    layout.strata = cut_by_difficulty(difficulty(columns, layout.is_yes), layout.stratum);
  }
  return layout;
}

}  // namespace radgen::audit
