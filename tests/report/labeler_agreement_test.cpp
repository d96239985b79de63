#include "radgen/report/labeler_agreement.h"

#include <gtest/gtest.h>

#include "radgen/core/error.h"
#include "radgen/report/label_table.h"

namespace radgen {
namespace {

TEST(LabelerAgreement, CountsPositivesOnlyAndMapsNihClasses) {
  const Labeler labeler;
  const std::vector<GoldReport> gold{
      {"a", "Small left effusion. No pneumothorax.", {{"Effusion", 1}, {"Pneumothorax", 0}}},
      {"b", "Possible effusion.", {{"Effusion", 1}, {"Hernia", 1}}},         // uncertain: missed
      {"c", "Right pneumothorax.", {{"Effusion", 0}, {"Pneumothorax", 0}}},  // wrong
      {"d", "A nodule in the left apex.", {{"Nodule", 1}}}};
  const GoldAgreement result = compare_with_gold(labeler, gold);
  ASSERT_EQ(result.classes.size(), 3u);  // no Hernia
  EXPECT_EQ(result.classes[0].name, "Effusion");
  EXPECT_EQ(result.classes[0].ours.right, 1);
  EXPECT_EQ(result.classes[0].ours.missed, 1);
  EXPECT_FALSE(result.classes[1].is_same);  // Nodule is a part of Lung Lesion
  EXPECT_EQ(result.ours.micro.wrong, 1);
  EXPECT_DOUBLE_EQ(result.ours.micro.f1(), 0.5);
  EXPECT_DOUBLE_EQ(result.ours.macro_f1, 2.0 / 3);  // Pneumothorax has no positive in the gold
  EXPECT_EQ(result.baseline.micro.right, 2);        // a plain keyword knows no doubt
}

TEST(LabelerAgreement, BaselineStopsAtTheFirstNegation) {
  EXPECT_TRUE(keyword_baseline("Small effusion, no edema.", Finding::kPleuralEffusion));
  EXPECT_FALSE(keyword_baseline("No edema, small effusion.", Finding::kPleuralEffusion));
  EXPECT_TRUE(keyword_baseline("No edema. Small effusion.", Finding::kPleuralEffusion));
  EXPECT_FALSE(keyword_baseline("", Finding::kEdema));
}

TEST(LabelerAgreement, SpansMatchByOverlapAndObservation) {
  const Labeler labeler;
  const std::string text = "Heart size normal. Calcified granuloma. No effusion.";
  const SpanAgreement all = compare_spans(labeler,
                                          {{"x",
                                            text,
                                            {{Finding::kCardiomegaly, 0, 10},
                                             {Finding::kNoFinding, 19, 26},
                                             {Finding::kNoFinding, 29, 38},
                                             {Finding::kPleuralEffusion, 43, 51}}}},
                                          true);
  EXPECT_EQ(all.theirs_matched, 4);
  EXPECT_DOUBLE_EQ(all.f1(), 1);
  const SpanAgreement other =
      compare_spans(labeler, {{"x", text, {{Finding::kEdema, 0, 10}}}}, true);
  EXPECT_EQ(other.theirs_matched, 0);
  EXPECT_DOUBLE_EQ(other.f1(), 0);
  EXPECT_EQ(other.differences.size(), static_cast<size_t>(1 + other.ours));
}

TEST(LabelerAgreement, CountsHitsInsideAWordApart) {
  const Labeler labeler;
  const std::string text = "No tuberculosis. Small effusion.";
  const SpanAgreement agreement = compare_spans(
      labeler,
      {{"x", text, {{Finding::kSupportDevices, 3, 7}, {Finding::kPleuralEffusion, 23, 31}}}},
      false);
  EXPECT_EQ(agreement.theirs_inside_words, 1);  // "tube"
  EXPECT_LT(agreement.f1(), 1);
  EXPECT_DOUBLE_EQ(agreement.f1_of_words(), 1);
  ASSERT_EQ(agreement.differences.size(), 1u);
  EXPECT_TRUE(agreement.differences[0].is_inside_word);
}

TEST(LabelerAgreement, RefusesJsonWithoutCases) {
  EXPECT_THROW(gold_reports_from_json(nlohmann::json::parse("{}"), "x"), Error);
  EXPECT_THROW(gold_reports_from_json(nlohmann::json::parse(R"({"cases": [{"id": "1"}]})"), "x"),
               Error);
  const auto none = nlohmann::json::parse(R"({"cases": [{"input": "x", "expected": [1]}]})");
  EXPECT_TRUE(gold_reports_from_json(none, "x").empty());
  EXPECT_TRUE(span_texts_from_json(none, "x").empty());
}

TEST(LabelTable, HasMimicsColumnsAndValues) {
  EXPECT_EQ(label_table_header(),
            "subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged "
            "Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,No Finding,Pleural "
            "Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices\n");
  EXPECT_EQ(label_table_row(
                "1", "a,\"b\"",
                {{Finding::kAtelectasis, 1}, {Finding::kEdema, 0}, {Finding::kSupportDevices, -1}}),
            "1,\"a,\"\"b\"\"\",1.0,,,0.0,,,,,,,,,,-1.0\n");
}

}  // namespace
}  // namespace radgen
