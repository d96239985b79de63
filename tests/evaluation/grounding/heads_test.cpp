#include "radgen/evaluation/grounding/heads.h"

#include <gtest/gtest.h>

namespace radgen::evaluation {
namespace {

const Box kLeftHalf{0, 0, 40, 80}, kRightHalf{40, 0, 40, 80};

AttentionMap looks_at(bool left, bool right) {
  AttentionMap map{1, 2, {left ? 1.0f : 0.0f, right ? 1.0f : 0.0f}};
  const float sum = map.values[0] + map.values[1];
  for (float& value : map.values) value /= sum;
  return map;
}

// Studies with an effusion in one half of the image and an opacity in the other.
std::vector<Reference> references() {
  std::vector<Reference> all;
  for (int i = 0; i < 40; ++i) {
    Reference r;
    r.study_id = "s" + std::to_string(i);
    r.patient_id = "p" + std::to_string(i);
    r.width = r.height = 80;
    r.has_boxes = true;
    r.boxes = {{Finding::kPleuralEffusion, Side::kNone, kLeftHalf},
               {Finding::kLungOpacity, Side::kNone, kRightHalf}};
    all.push_back(r);
  }
  return all;
}

std::vector<PhraseMap> maps(const std::vector<Reference>& studies, const AttentionMap& of_effusion,
                            const AttentionMap& of_opacity) {
  std::vector<PhraseMap> all;
  for (const Reference& r : studies) {
    all.push_back(
        {r.study_id, Finding::kPleuralEffusion, Side::kNone, of_effusion, {0, 0, 80, 80}, 0, {}});
    all.push_back(
        {r.study_id, Finding::kLungOpacity, Side::kNone, of_opacity, {0, 0, 80, 80}, 0, {}});
  }
  return all;
}

TEST(Heads, OneForEachFindingIsBetterThanTheirMean) {
  const auto studies = references();
  const std::vector<HeadMaps> heads{
      {2, 1, maps(studies, looks_at(true, false), looks_at(true, false))},
      {2, 2, maps(studies, looks_at(false, true), looks_at(false, true))}};
  const HeadAnalysis found =
      analyse_heads(heads, maps(studies, looks_at(true, true), looks_at(true, true)), studies);
  EXPECT_EQ(found.items, 80);
  ASSERT_EQ(found.heads.size(), 2u);
  EXPECT_NEAR(found.heads[0].pointing, 0.5, 0.05);  // right for the effusion alone
  EXPECT_EQ(found.heads[0].best, Finding::kPleuralEffusion);
  EXPECT_EQ(found.heads[1].best, Finding::kLungOpacity);
  EXPECT_NEAR(found.mean_pointing, 0.5, 0.05);  // a plateau over both halves
  EXPECT_GT(found.chosen_pointing, 0.95);
  EXPECT_NE(heads_text(found).find("specialise"), std::string::npos);
  EXPECT_EQ(heads_to_json(found)["heads"][1]["best_finding"], finding_name(Finding::kLungOpacity));
}

TEST(Heads, AlikeOnesDoNotSpecialise) {
  const auto studies = references();
  const auto same = maps(studies, looks_at(true, false), looks_at(false, true));
  const HeadAnalysis found = analyse_heads({{1, 1, same}, {1, 2, same}}, same, studies);
  EXPECT_NEAR(found.chosen_pointing, found.mean_pointing, 1e-12);
  EXPECT_NE(heads_text(found).find("no head is better"), std::string::npos);
}

TEST(Heads, NothingToReadGivesAnEmptyAnalysis) {
  EXPECT_TRUE(analyse_heads({}, {}, references()).heads.empty());
  EXPECT_EQ(heads_text(analyse_heads({}, {}, {})), "");
}

}  // namespace
}  // namespace radgen::evaluation
