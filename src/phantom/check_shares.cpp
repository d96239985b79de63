#include <cmath>
#include <functional>

#include "checked_set.h"
#include "radgen/phantom/plan.h"

namespace radgen::phantom {
namespace {

constexpr double kDeviations = 3.5, kSlack = 0.01;

// A share that is to be `expected`, up to sampling error: 3.5 standard deviations and one percent
// point.
class Shares {
 public:
  Shares(std::string group, SelfCheck& check) : group_(std::move(group)), check_(check) {}
  void add(const std::string& name, int64_t hits, int64_t count, double expected,
           double slack = kSlack) {
    if (count == 0) return;
    const auto n = static_cast<double>(count);
    const double allowed = kDeviations * std::sqrt(expected * (1 - expected) / n) + slack;
    check_.values.push_back({group_, name, static_cast<double>(hits) / n,
                             std::max(0.0, expected - allowed), std::min(1.0, expected + allowed),
                             count, ""});
  }

 private:
  std::string group_;
  SelfCheck& check_;
};

bool has(const StudyTruth& truth, Finding finding) {
  for (const TrueFinding& f : truth.findings) {
    if (f.finding == finding) return true;
  }
  return false;
}

bool is_abnormal(const StudyTruth& truth) {
  for (const TrueFinding& f : truth.findings) {
    if (f.finding != Finding::kSupportDevices) return true;
  }
  return false;
}

bool has_chest_tube(const StudyTruth& truth) {
  for (const TrueFinding& f : truth.findings) {
    if (f.kind == "chest_tube") return true;
  }
  return false;
}

using Is = std::function<bool(const StudyTruth&)>;

void add_given(Shares& shares, const CheckedSet& set, const std::string& name, const Is& given,
               const Is& what, double expected) {
  int64_t hits = 0, count = 0;
  for (const CheckedStudy& s : set.studies) {
    if (s.truth.split == "test_shift" || !given(s.truth)) continue;
    ++count;
    hits += what(s.truth);
  }
  shares.add(name, hits, count, expected);
}

void check_plan(const CheckedSet& set, SelfCheck& check) {
  const Prevalence p = prevalence_named(set.prevalence);
  const bool is_confounded = set.bias == "confounder";
  const Is anything = [](const StudyTruth&) { return true; };
  const Is is_ap = [](const StudyTruth& t) { return t.is_ap; };
  Shares prevalence("prevalence", check), together("together", check), views("views", check);
  // A confounded group has more AP films and with them more disease: its shares are its own.
  for (Finding f : all_findings()) {
    if (is_confounded) break;
    const Is is_there = f == Finding::kNoFinding
                            ? Is([](const StudyTruth& t) { return !is_abnormal(t); })
                            : Is([f](const StudyTruth& t) { return has(t, f); });
    add_given(prevalence, set, finding_name(f), anything, is_there,
              p.marginal[static_cast<size_t>(f)]);
  }
  const Is edema = [](const StudyTruth& t) { return has(t, Finding::kEdema); };
  add_given(
      together, set, "effusion given edema", edema,
      [](const StudyTruth& t) { return has(t, Finding::kPleuralEffusion); },
      p.effusion_given_edema);
  add_given(
      together, set, "cardiomegaly given edema", edema,
      [](const StudyTruth& t) { return has(t, Finding::kCardiomegaly); },
      p.cardiomegaly_given_edema);
  add_given(
      together, set, "chest tube given pneumothorax",
      [](const StudyTruth& t) { return has(t, Finding::kPneumothorax); }, has_chest_tube,
      p.chest_tube_given_pneumothorax);
  add_given(together, set, "abnormal of AP", is_ap, is_abnormal, p.abnormal_of_ap);
  add_given(
      together, set, "abnormal of PA", [](const StudyTruth& t) { return !t.is_ap; }, is_abnormal,
      p.abnormal_of_pa);
  if (!is_confounded) add_given(views, set, "AP", anything, is_ap, 0.6);
  add_given(
      views, set, "supine of AP", is_ap, [](const StudyTruth& t) { return t.is_supine; }, 0.4);
  add_given(
      views, set, "poor inspiration", anything,
      [](const StudyTruth& t) { return t.is_poor_inspiration; }, 0.2);
  add_given(
      views, set, "angle cut off", anything, [](const StudyTruth& t) { return t.is_angle_cut_off; },
      0.05);
  add_given(
      views, set, "side marker", anything, [](const StudyTruth& t) { return t.has_side_marker; },
      0.9);
}

void check_findings(const CheckedSet& set, SelfCheck& check) {
  int64_t pathologies = 0, subtle = 0, moderate = 0, severe = 0, healed = 0, fractures = 0;
  int64_t visible_subtle = 0, subtle_left_out = 0, mentioned = 0, hedged = 0, named_invisible = 0;
  int64_t prior = 0, impression_only = 0;
  for (const CheckedStudy& s : set.studies) {
    prior += s.refers_to_prior;
    impression_only += s.truth.findings_text.empty();
    for (const TrueFinding& f : s.truth.findings) {
      if (f.finding == Finding::kSupportDevices) continue;
      ++pathologies;
      subtle += f.severity == Severity::kSubtle;
      moderate += f.severity == Severity::kModerate;
      severe += f.severity == Severity::kSevere;
      fractures += f.finding == Finding::kFracture;
      healed += f.finding == Finding::kFracture && f.is_healed;
      named_invisible += f.is_mentioned && !f.is_visible;
      mentioned += f.is_mentioned;
      hedged += f.is_mentioned && f.is_hedged;
      if (f.severity != Severity::kSubtle || !f.is_visible) continue;
      ++visible_subtle;
      subtle_left_out += !f.is_mentioned;
    }
  }
  Shares severities("severity", check), said("said", check);
  const auto studies = static_cast<int64_t>(set.studies.size());
  if (set.bias != "confounder") {
    severities.add("subtle", subtle, pathologies, 0.35);
    severities.add("moderate", moderate, pathologies, 0.40);
    severities.add("severe", severe, pathologies, 0.25);
  }
  severities.add("healed fractures", healed, fractures, 0.6);
  said.add("refers to a prior", prior, studies, 0.35);
  said.add("impression only", impression_only, studies, 0.15);
  said.add("hedged of the mentioned", hedged, mentioned, 0.12, 0.02);
  const bool is_missing_more = set.bias == "contrast" || set.bias == "omission";
  // An impression without findings has no room for everything: a little more than the 10 % stay
  // out.
  if (!is_missing_more)
    said.add("left out of the subtle", subtle_left_out, visible_subtle, 0.10, 0.02);
  check.values.push_back({"said",
                          "invisible but mentioned",
                          static_cast<double>(named_invisible),
                          {},
                          0.0,
                          pathologies,
                          "findings that the film does not show"});
}

}  // namespace

void check_shares(const CheckedSet& set, SelfCheck& check) {
  check_plan(set, check);
  check_findings(set, check);
}

}  // namespace radgen::phantom
