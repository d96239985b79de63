#include "radgen/inference/faithfulness.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "inference/tiny_model.h"
#include "radgen/core/error.h"
#include "radgen/imaging/image_perturbations.h"

namespace radgen {
namespace {

cv::Mat body_of(int width, int height, const cv::Rect& body) {
  cv::Mat mask = cv::Mat::zeros(height, width, CV_8UC1);
  mask(body).setTo(255);
  return mask;
}

TEST(MatchedRegions, HaveTheSizeOfTheRegionAndLieInTheBody) {
  const cv::Mat body = body_of(200, 260, {30, 20, 150, 230});
  const Box region{60, 100, 31.5, 44.25};
  const std::vector<Box> boxes = matched_regions(region, body, 16, Random(1));
  ASSERT_EQ(boxes.size(), 16u);
  for (const Box& box : boxes) {
    EXPECT_EQ(box.w, region.w);
    EXPECT_EQ(box.h, region.h);
    EXPECT_GE(intersect(box, {30, 20, 150, 230}).area(), 0.9 * box.area());
    EXPECT_LE(intersect(box, region).area(), 0.25 * region.area() + 1e-9);
    EXPECT_EQ(std::count(boxes.begin(), boxes.end(), box), 1);
  }
  EXPECT_EQ(boxes, matched_regions(region, body, 16, Random(1)));
  EXPECT_NE(boxes, matched_regions(region, body, 16, Random(2)));
}

TEST(MatchedRegions, ReachAllPartsOfTheBody) {
  const cv::Mat body = body_of(200, 200, {0, 0, 200, 200});
  int left = 0, top = 0;
  for (uint64_t seed = 0; seed < 40; ++seed)
    for (const Box& box : matched_regions({90, 90, 20, 20}, body, 10, Random(seed))) {
      left += box.x + box.w / 2 < 100;
      top += box.y + box.h / 2 < 100;
    }
  EXPECT_NEAR(left, 200, 45);
  EXPECT_NEAR(top, 200, 45);
}

TEST(MatchedRegions, AreNoneWhereTheBodyHasNoRoom) {
  const cv::Mat body = body_of(100, 100, {20, 20, 30, 30});
  EXPECT_TRUE(matched_regions({0, 0, 60, 60}, body, 16, Random(0)).empty());
  EXPECT_TRUE(matched_regions({0, 0, 0, 10}, body, 16, Random(0)).empty());
}

TEST(MatchedRegions, MayOverlapALargeRegion) {
  const cv::Mat body = body_of(100, 100, {0, 0, 100, 100});
  const Box region{10, 10, 80, 70};
  const std::vector<Box> boxes = matched_regions(region, body, 16, Random(0));
  ASSERT_EQ(boxes.size(), 16u);
  for (const Box& box : boxes)
    EXPECT_LE(intersect(box, region).area(), 0.75 * region.area() + 1e-9);
}

TEST(ExceedancePercentile, IsExceededByOneInTenFurtherDraws) {
  Random random(5);
  int above = 0;
  constexpr int kTrials = 20000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(16);
    for (double& value : values) value = random.uniform();
    above += random.uniform() > exceedance_percentile(values, 0.9);
  }
  EXPECT_NEAR(above / static_cast<double>(kTrials), 0.1, 0.008);  // 4 standard deviations
}

TEST(ExceedancePercentile, IsUnknownOfTooFewValues) {
  EXPECT_TRUE(std::isnan(exceedance_percentile({}, 0.9)));
  EXPECT_TRUE(std::isnan(exceedance_percentile({1, 2, 3, 4, 5, 6, 7, 8}, 0.9)));
  EXPECT_DOUBLE_EQ(exceedance_percentile({9, 1, 2, 3, 4, 5, 6, 7, 8}, 0.9), 9);
  EXPECT_DOUBLE_EQ(exceedance_percentile({1, 2, 3}, 0.5), 2);
}

class Faithfulness : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() /
            ("radgen_faithfulness_" + std::to_string(::getpid()));
    std::filesystem::create_directories(root_);
    model_ = tiny_model(root_);
    cv::theRNG().state = 7;
    cv::Mat image(64, 52, CV_16UC1);
    cv::randu(image, 20000, 65535);
    studies_ = {{"s1", "i1", image, {}, "", ""}, {"s2", "i2", image * 0.5, {}, "", ""}};
    for (const StudyInput& study : studies_) drafts_.push_back(draft_of(study));
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // A statement with two regions, and a negation that shows none.
  Draft draft_of(const StudyInput& study) const {
    Draft draft;
    draft.study_id = study.study_id;
    draft.findings = "The heart size is normal. Small left pleural effusion. No pneumothorax.";
    draft.mentions = Labeler().mentions(draft.text());
    for (const auto& [begin, end] : {std::pair<size_t, size_t>{0, 25}, {26, 54}, {55, 71}}) {
      DraftSentence sentence;
      sentence.begin = begin;
      sentence.end = end;
      sentence.text = draft.text().substr(begin, end - begin);
      draft.sentences.push_back(sentence);
    }
    draft.sentences[1].is_grounded = true;
    draft.sentences[1].boxes = {{30, 30, 12, 14}, {-2, 5, 45, 50}};
    draft.sentences[2].is_grounded = true;  // never so in a draft of ours: it states nothing
    draft.sentences[2].boxes = {{5, 5, 10, 10}};
    return draft;
  }

  std::filesystem::path root_;
  LoadedModel model_;
  std::vector<StudyInput> studies_;
  std::vector<Draft> drafts_;
};

TEST_F(Faithfulness, HidesEachRegionOfStatingSentencesAgainstRandomOnes) {
  const Predictor predictor(model_);
  const std::vector<HiddenRegion> regions =
      check_faithfulness(predictor, studies_, drafts_, {.random_regions = 12});
  ASSERT_EQ(regions.size(), 4u);
  for (const HiddenRegion& region : regions) {
    EXPECT_EQ(region.sentence, 1u);
    if (region.is_matched()) {
      EXPECT_EQ(region.random_falls.size(), 12u);
      EXPECT_EQ(region.is_faithful, region.fall > exceedance_percentile(region.random_falls, 0.9));
    } else {
      EXPECT_FALSE(region.is_faithful);
    }
  }
  EXPECT_NEAR(regions[0].body_share, 12 * 14 / (52 * 64.0), 0.01);
  EXPECT_TRUE(regions[0].is_matched());
  EXPECT_FALSE(regions[0].is_large());
  EXPECT_TRUE(regions[1].is_large());
  EXPECT_EQ(regions[1].box, (Box{0, 5, 43, 50}));  // inside the image
}

TEST_F(Faithfulness, FallIsThatOfTheSentenceBehindTheSameWords) {
  const Predictor predictor(model_);
  const HiddenRegion region = check_faithfulness(predictor, studies_, drafts_, {}).front();
  StudyInput hidden = studies_[0];
  hidden.image = with_hidden_region(hidden.image, strongly_blurred(hidden.image), region.box);
  // all words are read here, the check leaves out those behind the sentence
  const auto sum = [&](const StudyInput& study) {
    double log_prob = 0;
    const auto tokens = predictor.log_probs({study}, {drafts_[0].text()});
    for (const TokenLogProb& token : tokens[0])
      if (token.begin < 54 && token.end > 26) log_prob += token.log_prob;
    return log_prob;
  };
  EXPECT_NEAR(region.log_prob, sum(studies_[0]), 1e-4);
  EXPECT_NEAR(region.fall, sum(studies_[0]) - sum(hidden), 1e-4);
  EXPECT_NE(region.fall, 0);
}

TEST_F(Faithfulness, DoesNotDependOnTheBatch) {
  const auto all = check_faithfulness(Predictor(model_), studies_, drafts_, {});
  const auto few = check_faithfulness(Predictor(model_, torch::kCPU, 5), studies_, drafts_, {});
  ASSERT_EQ(all.size(), few.size());
  for (size_t r = 0; r < all.size(); ++r) {
    EXPECT_NEAR(all[r].fall, few[r].fall, 1e-4);
    ASSERT_EQ(all[r].random_falls.size(), few[r].random_falls.size());
    for (size_t i = 0; i < all[r].random_falls.size(); ++i)
      EXPECT_NEAR(all[r].random_falls[i], few[r].random_falls[i], 1e-4);
  }
}

TEST_F(Faithfulness, NothingFallsWhereThereIsNothingToHide) {
  studies_[0].image.setTo(30000);
  for (const HiddenRegion& region :
       check_faithfulness(Predictor(model_), {studies_[0]}, {drafts_[0]}, {})) {
    EXPECT_NEAR(region.fall, 0, 1e-4);
    for (const double fall : region.random_falls) EXPECT_NEAR(fall, 0, 1e-4);
  }
}

TEST_F(Faithfulness, ComesToOneInTenForRegionsThatMeanNothing) {
  Random random(11);
  for (Draft& draft : drafts_) {
    draft.sentences[1].boxes.clear();
    for (int i = 0; i < 60; ++i)
      draft.sentences[1].boxes.push_back({random.uniform(0, 40), random.uniform(0, 50), 12, 14});
  }
  int faithful = 0;
  const auto regions =
      check_faithfulness(Predictor(model_), studies_, drafts_, {.random_regions = 9});
  for (const HiddenRegion& region : regions) faithful += region.is_faithful;
  ASSERT_EQ(regions.size(), 120u);
  EXPECT_GT(faithful, 1);
  // 12 are expected, with a standard deviation of 3.3 were they independent
  EXPECT_LT(faithful, 26);
}

TEST_F(Faithfulness, RefusesTooFewRandomRegions) {
  EXPECT_THROW(check_faithfulness(Predictor(model_), studies_, drafts_, {.random_regions = 8}),
               Error);
}

}  // namespace
}  // namespace radgen
