#include "radgen/audit/intake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "radgen/core/error.h"

namespace radgen::audit {
namespace {

constexpr int kSide = 100;

Subject subject(int i) {
  Subject s;
  s.reference.study_id = std::to_string(i);
  s.reference.image_id = "image" + std::to_string(i);
  s.reference.width = s.reference.height = kSide;
  s.reference.findings =
      i % 2 == 0 ? "There is a large left pleural effusion." : "The lungs are clear.";
  s.reference.has_boxes = true;
  if (i % 2 == 0) s.reference.boxes = {{Finding::kPleuralEffusion, Side::kLeft, {50, 50, 50, 50}}};
  s.patient_id = std::to_string(i / 2);
  s.age_years = 50.0 + i;
  s.sex = i % 2 == 0 ? "F" : "M";
  s.race = "BLACK/AFRICAN AMERICAN";
  s.view = "PA";
  return s;
}

std::vector<Subject> subjects(int count) {
  std::vector<Subject> all;
  for (int i = 0; i < count; ++i) all.push_back(subject(i));
  return all;
}

Draft draft(int i, const std::string& text = "There is a left pleural effusion.") {
  Draft d;
  d.study_id = std::to_string(i);
  d.findings = text;
  return d;
}

std::vector<Draft> drafts(int count) {
  std::vector<Draft> all;
  for (int i = 0; i < count; ++i) all.push_back(draft(i));
  return all;
}

std::string error_of(const std::vector<Draft>& predictions, const std::vector<Subject>& people) {
  try {
    take_in(predictions, people, {.threads = 1});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    EXPECT_FALSE(error.hint().empty());
    return error.what();
  }
  return "";
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Intake, KnowsWhoWasThereWhatWasThereAndWhatWasSaid) {
  const Intake intake = take_in(drafts(4), subjects(4), {.threads = 1});
  ASSERT_EQ(intake.cases.size(), 4u);
  const AuditCase& sick = intake.cases[0];
  EXPECT_EQ(sick.race, "Black");
  EXPECT_EQ(sick.sex, "female");
  EXPECT_EQ(sick.patient_id, "0");
  EXPECT_TRUE(evaluation::has(sick.reference, Finding::kPleuralEffusion));
  EXPECT_TRUE(evaluation::has(sick.draft, Finding::kPleuralEffusion));
  EXPECT_EQ(sick.severity[static_cast<size_t>(Finding::kPleuralEffusion)], Severity::kSevere)
      << "large";
  EXPECT_TRUE(evaluation::has(intake.cases[1].reference, Finding::kNoFinding));
  EXPECT_TRUE(sick.has_draft);
}

TEST(Intake, TheTruthStandsForTheReportWhereItIsAskedFor) {
  std::vector<Subject> people = subjects(2);
  people[1].reference.has_truth = true;
  people[1].reference.truth = {
      {Finding::kEdema, Side::kNone, Severity::kSubtle, {}, true, false},
      {Finding::kFracture, Side::kLeft, Severity::kSubtle, {}, false, false}};
  const Intake intake = take_in(drafts(2), people, {.use_truth = true, .threads = 1});
  EXPECT_EQ(intake.cases[1].reference, evaluation::bit(Finding::kEdema))
      << "what cannot be seen is not there";
  EXPECT_EQ(intake.cases[1].severity[static_cast<size_t>(Finding::kEdema)], Severity::kSubtle);
  EXPECT_EQ(intake.without_truth, 1);
}

TEST(Intake, RefusesWhatCannotBeAudited) {
  EXPECT_TRUE(says(error_of({}, subjects(4)), "no prediction"));
  EXPECT_TRUE(says(error_of({draft(7), draft(8)}, subjects(4)), "not one of 2 predictions"));
  EXPECT_TRUE(says(error_of({draft(1), draft(1), draft(2)}, subjects(4)), "1 of 3 predictions"));
  EXPECT_TRUE(says(error_of(drafts(2), {}), "no study"));
  std::vector<Subject> nobody = subjects(4);
  for (Subject& s : nobody) {
    s.age_years.reset();
    s.sex = "unknown";
    s.race = "UNKNOWN";
  }
  EXPECT_TRUE(says(error_of(drafts(4), nobody), "an age, a sex or a race"));
}

TEST(Intake, CountsWhatIsMissingAndSaysIt) {
  std::vector<Subject> people = subjects(6);
  people[0].race = "MARTIAN";
  people[1].age_years.reset();
  people[2].patient_id = "";
  std::vector<Draft> predictions = drafts(4);
  predictions[3].status = "not_reportable";
  predictions.push_back(draft(99));
  const Intake intake = take_in(predictions, people, {.threads = 1});
  EXPECT_EQ(intake.unknown_studies, 1);
  EXPECT_EQ(intake.missing, 2);
  EXPECT_EQ(intake.not_reportable, 1);
  EXPECT_EQ(intake.unlisted_races.at("MARTIAN"), 1);
  EXPECT_EQ(intake.without_race, 1);
  EXPECT_EQ(intake.without_age, 1);
  EXPECT_EQ(intake.without_patient, 1);
  EXPECT_FALSE(intake.cases[3].has_draft);
  EXPECT_FALSE(intake.cases[5].has_draft);
  EXPECT_GE(intake.notes.size(), 6u);
}

TEST(Intake, TextAndConfidenceAreMeasuredByGroupToo) {
  std::vector<Draft> predictions = drafts(60);
  for (Draft& d : predictions) {
    DraftSentence sentence;
    sentence.end = d.text().size();
    sentence.confidence = 0.8;
    d.sentences = {sentence};
  }
  const Intake intake =
      take_in(predictions, subjects(60), {.with_text_metrics = true, .threads = 1});
  EXPECT_TRUE(intake.measures.meteor.starts_with("meteor_nltk"));
  EXPECT_TRUE(intake.measures.meteor_15.starts_with("meteor_15"));
  AuditOptions options;
  options.bootstrap = 20;
  options.sign_flips = 200;
  const AuditResult result = audit(intake.cases, options, intake.measures);
  ASSERT_FALSE(result.metrics.empty());
  for (const std::string& path :
       {"text." + intake.measures.meteor, "text." + intake.measures.meteor_15,
        std::string("text.cider_d"), std::string("confidence.words.ece")}) {
    const auto& metrics = result.metrics.front().metrics;
    EXPECT_TRUE(std::any_of(metrics.begin(), metrics.end(), [&](const GroupMetric& m) {
      return m.path == path;
    })) << path;
  }
}

TEST(AttentionLocation, IsReadFromTheMapsOfSentencesThatStateAFinding) {
  std::vector<Draft> predictions = drafts(1);
  DraftSentence sentence;
  sentence.text = "There is a left pleural effusion.";
  sentence.map = {2, 2, {0, 0, 0, 1}};  // all in the lower right quarter, where the box is
  predictions[0].sentences.push_back(sentence);
  sentence.text = "No pneumothorax.";
  sentence.map = {2, 2, {1, 0, 0, 0}};
  predictions[0].sentences.push_back(sentence);
  const AttentionLocation attention_location =
      take_in(predictions, subjects(2), {.threads = 1}).cases[0].attention_location;
  EXPECT_NEAR(attention_location.entropy, 0, 1e-9);
  EXPECT_NEAR(attention_location.centre_x, 0.75, 1e-6);
  EXPECT_NEAR(attention_location.centre_y, 0.75, 1e-6);
  EXPECT_GT(attention_location.mass_in_box, 0.6)
      << "the map is enlarged bilinearly, so some of it lies beside the box";
}

TEST(AttentionLocation, BrokenMapsArePassedOver) {
  std::vector<Draft> predictions = drafts(1);
  DraftSentence sentence;
  sentence.text = "There is a left pleural effusion.";
  for (const AttentionMap& broken :
       {AttentionMap{2, 2, {1, 1, 1}}, AttentionMap{1, 2, {0, 0}},
        AttentionMap{1, 2, {1, std::nanf("")}}, AttentionMap{1, 2, {1, -1}}}) {
    sentence.map = broken;
    predictions[0].sentences = {sentence};
    const Intake intake = take_in(predictions, subjects(2), {.threads = 1});
    EXPECT_TRUE(std::isnan(intake.cases[0].attention_location.entropy));
    EXPECT_EQ(intake.with_maps, 0);
  }
}

}  // namespace
}  // namespace radgen::audit
