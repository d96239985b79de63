#include "radgen/explore/survey.h"

#include <gtest/gtest.h>

#include <numeric>

#include "radgen/explore/explore_page.h"

namespace radgen::explore {
namespace {

ManifestEntry study(const std::string& id, const std::string& split, const std::string& findings) {
  ManifestEntry entry;
  entry.study_id = entry.image_id = id;
  entry.patient_id = "p" + id;
  entry.split = split;
  entry.findings = findings;
  entry.width = 100;
  entry.height = 200;
  return entry;
}

std::vector<ManifestEntry> small_set() {
  auto a = study("1", "test", "Small left effusion. No pneumothorax.");
  a.labels = {{Finding::kPleuralEffusion, 1}, {Finding::kPneumothorax, 0}};
  a.boxes = {{"Pleural Effusion", "left", "effusion", {50, 100, 50, 100}}};
  auto b = study("2", "train", "Possible effusion.");
  b.labels = {{Finding::kPleuralEffusion, -1}, {Finding::kSupportDevices, 1}};
  auto c = b;  // another view of the same study
  c.image_id = "2b";
  c.view = "LATERAL";
  return {a, b, c};
}

TEST(Survey, CountsTextsByStudyAndImagesByLine) {
  const Survey survey = survey_texts(small_set(), nullptr);
  ASSERT_EQ(survey.splits.size(), 2u);
  const SplitSurvey& train = survey.splits[0];
  EXPECT_EQ(train.name, "train");  // in the order of use, whatever the manifest's
  EXPECT_EQ(train.studies, 1u);
  EXPECT_EQ(train.images, 2u);
  EXPECT_EQ(train.findings, std::vector<double>{1});  // a device is no finding
  EXPECT_EQ(train.labels[static_cast<size_t>(Finding::kPleuralEffusion)].uncertain, 1u);
  EXPECT_EQ(train.views.at("LATERAL"), 1u);
  EXPECT_EQ(survey.splits[1].words, std::vector<double>{5});
  ASSERT_FALSE(survey.terms.empty());
  EXPECT_EQ(survey.terms[0].name, "effusion");
  EXPECT_EQ(survey.terms[0].studies, 2u);
  EXPECT_EQ(survey.patients_in_several_splits, 0u);
}

TEST(Survey, MapsBoxesOntoOneSquare) {
  const Survey survey = survey_texts(small_set(), nullptr);
  const BoxSurvey& boxes = survey.boxes.at(Finding::kPleuralEffusion);
  EXPECT_EQ(boxes.boxes, 1u);
  EXPECT_DOUBLE_EQ(boxes.areas.at(0), 0.25);
  const double covered = std::accumulate(boxes.map.begin(), boxes.map.end(), 0.0);
  EXPECT_NEAR(covered, kMapSide * kMapSide / 4.0, 1e-9);
  EXPECT_DOUBLE_EQ(boxes.map.front(), 0);
  EXPECT_DOUBLE_EQ(boxes.map.back(), 1);
}

TEST(Survey, FindsPatientsInSeveralSplits) {
  auto entries = small_set();
  entries[1].patient_id = entries[0].patient_id;
  const Survey survey = survey_texts(entries, nullptr);
  EXPECT_EQ(survey.patients_in_several_splits, 1u);
  EXPECT_NE(explore_page(survey, {"x", "", false}, {}).find("more than one split"),
            std::string::npos);
}

TEST(ExplorePage, HoldsNoSentenceWithoutExamplesAndWarnsWithThem) {
  Survey survey = survey_texts(small_set(), nullptr);
  survey_images(small_set(), "/nowhere", {}, survey);  // no line names an image
  const std::string counts = explore_page(survey, {"set", "mimic-cxr", false}, {});
  EXPECT_EQ(counts.find("Small left"), std::string::npos);
  EXPECT_NE(counts.find("Counts only"), std::string::npos);
  Example example;
  example.text = "Small <left> effusion.";
  example.boxes = {{"Pleural Effusion", "left", "", {}}, {"Edema", "", "", {}}};
  example.film_png = std::string("\x89PNG\r\n\x1a\n", 8);
  const std::string shown = explore_page(survey, {"set", "mimic-cxr", false}, {example});
  EXPECT_NE(shown.find("holds films and report texts"), std::string::npos);
  EXPECT_NE(shown.find("Small &lt;left&gt; effusion."), std::string::npos);
  EXPECT_NE(shown.find("Boxes: 1 left Pleural Effusion, 2 Edema"), std::string::npos);
}

TEST(ExplorePage, IsSilentOnWordsWhereThereAreNone) {
  auto entries = small_set();
  for (ManifestEntry& entry : entries) entry.findings.clear();
  const std::string page = explore_page(survey_texts(entries, nullptr), {"x", "nih", false}, {});
  EXPECT_NE(page.find("No reports"), std::string::npos);
  EXPECT_NE(page.find("How often each finding is labelled"), std::string::npos);
  for (const char* section : {"How long the reports are", "Medical terms", "Spearman"}) {
    EXPECT_EQ(page.find(section), std::string::npos) << section;
  }
}

TEST(ExplorePage, NamesEveryRaceWholeHoweverManyThereAre) {
  std::vector<ManifestEntry> entries;
  for (int i = 0; i < 12; ++i) {
    entries.push_back(study(std::to_string(i), i % 2 == 0 ? "train" : "test", "Clear."));
    entries.back().race = "A LONG NAME OF GROUP " + std::to_string(i);
  }
  const std::string page = explore_page(survey_texts(entries, nullptr), {"x", "", false}, {});
  for (int i = 0; i < 12; ++i) {
    EXPECT_NE(page.find(">A Long Name Of Group " + std::to_string(i) + "<"), std::string::npos);
  }
}

}  // namespace
}  // namespace radgen::explore
