// What the model says when it is asked again, judged.
#include "radgen/evaluation/sanity_checks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "radgen/core/error.h"
#include "radgen/evaluation/bootstrap.h"
#include "radgen/evaluation/pages/eval_report.h"

namespace radgen::evaluation {
namespace {

const char* kLeft = "There is a small left pleural effusion.";
const char* kRight = "There is a small right pleural effusion.";
const char* kNormal = "The lungs are clear. No pleural effusion.";

Draft draft_saying(const std::string& text) {
  Draft draft;
  draft.findings = text;
  return draft;
}

// Every second study has an effusion, on alternating sides.
EvaluationData data_of(int studies) {
  EvaluationData data;
  for (int i = 0; i < studies; ++i) {
    Reference r;
    r.study_id = "s" + std::to_string(i);
    r.patient_id = "p" + std::to_string(i);
    r.findings = i % 2 == 0 ? (i % 4 == 0 ? kLeft : kRight) : kNormal;
    data.test.push_back(r);
  }
  return data;
}

// A model that reads the image: its own report, that of the other image, "normal" where nothing
// is to be seen.
SanityCheckAnswers honest_answers(const EvaluationData& data) {
  SanityCheckAnswers answers;
  std::vector<std::string> patients;
  for (const Reference& r : data.test) patients.push_back(r.patient_id);
  const auto partners = other_patients(patients, 1);
  for (size_t i = 0; i < data.test.size(); ++i) {
    const std::string own = data.test[i].findings;
    const std::string mirrored = own == kLeft ? kRight : own == kRight ? kLeft : kNormal;
    answers.studies.push_back({i, draft_saying(own), draft_saying("Nothing can be seen."),
                               draft_saying("Nothing can be seen."), draft_saying(mirrored),
                               draft_saying(data.test[(*partners)[i]].findings)});
  }
  for (int i = 0; i < 30; ++i)
    answers.counterfactuals.push_back(
        {Finding::kPleuralEffusion, draft_saying(kLeft), draft_saying(kNormal)});
  answers.regions = {40, 36, 4, 80.0, 4.0};
  answers.large = {3, 1, 0, 3.0, 3.0};
  return answers;
}

EvaluateOptions few_resamples() {
  EvaluateOptions options;
  options.bootstrap = 100;
  options.threads = 1;
  return options;
}

EvaluationResult judged(const SanityCheckAnswers& answers, const EvaluationData& data) {
  EvaluationResult result;
  add_sanity_checks(answers, data, few_resamples(), result);
  return result;
}

std::set<std::string> raised(const EvaluationResult& result) {
  std::set<std::string> names;
  for (const Alarm& alarm : result.alarms)
    if (alarm.is_raised) names.insert(alarm.name);
  return names;
}

TEST(WilsonInterval, AgreesWithPublishedFigures) {
  // Newcombe 1998 (Statistics in Medicine 17), method 3, table I: 81/263, 15/148, 0/20, 1/29.
  const struct {
    int64_t hits, n;
    double low, high;
  } cases[] = {{81, 263, 0.2553, 0.3662},
               {15, 148, 0.0624, 0.1605},
               {0, 20, 0.0, 0.1611},
               {1, 29, 0.0061, 0.1718}};
  for (const auto& c : cases) {
    const Interval interval = wilson_interval(c.hits, c.n);
    EXPECT_NEAR(interval.low, c.low, 5e-5) << c.hits << "/" << c.n;
    EXPECT_NEAR(interval.high, c.high, 5e-5) << c.hits << "/" << c.n;
  }
  EXPECT_TRUE(std::isnan(wilson_interval(0, 0).low));
  EXPECT_DOUBLE_EQ(wilson_interval(7, 7).high, 1);
  EXPECT_NEAR(wilson_interval(7, 7).low, 7 / (7 + 1.959963984540054 * 1.959963984540054), 1e-12);
}

TEST(OtherPatients, AreNeverTheSameAndEachIsTakenOnce) {
  std::vector<std::string> patients;
  for (int i = 0; i < 41; ++i) patients.push_back(i % 5 == 0 ? "" : "p" + std::to_string(i % 4));
  const auto partners = other_patients(patients, 3);
  ASSERT_TRUE(partners);
  std::set<size_t> taken(partners->begin(), partners->end());
  EXPECT_EQ(taken.size(), patients.size());
  for (size_t i = 0; i < patients.size(); ++i) {
    EXPECT_NE((*partners)[i], i);
    if (!patients[i].empty()) {
      EXPECT_NE(patients[(*partners)[i]], patients[i]);
    }
  }
  EXPECT_EQ(*partners, *other_patients(patients, 3));
  EXPECT_NE(*partners, *other_patients(patients, 4));
}

TEST(OtherPatients, AreNoneWhereOnePatientHasMostStudies) {
  EXPECT_FALSE(other_patients({"a", "a", "b"}, 0));
  EXPECT_FALSE(other_patients({"a"}, 0));
  EXPECT_FALSE(other_patients({}, 0));
  EXPECT_TRUE(other_patients({"a", "b"}, 0));
}

TEST(CompareMirrored, CountsSwappedStayedAndLostSides) {
  const Labeler labeler;
  const auto compare = [&](const std::string& real, const std::string& mirrored) {
    return compare_mirrored(extract_findings(labeler, real), extract_findings(labeler, mirrored));
  };
  const MirrorCounts swapped = compare(kLeft, kRight);
  EXPECT_EQ(swapped.sided, 1);
  EXPECT_EQ(swapped.kept, 1);
  EXPECT_EQ(swapped.swapped, 1);
  EXPECT_EQ(swapped.stayed, 0);
  const MirrorCounts stayed = compare(kRight, kRight);
  EXPECT_EQ(stayed.swapped, 0);
  EXPECT_EQ(stayed.stayed, 1);
  const MirrorCounts gone = compare(kLeft, kNormal);
  EXPECT_EQ(gone.sided, 1);
  EXPECT_EQ(gone.kept, 0);
  const MirrorCounts both = compare(kLeft, "There are small bilateral pleural effusions.");
  EXPECT_EQ(both.kept, 1);
  EXPECT_EQ(both.swapped + both.stayed, 0);
  EXPECT_EQ(compare("There are small bilateral pleural effusions.", kLeft).sided, 0);
  EXPECT_EQ(compare(kNormal, kLeft).sided, 0);
}

TEST(AddChecks, HonestModelIsAsExpected) {
  const EvaluationData data = data_of(80);
  const EvaluationResult result = judged(honest_answers(data), data);
  EXPECT_EQ(raised(result), std::set<std::string>{});
  const MetricTable& m = result.metrics;
  EXPECT_DOUBLE_EQ(m.value("checks.own_f1_macro"), 1);
  EXPECT_LE(m.value("checks.shuffled_f1_macro"), m.value("checks.trivial_f1_macro"));
  EXPECT_GT(m.find("checks.shuffled_drop")->low, 0);
  EXPECT_DOUBLE_EQ(m.value("checks.blank_same_report"), 0);
  EXPECT_DOUBLE_EQ(m.value("checks.blank_distance"), 1);  // of the 40 studies that state something
  EXPECT_EQ(m.find("checks.blank_distance")->n, 40);
  EXPECT_DOUBLE_EQ(m.value("checks.faithful_chance"), 0.1);
  EXPECT_DOUBLE_EQ(m.value("checks.mirrored_swapped"), 1);
  EXPECT_EQ(m.find("checks.mirrored_swapped")->n, 40);
  EXPECT_DOUBLE_EQ(m.value("checks.twin_lost"), 1);
  EXPECT_DOUBLE_EQ(m.value("checks.faithful"), 0.9);
  EXPECT_NEAR(m.find("checks.faithful")->low, wilson_interval(36, 40).low, 1e-12);
  EXPECT_DOUBLE_EQ(m.value("checks.hidden_fall"), 2);
  for (const auto& [path, metric] : m.all()) EXPECT_FALSE(metric_definition(path).empty()) << path;
  const std::string text = sanity_checks_text(result);
  EXPECT_NE(text.find("mirrored_swapped"), std::string::npos);
  EXPECT_EQ(text.find("not as expected"), std::string::npos) << text;
}

TEST(AddChecks, ModelThatNeverLooksRaisesEveryAlarm) {
  const EvaluationData data = data_of(80);
  SanityCheckAnswers answers = honest_answers(data);
  for (CheckedStudy& study : answers.studies) {  // right about every study, whatever the image
    study.shuffled = study.real;
    study.blank = study.noise = study.mirrored = study.real;
  }
  for (CounterfactualDrafts& pair : answers.counterfactuals) pair.counterfactual = pair.original;
  answers.regions = {40, 4, 4, 1.0, 1.0};
  const EvaluationResult result = judged(answers, data);
  EXPECT_EQ(raised(result), (std::set<std::string>{
                                "shuffled_pictures_keep_f1", "blank_images_get_the_same_findings",
                                "noise_gets_the_same_findings", "mirrored_films_keep_their_sides",
                                "twins_keep_the_finding", "regions_are_not_what_sentences_need"}));
  EXPECT_NE(eval_report_html(result, data, {}).find("not as expected"), std::string::npos);
}

// Other words for the same findings are no sign that the image was looked at.
TEST(AddChecks, OtherWordsForTheSameFindingsDoNotPassForLooking) {
  const EvaluationData data = data_of(80);
  SanityCheckAnswers answers = honest_answers(data);
  for (CheckedStudy& study : answers.studies) {
    const bool is_left = study.real.findings == kLeft;
    if (study.real.findings != kNormal)
      study.blank = draft_saying(is_left ? "Left-sided pleural effusion of small size."
                                         : "Right-sided pleural effusion of small size.");
  }
  const EvaluationResult result = judged(answers, data);
  EXPECT_DOUBLE_EQ(result.metrics.value("checks.blank_same_report"), 0);
  EXPECT_DOUBLE_EQ(result.metrics.value("checks.blank_distance"), 0);
  EXPECT_EQ(raised(result), std::set<std::string>{"blank_images_get_the_same_findings"});
}

// Chance is what a region that nobody points at comes to, where that is more than a tenth.
TEST(AddChecks, FaithfulnessMustExceedTheChanceThatWasMeasured) {
  const EvaluationData data = data_of(80);
  SanityCheckAnswers answers = honest_answers(data);
  answers.regions = {100, 30, 5, 0, 0};
  EXPECT_FALSE(raised(judged(answers, data)).contains("regions_are_not_what_sentences_need"));
  answers.regions = {100, 30, 28, 0, 0};
  EXPECT_TRUE(raised(judged(answers, data)).contains("regions_are_not_what_sentences_need"));
}

TEST(AddChecks, SidesThatAreAThrowOfACoinAreNotSwapped) {
  const EvaluationData data = data_of(80);
  SanityCheckAnswers answers = honest_answers(data);
  for (size_t i = 0; i < answers.studies.size(); ++i) {
    CheckedStudy& study = answers.studies[i];
    const Draft swapped = study.mirrored;
    study.moved = i % 8 < 4 ? study.real : swapped;  // every second effusion changes its side
    study.mirrored = i % 8 < 4 ? swapped : study.real;
  }
  const EvaluationResult result = judged(answers, data);
  EXPECT_DOUBLE_EQ(result.metrics.value("checks.mirrored_swapped"), 0.5);
  EXPECT_DOUBLE_EQ(result.metrics.value("checks.moved_same_side"), 0.5);
  EXPECT_EQ(result.metrics.find("checks.moved_same_side")->n, 40);
  EXPECT_EQ(raised(result), std::set<std::string>{"mirrored_films_keep_their_sides"});
  EXPECT_NE(sanity_checks_text(result).find("moved_same_side"), std::string::npos);
}

// Words that name both sides now and then, whatever the film, say nothing of the mirror.
TEST(AddChecks, SidesLostOnMirroredFilmsAreHeldAgainstThoseLostAnyhow) {
  const EvaluationData data = data_of(80);
  const Draft both = draft_saying("There are small bilateral pleural effusions.");
  for (const bool is_lost_anyhow : {true, false}) {
    SanityCheckAnswers answers = honest_answers(data);
    for (size_t i = 0; i < answers.studies.size(); ++i) {
      CheckedStudy& study = answers.studies[i];
      const bool is_vague = i % 2 == 0 && i % 8 < 4;  // of every second effusion
      study.moved = is_vague && is_lost_anyhow ? both : study.real;
      if (is_vague) study.mirrored = both;
    }
    const EvaluationResult result = judged(answers, data);
    EXPECT_DOUBLE_EQ(result.metrics.value("checks.mirrored_swapped"), 1);
    EXPECT_DOUBLE_EQ(result.metrics.value("checks.mirrored_sided"), 0.5);
    EXPECT_DOUBLE_EQ(result.metrics.value("checks.mirrored_swapped_of_kept"), 0.5);
    EXPECT_EQ(raised(result), is_lost_anyhow
                                  ? std::set<std::string>{}
                                  : std::set<std::string>{"mirrored_films_lose_their_sides"});
  }
}

TEST(AddChecks, FewCasesDecideNothing) {
  const EvaluationData data = data_of(8);
  SanityCheckAnswers answers = honest_answers(data);
  for (CheckedStudy& study : answers.studies) study.blank = study.real;
  answers.counterfactuals.resize(3);
  answers.regions = {5, 0, 0, 0, 0};
  const EvaluationResult result = judged(answers, data);
  EXPECT_TRUE(result.alarms.empty());
  for (const Expectation& expectation : result.expectations)
    EXPECT_FALSE(expectation.is_met) << expectation.path;
  EXPECT_DOUBLE_EQ(result.metrics.value("checks.blank_same_report"), 1);
}

TEST(AddChecks, WhatCannotBeAskedIsNullWithItsReason) {
  const EvaluationData data = data_of(20);
  SanityCheckAnswers answers = honest_answers(data);
  answers.counterfactuals.clear();
  answers.no_counterfactuals = "no twins here";
  answers.regions = answers.large = {};
  for (CheckedStudy& study : answers.studies) study.shuffled.reset();
  const EvaluationResult result = judged(answers, data);
  const nlohmann::ordered_json json = result_to_json(result);
  EXPECT_TRUE(json["checks"]["twin_lost"]["value"].is_null());
  EXPECT_EQ(json["checks"]["twin_lost"]["reason"], "no twins here");
  EXPECT_TRUE(json["checks"]["faithful"]["value"].is_null());
  EXPECT_TRUE(json["checks"]["shuffled_f1_macro"]["value"].is_null());
  EXPECT_FALSE(json["checks"]["mirrored_swapped"]["value"].is_null());
  EXPECT_NE(sanity_checks_text(result).find("no twins here"), std::string::npos);
}

TEST(LoadCounterfactualPairs, LeavesOutTwinsThatMayKeepTheirSentence) {
  const auto path = std::filesystem::temp_directory_path() / "radgen_load_twins.jsonl";
  std::ofstream(path)
      << R"({"study_id":"5","findings":[{"finding":"Edema"}]})"
      << "\n"
      << R"({"study_id":"61","twin_of":"51","twin_without":"Edema","findings":[]})"
      << "\n"
      << R"({"study_id":"62","twin_of":"52","twin_without":"Lung Lesion","findings":[{"finding":"Lung Lesion"}]})"
      << "\n"
      << R"({"study_id":"63","twin_of":"53","twin_without":"Edema","findings":[]})"
      << "\n"
      << R"({"study_id":"69","twin_of":"59","twin_without":"Edema","findings":[]})"
      << "\n";
  std::vector<Reference> references(3);
  references[0].study_id = "51";
  references[0].truth = {{.finding = Finding::kEdema}};
  references[1].study_id = "52";
  references[1].truth = {{.finding = Finding::kLungLesion}, {.finding = Finding::kLungLesion}};
  references[2].study_id = "53";
  references[2].truth = {{.finding = Finding::kEdema, .is_visible = false}};
  const std::vector<CounterfactualPair> counterfactuals =
      load_counterfactual_pairs(path, references);
  // 62 has another lesion, 63's could not be seen, 69's original is not scored
  ASSERT_EQ(counterfactuals.size(), 1u);
  EXPECT_EQ(counterfactuals[0].study_id, "61");
  EXPECT_EQ(counterfactuals[0].without, Finding::kEdema);
  std::ofstream(path) << R"({"study_id":"61","twin_of":"51","twin_without":"Ed"})"
                      << "\n";
  EXPECT_THROW(load_counterfactual_pairs(path, references), Error);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace radgen::evaluation
