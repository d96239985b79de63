#include "radgen/audit/simulation.h"

#include <algorithm>
#include <cmath>

#include "audit/westfall_young.h"
#include "radgen/core/error.h"
#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/core/statistics.h"

namespace radgen::audit {
namespace {

using evaluation::bit;

constexpr double kApShare = 0.6, kConfoundedApShare = 0.88;  // the phantoms' shares
const std::vector<double> kSeverities{0.35, 0.40, 0.25}, kSickerSeverities{0.20, 0.40, 0.40};

// One patient with the error that all of the patient's films share.
struct Person {
  AuditCase who;
  double luck = 0;
  bool is_last = false;  // of the group that differs
};

Person draw_person(const SimulationDesign& design, size_t group, int64_t number, Random& random) {
  Person person;
  person.who.patient_id = std::to_string(number);
  person.who.age_years = std::clamp(random.normal(62, 17), 18.0, 95.0);
  person.who.sex = random.chance(0.5) ? "female" : "male";
  person.who.race = design.races[group];
  person.is_last = group + 1 == design.races.size();
  person.luck = random.normal();
  return person;
}

double sensitivity_of(const SimulationDesign& design, const Person& person, const AuditCase& film,
                      size_t finding, size_t severity) {
  double p = design.sensitivity + design.severity_gain[severity];
  if (film.view == "AP") p -= design.ap_cost;
  if (person.is_last && finding < design.findings_with_gap) p -= design.gap;
  return std::clamp(p, 0.02, 0.98);
}

// The degree that the report's words give, on the phantoms' scale of 0 to 2.
Severity read_severity(const SimulationDesign& design, size_t severity, Random& random) {
  if (random.chance(design.unstated_severity)) return Severity::kUnstated;
  if (!random.chance(design.misread_severity)) return static_cast<Severity>(severity + 1);
  const bool is_worse = severity == 0 || (severity == 1 && random.chance(0.5));
  return static_cast<Severity>(is_worse ? severity + 2 : severity);
}

AuditCase draw_film(const SimulationDesign& design, const Person& person, Random& random) {
  AuditCase film = person.who;
  const bool is_confounded = design.is_confounded && person.is_last;
  film.view = random.chance(is_confounded ? kConfoundedApShare : kApShare) ? "AP" : "PA";
  const double shared = std::sqrt(design.patient_correlation),
               own = std::sqrt(1 - design.patient_correlation);
  const auto happens = [&](double p) {
    return normal_tail(shared * person.luck + own * random.normal()) < p;
  };
  FindingSet sick = 0, stated = 0;
  for (size_t f = 0; f < design.findings.size(); ++f) {
    const Finding finding = design.findings[f];
    const bool is_there = random.chance(design.prevalence);
    double p = 1 - design.specificity;
    if (is_there) {
      const size_t severity = random.weighted(is_confounded ? kSickerSeverities : kSeverities);
      film.severity[static_cast<size_t>(finding)] = read_severity(design, severity, random);
      film.reference |= bit(finding);
      p = sensitivity_of(design, person, film, f, severity);
    }
    if (happens(p)) film.draft |= bit(finding);
    if (finding == Finding::kSupportDevices) continue;
    sick |= film.reference & bit(finding);
    stated |= film.draft & bit(finding);
  }
  if (sick == 0) film.reference |= bit(Finding::kNoFinding);
  if (stated == 0) film.draft |= bit(Finding::kNoFinding);
  film.attention_location = {random.normal(0.7, 0.1), random.uniform(), random.normal(0.5, 0.1),
                             random.normal(0.5, 0.1)};
  return film;
}

// Verdicts on what differs for nobody. Where the last group is made different, every comparison
// that knows the race is left out, since the others' rest holds that group.
bool has_false_alarm(const SimulationDesign& design, const AuditResult& result) {
  const auto is_touched = [&](size_t attribute) {
    return (design.gap > 0 || design.is_confounded) &&
           result.attributes[attribute].name.find("race") != std::string::npos;
  };
  for (const Comparison& c : result.comparisons) {
    if (c.verdict == Verdict::kNoDifference || c.verdict == Verdict::kTooFew ||
        c.verdict == Verdict::kDescribed)
      continue;
    // Held equal in view and severity nobody differs: a disparity is false there whoever it
    // concerns.
    if (design.is_confounded && c.verdict == Verdict::kDisparity &&
        !result.attributes[c.attribute].uses_view) {
      return true;
    }
    // The view itself costs sensitivity in such a design: that is true, not false.
    if (design.ap_cost != 0 && result.attributes[c.attribute].uses_view) continue;
    if (!is_touched(c.attribute)) return true;
  }
  return std::any_of(result.attention.begin(), result.attention.end(),
                     [](const auto& a) { return a.is_different; });
}

bool concerns_last(const SimulationDesign& design, const AuditResult& result, const Comparison& c) {
  return result.attributes[c.attribute].name == "race" &&
         result.group(c.attribute, c.level) == design.races.back();
}

}  // namespace

std::vector<AuditCase> simulate_cases(const SimulationDesign& design, uint64_t seed) {
  RADGEN_CHECK(!design.findings.empty() && design.races.size() > 1,
               "a design needs findings and two groups");
  Random random(seed, {0x73696d});
  std::vector<AuditCase> cases;
  int64_t patients = 0;
  for (size_t group = 0; group < design.races.size(); ++group) {
    const bool is_last = group + 1 == design.races.size();
    const int64_t wanted = !is_last && design.positives_of_others > 0 ? design.positives_of_others
                                                                      : design.positives_per_group;
    int64_t positives = 0;
    while (positives < wanted) {
      const Person person = draw_person(design, group, patients++, random);
      const int64_t films = random.integer(1, 3);
      for (int64_t i = 0; i < films && positives < wanted; ++i) {
        AuditCase film = draw_film(design, person, random);
        for (const Finding f : design.findings) positives += evaluation::has(film.reference, f);
        film.study_id = std::to_string(cases.size());
        cases.push_back(std::move(film));
      }
    }
  }
  return cases;
}

SimulationResult simulate(const SimulationDesign& design, int64_t rounds,
                          const AuditOptions& options) {
  struct Round {
    bool is_found = false, is_false_alarm = false, is_named = false;
    size_t studies = 0;
  };
  std::vector<Round> all(static_cast<size_t>(rounds));
  AuditOptions own = options;
  own.bootstrap = 0;
  own.with_metrics = false;
  own.threads = 1;  // the rounds are what runs side by side
  parallel_for(all.size(), static_cast<int>(options.threads), [&](size_t r) {
    const uint64_t seed = hash_mix(static_cast<uint64_t>(options.seed), r);
    const std::vector<AuditCase> cases = simulate_cases(design, seed);
    AuditOptions of_round = own;
    of_round.seed = static_cast<int64_t>(seed >> 1);
    const AuditResult result = audit(cases, of_round);
    all[r].studies = cases.size();
    all[r].is_false_alarm = has_false_alarm(design, result);
    for (const Comparison& c : result.comparisons) {
      if (!concerns_last(design, result, c)) continue;
      const bool is_detection = c.endpoint.measure == Measure::kAnySensitivity ||
                                c.endpoint.measure == Measure::kSensitivity;
      all[r].is_found |= is_detection && c.verdict == Verdict::kDisparity && c.is_worse();
      all[r].is_named |=
          c.endpoint.measure == Measure::kAnySensitivity && c.verdict == Verdict::kConfounded;
    }
  });
  SimulationResult result;
  result.design = design;
  result.rounds = rounds;
  for (const Round& round : all) {
    result.found += round.is_found;
    result.false_alarms += round.is_false_alarm;
    result.named_confounded += round.is_named;
    result.studies += static_cast<double>(round.studies) / static_cast<double>(rounds);
  }
  return result;
}

std::vector<SimulationDesign> simulation_designs() {
  std::vector<Finding> thirteen;
  for (const Finding f : all_findings()) {
    if (f != Finding::kNoFinding) thirteen.push_back(f);
  }
  std::vector<SimulationDesign> designs;
  const auto add = [&](std::string name, std::string question,
                       int64_t positives) -> SimulationDesign& {
    SimulationDesign design;
    design.name = std::move(name);
    design.question = std::move(question);
    design.positives_per_group = positives;
    design.findings = thirteen;
    designs.push_back(std::move(design));
    return designs.back();
  };
  constexpr double kManyFindings =
      0.3;  // prevalence where many positives are wanted of few studies
  add("no_gap", "nobody differs, 1,000 positives a group: any verdict is a false alarm", 1000)
      .prevalence = kManyFindings;
  add("no_gap_few", "nobody differs, 150 positives a group: any verdict is a false alarm", 150);
  add("gap",
      "sensitivity 15 points lower in one of four groups, 150 positives a group over all findings",
      150)
      .gap = 0.15;
  add("gap_in_minority", "the same, the other three groups with 450 positives each", 150);
  designs.back().gap = 0.15;
  designs.back().positives_of_others = 450;
  SimulationDesign& each =
      add("gap_150_each", "the same, 150 positives a group of each of 13 findings", 13 * 150);
  each.gap = 0.15;
  each.prevalence = kManyFindings;
  SimulationDesign& one = add("gap_in_one_finding", "the same, but of one finding only", 13 * 150);
  one.gap = 0.15;
  one.findings_with_gap = 1;
  one.prevalence = kManyFindings;
  SimulationDesign& two =
      add("gap_two_groups",
          "sensitivity 15 points lower in one of two groups, 150 positives a group", 150);
  two.gap = 0.15;
  two.races = {"White", "Black"};
  SimulationDesign& view =
      add("confounder_view",
          "one group has more AP films and worse findings; AP costs 35 points for everybody", 2000);
  view.is_confounded = true;
  view.prevalence = kManyFindings;
  view.sensitivity = 0.88;
  view.ap_cost = 0.35;
  SimulationDesign& severity =
      add("confounder_severity",
          "one group has worse findings, which everybody's draft sees more easily; the audit reads "
          "severities from words, of which 30 % give none and 15 % of the rest a wrong one",
          2000);
  severity.is_confounded = true;
  severity.prevalence = kManyFindings;
  severity.sensitivity = 0.75;
  severity.severity_gain = {-0.35, 0.05, 0.22};
  SimulationDesign exact = severity;
  exact.name = "confounder_severity_exact";
  exact.question = "the same, with every severity known to the audit as it is: no report does that";
  exact.unstated_severity = exact.misread_severity = 0;
  designs.push_back(std::move(exact));
  return designs;
}

}  // namespace radgen::audit
