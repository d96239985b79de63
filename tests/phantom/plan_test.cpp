#include "radgen/phantom/plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "radgen/core/error.h"

namespace radgen::phantom {
namespace {

using Is = std::function<bool(const StudyTruth&)>;

Is has(Finding finding) {
  return [finding](const StudyTruth& t) {
    for (const TrueFinding& f : t.findings) {
      if (f.finding == finding) return true;
    }
    return false;
  };
}

bool is_abnormal(const StudyTruth& t) {
  for (const TrueFinding& f : t.findings) {
    if (f.finding != Finding::kSupportDevices) return true;
  }
  return false;
}

// Share of `what` among the studies that are `given`, and the deviation that sampling explains.
void expect_share(const std::vector<StudyTruth>& studies, const Is& given, const Is& what,
                  double expected, const std::string& name) {
  double hits = 0, count = 0;
  for (const StudyTruth& t : studies) {
    if (!given(t)) continue;
    ++count;
    hits += what(t);
  }
  ASSERT_GT(count, 30) << name;
  EXPECT_NEAR(hits / count, expected, 4 * std::sqrt(expected * (1 - expected) / count) + 0.005)
      << name;
}

const Is kAnything = [](const StudyTruth&) { return true; };

TEST(Plan, MeetsTheMarginalsOfBothPrevalences) {
  for (const std::string name : {"mimic", "enriched"}) {
    const Prevalence p = prevalence_named(name);
    const auto studies =
        plan_studies({.studies = 20000, .seed = 3, .prevalence = name, .shift_studies = 0});
    for (Finding f : all_findings()) {
      const Is what = f == Finding::kNoFinding
                          ? Is([](const StudyTruth& t) { return !is_abnormal(t); })
                          : has(f);
      expect_share(studies, kAnything, what, p.marginal[static_cast<size_t>(f)],
                   name + " " + finding_name(f));
      if (name == "enriched") {
        EXPECT_GE(p.marginal[static_cast<size_t>(f)], 0.08);
      }
    }
  }
}

TEST(Plan, LetsFindingsGoTogetherAsInLife) {
  const auto studies = plan_studies({.studies = 20000, .seed = 4, .shift_studies = 0});
  expect_share(studies, has(Finding::kEdema), has(Finding::kPleuralEffusion), 0.6,
               "effusion given edema");
  expect_share(studies, has(Finding::kEdema), has(Finding::kCardiomegaly), 0.6,
               "cardiomegaly given edema");
  const Is tube = [](const StudyTruth& t) {
    for (const TrueFinding& f : t.findings) {
      if (f.kind == "chest_tube") return true;
    }
    return false;
  };
  expect_share(studies, has(Finding::kPneumothorax), tube, 0.5, "chest tube given pneumothorax");
  const Is ap = [](const StudyTruth&t) { return t.is_ap; },
           pa = [](const StudyTruth&t) { return !t.is_ap; };
  expect_share(studies, ap, is_abnormal, 0.82, "abnormal of AP");
  expect_share(studies, pa, is_abnormal, 0.44, "abnormal of PA");
  expect_share(studies, kAnything, ap, 0.6, "AP");
  expect_share(
      studies, ap, [](const StudyTruth& t) { return t.is_supine; }, 0.4, "supine");
}

TEST(Plan, DrawsSeveritiesAndEffusionVolumesAsDesigned) {
  std::map<Severity, double> severities;
  double pathologies = 0, small = 0, effusions = 0;
  for (const StudyTruth& t : plan_studies({.studies = 10000, .seed = 5})) {
    for (const TrueFinding& f : t.findings) {
      if (f.finding == Finding::kSupportDevices) continue;
      ++pathologies;
      ++severities[f.severity];
      if (f.finding != Finding::kPleuralEffusion) continue;
      ++effusions;
      EXPECT_GE(f.volume_ml, 49.9);
      EXPECT_LE(f.volume_ml, 3000.1);
      small += f.volume_ml < std::sqrt(50.0 * 3000.0);  // half of a log-uniform volume
    }
  }
  EXPECT_NEAR(severities[Severity::kSubtle] / pathologies, 0.35, 0.02);
  EXPECT_NEAR(severities[Severity::kModerate] / pathologies, 0.40, 0.02);
  EXPECT_NEAR(severities[Severity::kSevere] / pathologies, 0.25, 0.02);
  EXPECT_NEAR(small / effusions, 0.5, 0.05);
}

TEST(Plan, SplitsByPatientAndKeepsAnatomyWithinOne) {
  std::map<std::string, std::set<std::string>> splits;
  std::map<std::string, std::set<uint64_t>> anatomies;
  std::map<std::string, int> studies_of, by_split;
  std::set<std::string> ids;
  const auto studies = plan_studies({.studies = 4000, .seed = 6});
  ASSERT_EQ(studies.size(), 4000u);
  for (const StudyTruth& t : studies) {
    splits[t.patient.id].insert(t.split);
    anatomies[t.patient.id].insert(t.patient.anatomy_seed);
    ++studies_of[t.patient.id];
    ++by_split[t.split];
    EXPECT_TRUE(ids.insert(t.study_id).second) << "the same study twice";
    EXPECT_TRUE(ids.insert(t.dicom_id).second);
    EXPECT_EQ(t.is_shifted_vendor, t.split == "test_shift");
  }
  for (const auto& [id, names] : splits) EXPECT_EQ(names.size(), 1u);
  for (const auto& [id, seeds] : anatomies) EXPECT_EQ(seeds.size(), 1u);
  for (const auto& [id, count] : studies_of) EXPECT_LE(count, 5);
  EXPECT_GE(by_split["test"], 500);  // min(600, N / 8)
  EXPECT_GE(by_split["validate"], 200);
  EXPECT_GE(by_split["test_wording"], 100);
  EXPECT_GE(by_split["test_shift"], 100);
  EXPECT_GE(by_split["train"], 3000);
}

TEST(Plan, ReversesWhatGoesTogetherInTheShiftedSplit) {
  const auto studies =
      plan_studies({.studies = 9000, .seed = 7, .test_studies = 0, .shift_studies = 6000});
  const Is shifted = [](const StudyTruth& t) { return t.split == "test_shift"; };
  expect_share(
      studies, [&](const StudyTruth& t) { return shifted(t) && has(Finding::kEdema)(t); },
      has(Finding::kPleuralEffusion), 0.1, "effusion given edema");
  expect_share(
      studies, [&](const StudyTruth& t) { return shifted(t) && t.is_ap; }, is_abnormal, 0.44, "AP");
  expect_share(
      studies, [&](const StudyTruth& t) { return shifted(t) && !t.is_ap; }, is_abnormal, 0.82,
      "PA");
}

TEST(Plan, DrawsRaceOnItsOwn) {
  const auto studies = plan_studies({.studies = 20000, .seed = 8});
  const Is group = [](const StudyTruth& t) { return t.patient.race == kBiasedRace; };
  const Is rest = [](const StudyTruth& t) { return t.patient.race != kBiasedRace; };
  double abnormal[2] = {}, count[2] = {};
  for (const StudyTruth& t : studies) {
    const int g = group(t) ? 1 : 0;
    ++count[g];
    abnormal[g] += is_abnormal(t);
  }
  EXPECT_NEAR(abnormal[0] / count[0], abnormal[1] / count[1], 0.04);
  expect_share(
      studies, group, [](const StudyTruth& t) { return t.is_ap; }, 0.6, "AP of the group");
  expect_share(
      studies, rest, [](const StudyTruth& t) { return t.is_ap; }, 0.6, "AP of the rest");
  for (const StudyTruth& t : studies) EXPECT_FALSE(t.is_degraded);
}

TEST(Plan, PlantsTheDisparityItIsAskedFor) {
  for (const StudyTruth& t : plan_studies({.studies = 600, .seed = 9, .bias = "contrast"})) {
    EXPECT_EQ(t.is_degraded, t.patient.race == kBiasedRace);
  }
  const auto studies = plan_studies({.studies = 9000, .seed = 9, .bias = "confounder"});
  const Is group = [](const StudyTruth& t) { return t.patient.race == kBiasedRace; };
  expect_share(
      studies, group, [](const StudyTruth& t) { return t.is_ap; }, 0.88,
      "AP of the confounded group");
  // No disparity at equal view.
  expect_share(
      studies, [&](const StudyTruth& t) { return group(t) && t.is_ap && !t.is_shifted_vendor; },
      is_abnormal, 0.82, "abnormal of the group's AP films");
  EXPECT_THROW(plan_studies({.studies = 5, .bias = "height"}), Error);
}

TEST(Plan, WritesTwinsWithoutOneFindingOutsideTheSplits) {
  const auto studies = plan_studies({.studies = 1000, .seed = 10, .twin_share = 1});
  int twins = 0;
  for (size_t i = 1; i < studies.size(); ++i) {
    const StudyTruth& twin = studies[i];
    if (twin.twin_of.empty()) continue;
    ++twins;
    const StudyTruth& original = studies[i - 1];
    EXPECT_EQ(twin.split, "twin");
    EXPECT_EQ(original.split, "test");
    EXPECT_EQ(twin.twin_of, original.study_id);
    EXPECT_EQ(twin.findings.size() + 1, original.findings.size());
    EXPECT_EQ(twin.patient.anatomy_seed, original.patient.anatomy_seed);
    EXPECT_EQ(film_seed(twin, 10), film_seed(original, 10));
    EXPECT_NE(twin.dicom_id, original.dicom_id);
  }
  EXPECT_GT(twins, 40);
}

TEST(Plan, IsTheSameForTheSameSeedOnly) {
  const auto a = plan_studies({.studies = 50, .seed = 1}),
             b = plan_studies({.studies = 50, .seed = 1});
  const auto c = plan_studies({.studies = 50, .seed = 2});
  std::string ta, tb, tc;
  for (size_t i = 0; i < a.size(); ++i) {
    ta += truth_to_json(a[i]).dump();
    tb += truth_to_json(b[i]).dump();
    tc += truth_to_json(c[i]).dump();
  }
  EXPECT_EQ(ta, tb);
  EXPECT_NE(ta, tc);
}

TEST(Plan, RefusesWhatCannotBe) {
  EXPECT_THROW(plan_studies({.studies = 0}), Error);
  EXPECT_THROW(plan_studies({.studies = 10, .prevalence = "none"}), Error);
  EXPECT_THROW(plan_studies({.studies = 10, .test_studies = 20}), Error);
}

}  // namespace
}  // namespace radgen::phantom
