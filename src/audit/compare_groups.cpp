#include <algorithm>
#include <cmath>
#include <set>

#include "audit/comparison.h"
#include "audit/steps.h"
#include "audit/westfall_young.h"
#include "radgen/core/parallel.h"

namespace radgen::audit {
namespace {

// Rules of thumb for a normal approximation of counts, and for an error by patients.
constexpr double kMinExpected = 5;
constexpr size_t kMinPatients = 10;
constexpr double kPowerZ = 0.8416212335729143;  // P(Z < z) = .8
constexpr double kHalved = 0.5;

// One endpoint by the levels of one attribute.
struct Block {
  size_t attribute = 0, trials = 0;
  Layout layout;
  std::vector<Comparison> comparisons;  // by level
  std::vector<GapTest> raw, adjusted;   // by level; t() = 0 where it is not tested
  std::vector<bool> is_tested, is_adjusted_tested;
  std::vector<size_t> raw_test, adjusted_test;  // places in the family
};

bool has_enough(const Tally::Rates& rates, double matched, int64_t min_cases, int64_t patients) {
  const double all = rates.trials + rates.other_trials;
  if (std::min(matched, rates.other_trials) < static_cast<double>(min_cases)) return false;
  if (patients < static_cast<int64_t>(kMinPatients)) return false;
  const double mean = (rates.yes + rates.other_yes) / all;
  return std::min(matched, rates.other_trials) * std::min(mean, 1 - mean) >= kMinExpected;
}

Block make_block(const AuditContext& context, const AuditResult& result,
                 const std::vector<Trials>& all, size_t attribute, size_t trials) {
  Block block{attribute, trials};
  const Attribute& a = result.attributes[attribute];
  block.layout = make_layout(all[trials], a, context.cases, context.patient_of, {});
  const Layout flat = without_strata(block.layout);
  const Tally tally(block.layout, {}), flat_tally(flat, {});
  const size_t levels = a.levels.size();
  block.raw.resize(levels);
  block.adjusted.resize(levels);
  std::vector<std::set<uint32_t>> patients(levels);
  for (size_t i = 0; i < block.layout.size(); ++i) {
    patients[static_cast<size_t>(block.layout.level[i])].insert(block.layout.patient[i]);
  }
  for (size_t l = 0; l < levels; ++l) {
    const int level = static_cast<int>(l);
    const Tally::Rates rates = tally.raw(level);
    const Tally::Stratified equal = tally.stratified(level);
    Comparison c;
    c.attribute = attribute;
    c.level = level;
    c.endpoint = all[trials].endpoint;
    c.trials = static_cast<int64_t>(rates.trials);
    c.other_trials = static_cast<int64_t>(rates.other_trials);
    c.patients = static_cast<int64_t>(patients[l].size());
    c.rate.value = rates.rate();
    c.other_rate.value = rates.other_rate();
    c.raw.value = rates.gap();
    c.adjusted.value = equal.gap();
    if (equal.weight > 0) {
      c.standardised = equal.rate;
      c.other_standardised = equal.other_rate;
    }
    c.matched = rates.trials > 0 ? equal.matched / rates.trials : 0;
    const int64_t min_cases = result.options.min_cases;
    const bool is_described = a.is_pair && c.endpoint.measure == Measure::kSpecificity;
    if (is_described) c.verdict = Verdict::kDescribed;
    const bool is_tested = !is_described && has_enough(rates, rates.trials, min_cases, c.patients);
    const bool is_adjusted_tested =
        is_tested && has_enough(rates, equal.matched, min_cases, c.patients);
    block.is_tested.push_back(is_tested);
    block.is_adjusted_tested.push_back(is_adjusted_tested);
    // Of two levels the second is the first with its sign turned.
    const bool is_mirror = levels == 2 && l == 1;
    if (is_tested && !is_mirror) block.raw[l] = test_gap(flat, flat_tally, level);
    if (is_adjusted_tested && !is_mirror) block.adjusted[l] = test_gap(block.layout, tally, level);
    block.comparisons.push_back(std::move(c));
  }
  return block;
}

// How much an endpoint and a group matter, for the shares of alpha. Set by hand before any outcome:
// the detection of findings in groups of people first; pairs of groups and the specificity of
// single findings, of which there are many, last.
double importance(const Endpoint& endpoint, const Attribute& attribute) {
  double value = 1;
  switch (endpoint.measure) {
    case Measure::kAnySensitivity:
      value = 1;
      break;
    case Measure::kSensitivity:
      value = 0.3;
      break;
    case Measure::kFalseNoFinding:
    case Measure::kNoDraft:
      value = 0.15;
      break;
    case Measure::kAnySpecificity:
      value = 0.05;
      break;
    case Measure::kSpecificity:
      value = 0.005;
      break;
  }
  if (!attribute.is_of_people) value *= 0.1;
  if (attribute.is_pair) value *= 0.02;
  return value;
}

void test_family(const AuditContext& context, std::vector<Block>& blocks, AuditResult& result) {
  constexpr double kRawImportance = 0.25;  // a raw gap only asks the question
  // Is a group served worse? Where there are more than two groups nine tenths of the error are for
  // that; with two, better for one is worse for the other.
  constexpr double kWorsePart = 0.9;
  std::vector<WestfallYoungTest> tests;
  std::vector<Stake> stakes;
  const auto add = [&](GapTest& gap, double matters, double worse_part, bool is_better_when_high) {
    const float sign = is_better_when_high ? -1.0f : 1.0f;  // up is worse
    for (auto& [patient, score] : gap.by_patient) score *= sign;
    tests.push_back({sign * gap.t(), 0, worse_part, std::move(gap.by_patient)});
    stakes.push_back({result.options.target_gap / gap.standard_error, matters});
    return tests.size() - 1;
  };
  constexpr size_t kNone = static_cast<size_t>(-1);
  for (Block& block : blocks) {
    block.raw_test.assign(block.comparisons.size(), kNone);
    block.adjusted_test = block.raw_test;
    const Endpoint& endpoint = block.comparisons.front().endpoint;
    const bool is_up_better = endpoint.is_better_when_high();
    const double matters = importance(endpoint, result.attributes[block.attribute]);
    const double worse_part = block.comparisons.size() > 2 ? kWorsePart : 0.5;
    for (size_t l = 0; l < block.comparisons.size(); ++l) {
      if (block.raw[l].standard_error > 0) {
        block.raw_test[l] = add(block.raw[l], kRawImportance * matters, 0.5, is_up_better);
      }
      if (block.adjusted[l].standard_error > 0) {
        block.adjusted_test[l] = add(block.adjusted[l], matters, worse_part, is_up_better);
      }
    }
  }
  result.tests = static_cast<int64_t>(tests.size());
  const std::vector<double> shares = shares_of(stakes, result.detection_alpha);
  for (size_t i = 0; i < tests.size(); ++i) tests[i].share = shares[i];
  const WestfallYoungResult family =
      westfall_young(tests, context.patients, static_cast<size_t>(result.options.sign_flips),
                     result.detection_alpha, static_cast<uint64_t>(result.options.seed),
                     static_cast<int>(result.options.threads));
  for (Block& block : blocks) {
    for (size_t l = 0; l < block.comparisons.size(); ++l) {
      const size_t from = block.comparisons.size() == 2 ? 0 : l;
      Comparison& c = block.comparisons[l];
      if (block.raw_test[from] != kNone && block.is_tested[l]) {
        c.raw_p = family.corrected_p[block.raw_test[from]];
      }
      if (block.adjusted_test[from] != kNone && block.is_adjusted_tested[l]) {
        c.adjusted_p = family.corrected_p[block.adjusted_test[from]];
        c.detectable = (family.critical_z[block.adjusted_test[from]] + kPowerZ) *
                       block.adjusted[from].standard_error;
      }
    }
  }
}

void judge(const AuditContext& context, const Trials& trials, const AuditResult& result,
           Comparison& c) {
  const double alpha = result.detection_alpha;
  if (std::isnan(c.raw_p) && std::isnan(c.adjusted_p)) return;  // too few, or only described
  const bool is_raw = c.raw_p <= alpha, is_adjusted = c.adjusted_p <= alpha;
  if (is_adjusted) {
    c.verdict = Verdict::kDisparity;
  } else if (!is_raw) {
    c.verdict = Verdict::kNoDifference;
  } else {
    const bool is_halved = std::abs(c.adjusted.value) <= kHalved * std::abs(c.raw.value) ||
                           c.adjusted.value * c.raw.value < 0;
    c.verdict =
        !std::isnan(c.adjusted.value) && is_halved ? Verdict::kConfounded : Verdict::kUnclear;
  }
  if (!is_raw) return;
  const Attribute& attribute = result.attributes[c.attribute];
  const auto explain = [&](Confounder confounder, const Strata& strata) {
    const Layout layout = make_layout(trials, attribute, context.cases, context.patient_of, strata);
    const double left = Tally(layout, {}).stratified(c.level).gap();
    if (!std::isnan(left)) c.explained_by.emplace_back(confounder, 1 - left / c.raw.value);
  };
  explain(Confounder::kSeverity, {true, false, false});
  if (!attribute.uses_view) explain(Confounder::kView, {false, true, false});
  if (!attribute.uses_age) explain(Confounder::kAge, {false, false, true});
  std::stable_sort(c.explained_by.begin(), c.explained_by.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
}

// Resamples of nothing but hits hold nothing but hits: 4 of 4 is not 100 % for certain.
void widen_if_certain(Estimate& rate, int64_t trials) {
  if (rate.value == 0) rate.high = evaluation::wilson_interval(0, trials).high;
  if (rate.value == 1) rate.low = evaluation::wilson_interval(trials, trials).low;
}

void add_intervals(const AuditContext& context, Block& block) {
  const size_t levels = block.comparisons.size(), count = context.resamples.size();
  if (count == 0) return;
  struct Values {
    std::vector<double> rate, other, raw, adjusted;
  };
  std::vector<Values> values(levels);
  for (const std::vector<uint8_t>& weights : context.resamples) {
    const Tally tally(block.layout, weights);
    for (size_t l = 0; l < levels; ++l) {
      const Tally::Rates rates = tally.raw(static_cast<int>(l));
      values[l].rate.push_back(rates.rate());
      values[l].other.push_back(rates.other_rate());
      values[l].raw.push_back(rates.gap());
      values[l].adjusted.push_back(tally.stratified(static_cast<int>(l)).gap());
    }
  }
  for (size_t l = 0; l < levels; ++l) {
    Comparison& c = block.comparisons[l];
    const auto set = [](Estimate& estimate, std::vector<double>& v) {
      const evaluation::Interval interval = evaluation::percentile_interval(std::move(v));
      estimate.low = interval.low;
      estimate.high = interval.high;
    };
    set(c.rate, values[l].rate);
    set(c.other_rate, values[l].other);
    widen_if_certain(c.rate, c.trials);
    widen_if_certain(c.other_rate, c.other_trials);
    set(c.raw, values[l].raw);
    set(c.adjusted, values[l].adjusted);
  }
}

}  // namespace

void compare_groups(const AuditContext& context, AuditResult& result) {
  const std::vector<Trials> all = trials_of(context.cases);
  const int threads = static_cast<int>(result.options.threads);
  std::vector<Block> blocks(result.attributes.size() * all.size());
  parallel_for(blocks.size(), threads, [&](size_t i) {
    blocks[i] = make_block(context, result, all, i / all.size(), i % all.size());
  });
  test_family(context, blocks, result);
  parallel_for(blocks.size(), threads, [&](size_t i) {
    for (Comparison& c : blocks[i].comparisons) judge(context, all[blocks[i].trials], result, c);
    add_intervals(context, blocks[i]);
  });
  for (Block& block : blocks) {
    for (Comparison& c : block.comparisons) {
      if (c.trials > 0) result.comparisons.push_back(std::move(c));
    }
  }
}

}  // namespace radgen::audit
