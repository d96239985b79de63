#include "radgen/phantom/truth.h"

#include <gtest/gtest.h>

#include "radgen/core/error.h"

namespace radgen::phantom {
namespace {

StudyTruth rich_truth() {
  StudyTruth truth;
  truth.study_id = "50000001";
  truth.dicom_id = "a-b";
  truth.patient = {"10000001", false, 71, "ASIAN", 0xfedcba9876543210u};
  truth.split = "test_shift";
  truth.is_ap = truth.is_supine = truth.is_shifted_vendor = truth.is_degraded = true;
  truth.has_side_marker = false;
  truth.rotation_degrees = -2.5;
  truth.cardiothoracic_ratio = 0.61;
  TrueFinding f;
  f.finding = Finding::kLungLesion;
  f.kind = "nodule";
  f.side = Side::kLeft;
  f.lobe = Lobe::kLingula;
  f.severity = Severity::kSubtle;
  f.size_mm = 7.5;
  f.is_visible = false;
  f.is_hedged = true;
  f.contrast_to_noise = 0.25;
  f.box = {1, 2, 3.5, 4};
  f.outline = {{{1, 2}, {4, 2}, {4, 6}}};
  truth.findings = {f};
  truth.distractors = {"nipple"};
  truth.indication = "Cough.";
  truth.findings_text = "A.";
  truth.impression_text = "B.";
  truth.oracle_text = "C.\nD.";
  truth.twin_of = "50000000";
  truth.twin_without = "Edema";
  return truth;
}

TEST(Truth, ComesBackFromJsonAsItWas) {
  const StudyTruth truth = rich_truth();
  const std::string line = truth_to_json(truth).dump();
  const StudyTruth back = truth_from_json(nlohmann::json::parse(line), "line 1");
  EXPECT_EQ(truth_to_json(back).dump(), line);
  EXPECT_EQ(back.patient.anatomy_seed, truth.patient.anatomy_seed);
  EXPECT_EQ(back.findings.at(0).lobe, Lobe::kLingula);
  EXPECT_EQ(back.findings.at(0).outline, truth.findings.at(0).outline);
  EXPECT_EQ(back.findings.at(0).box, truth.findings.at(0).box);
}

TEST(Truth, SaysThatItIsSynthetic) {
  EXPECT_TRUE(truth_to_json(rich_truth()).at("synthetic").get<bool>());
}

TEST(Truth, NamesTheLineThatIsNoTruth) {
  for (const char* text :
       {"{}", "[]", R"({"study_id": 5})",
        R"({"study_id":"1","patient":{"id":"2"},"findings":[{"finding":"Rickets"}]})",
        R"({"study_id":"1","patient":{"id":"2"},"findings":[{"finding":"Edema","lobe":"toe"}]})"}) {
    try {
      truth_from_json(nlohmann::json::parse(text), "truth.jsonl: line 7");
      ADD_FAILURE() << "accepted " << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kData);
      EXPECT_NE(std::string(e.what()).find("truth.jsonl: line 7"), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace radgen::phantom
