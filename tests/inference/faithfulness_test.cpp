#include "radgen/inference/faithfulness.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <opencv2/imgproc.hpp>

#include "inference/tiny_model.h"
#include "radgen/core/error.h"
#include "radgen/imaging/image_perturbations.h"
#include "radgen/imaging/organs.h"

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
  const std::vector<Box> boxes = matched_regions(region, body, {}, 16, Random(1));
  ASSERT_EQ(boxes.size(), 16u);
  for (const Box& box : boxes) {
    EXPECT_EQ(box.w, region.w);
    EXPECT_EQ(box.h, region.h);
    EXPECT_GE(intersect(box, {30, 20, 150, 230}).area(), 0.9 * box.area());
    EXPECT_LE(intersect(box, region).area(), 0.25 * region.area() + 1e-9);
    EXPECT_EQ(std::count(boxes.begin(), boxes.end(), box), 1);
  }
  EXPECT_EQ(boxes, matched_regions(region, body, {}, 16, Random(1)));
  EXPECT_NE(boxes, matched_regions(region, body, {}, 16, Random(2)));
}

TEST(MatchedRegions, ReachAllPartsOfTheBody) {
  const cv::Mat body = body_of(200, 200, {0, 0, 200, 200});
  int left = 0, top = 0;
  for (uint64_t seed = 0; seed < 40; ++seed)
    for (const Box& box : matched_regions({90, 90, 20, 20}, body, {}, 10, Random(seed))) {
      left += box.x + box.w / 2 < 100;
      top += box.y + box.h / 2 < 100;
    }
  EXPECT_NEAR(left, 200, 45);
  EXPECT_NEAR(top, 200, 45);
}

TEST(MatchedRegions, AreNoneWhereTheBodyHasNoRoom) {
  const cv::Mat body = body_of(100, 100, {20, 20, 30, 30});
  EXPECT_TRUE(matched_regions({0, 0, 60, 60}, body, {}, 16, Random(0)).empty());
  EXPECT_TRUE(matched_regions({0, 0, 0, 10}, body, {}, 16, Random(0)).empty());
}

TEST(MatchedRegions, MayOverlapALargeRegion) {
  const cv::Mat body = body_of(100, 100, {0, 0, 100, 100});
  const Box region{10, 10, 80, 70};
  const std::vector<Box> boxes = matched_regions(region, body, {}, 16, Random(0));
  ASSERT_EQ(boxes.size(), 16u);
  for (const Box& box : boxes)
    EXPECT_LE(intersect(box, region).area(), 0.75 * region.area() + 1e-9);
}

TEST(MatchedRegions, LieInTheSameOrgans) {
  const cv::Mat body = body_of(200, 200, {0, 0, 200, 200});
  cv::Mat organs(200, 200, CV_8UC1, cv::Scalar(static_cast<int>(Organ::kOther)));
  const cv::Rect lung(20, 30, 60, 140), middle(80, 30, 40, 140), other_lung(120, 30, 60, 140);
  organs(lung).setTo(static_cast<int>(Organ::kLung));
  organs(other_lung).setTo(static_cast<int>(Organ::kLung));
  organs(middle).setTo(static_cast<int>(Organ::kMediastinum));
  const auto share = [&](const Box& box, Organ organ) {
    const cv::Rect pixels(cvRound(box.x), cvRound(box.y), cvRound(box.w), cvRound(box.h));
    return cv::countNonZero(organs(pixels) == static_cast<int>(organ)) /
           static_cast<double>(pixels.area());
  };
  for (const auto& [region, organ] :
       {std::pair{Box{30, 60, 20, 24}, Organ::kLung}, {{88, 70, 20, 24}, Organ::kMediastinum}}) {
    const std::vector<Box> boxes = matched_regions(region, body, organs, 16, Random(3));
    ASSERT_EQ(boxes.size(), 16u);
    for (const Box& box : boxes) EXPECT_GE(share(box, organ), 0.78);
  }
  // The mediastinum has no room for many regions of its own width and height.
  EXPECT_TRUE(matched_regions({80, 30, 40, 140}, body, organs, 16, Random(3)).empty());
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

// A film with two dark lungs in a bright body, textured everywhere, for readers without a network.
cv::Mat chest(uint64_t seed) {
  cv::Mat image(200, 176, CV_16UC1, cv::Scalar(0));
  cv::ellipse(image, {88, 100}, {80, 96}, 0, 0, 360, cv::Scalar(44000), cv::FILLED);
  cv::ellipse(image, {50, 96}, {24, 62}, 0, 0, 360, cv::Scalar(12000), cv::FILLED);
  cv::ellipse(image, {126, 96}, {24, 62}, 0, 0, 360, cv::Scalar(12000), cv::FILLED);
  cv::Mat noise(image.size(), CV_16SC1), sum;
  cv::RNG(seed).fill(noise, cv::RNG::NORMAL, 0, 1500);
  cv::add(image, noise, sum, image > 0, CV_32S);
  sum.convertTo(image, CV_16UC1);
  return image;
}

TEST(OrganMap, TellsLungsFromWhatLiesBetweenThem) {
  const cv::Mat image = chest(1), organs = organ_map(image, body_mask(image));
  const auto at = [&](int x, int y) { return static_cast<Organ>(organs.at<uchar>(y, x)); };
  EXPECT_EQ(at(50, 96), Organ::kLung);
  EXPECT_EQ(at(126, 96), Organ::kLung);
  EXPECT_EQ(at(88, 96), Organ::kMediastinum);
  EXPECT_EQ(at(88, 185), Organ::kOther);
  EXPECT_EQ(at(2, 2), Organ::kNone);
  // A lung that is white throughout is where the other one is on its side.
  cv::Mat white = image.clone();
  white.colRange(88, 176).setTo(44000, image.colRange(88, 176) > 0);
  const cv::Mat of_white = organ_map(white, body_mask(white));
  EXPECT_EQ(static_cast<Organ>(of_white.at<uchar>(96, 50)), Organ::kLung);
  EXPECT_EQ(static_cast<Organ>(of_white.at<uchar>(96, 126)), Organ::kLung);
  // Nothing to be told: all of the body is the rest.
  const cv::Mat flat(64, 64, CV_16UC1, cv::Scalar(30000));
  EXPECT_EQ(cv::countNonZero(organ_map(flat, body_mask(flat)) == static_cast<int>(Organ::kOther)),
            64 * 64);
}

// Reads a sentence whose probability falls with what is changed in `needed` of each film.
ReadLogProbs reader_of(const std::map<std::string, cv::Mat>& films,
                       const std::map<std::string, cv::Mat>& needed) {
  return [&films, &needed](const std::vector<StudyInput>& inputs,
                           const std::vector<std::string>& texts) {
    std::vector<std::vector<TokenLogProb>> all;
    for (size_t i = 0; i < inputs.size(); ++i) {
      cv::Mat change;
      cv::absdiff(inputs[i].image, films.at(inputs[i].study_id), change);
      // How many pixels, not by how much: a blurred edge changes more than a blurred middle.
      const cv::Mat is_changed = change > 300;
      const double changed = cv::mean(is_changed, needed.at(inputs[i].study_id))[0];
      TokenLogProb token;
      token.begin = 0;
      token.end = texts[i].size();
      token.log_prob = -changed;
      all.push_back({token});
    }
    return all;
  };
}

struct FaithfulShares {
  double faithful = 0, chance = 0;
  int regions = 0;
};
// Films with a statement each and `boxes` as its regions, read by a reader that needs `needed`.
FaithfulShares shares_of(const std::vector<std::vector<Box>>& boxes,
                         const std::function<cv::Mat(size_t, const cv::Mat&)>& needed_of,
                         bool matches_organs) {
  std::map<std::string, cv::Mat> films, needed;
  std::vector<StudyInput> studies;
  std::vector<Draft> drafts;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const std::string id = "s" + std::to_string(i);
    films[id] = chest(i + 1);
    needed[id] = needed_of(i, films[id]);
    studies.push_back({id, id, films[id], {}, "", ""});
    Draft draft;
    draft.study_id = id;
    draft.findings = "Right lower lobe consolidation.";
    draft.mentions = Labeler().mentions(draft.text());
    DraftSentence sentence;
    sentence.end = draft.findings.size();
    sentence.is_grounded = true;
    sentence.boxes = boxes[i];
    draft.sentences.push_back(sentence);
    drafts.push_back(draft);
  }
  FaithfulShares shares;
  for (const HiddenRegion& region :
       check_faithfulness(reader_of(films, needed), 16, studies, drafts,
                          {.random_regions = 16, .seed = 5, .matches_organs = matches_organs})) {
    if (!region.is_matched()) continue;
    ++shares.regions;
    shares.faithful += region.is_faithful;
    shares.chance += region.is_null_faithful;
  }
  shares.faithful /= std::max(shares.regions, 1);
  shares.chance /= std::max(shares.regions, 1);
  return shares;
}

// Two regions a film, somewhere in the lungs.
std::vector<std::vector<Box>> lung_boxes(size_t films, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<Box>> boxes(films);
  for (auto& of_film : boxes) {
    for (const double lung : {36.0, 112.0})
      of_film.push_back({lung + random.uniform(0, 10), random.uniform(60, 110), 18, 20});
  }
  return boxes;
}

TEST(FaithfulnessNull, LungsOnlyAttentionDoesNotPass) {
  const auto lungs = [](size_t, const cv::Mat& film) {
    return cv::Mat(organ_map(film, body_mask(film)) == static_cast<int>(Organ::kLung));
  };
  const auto boxes = lung_boxes(60, 3);
  const FaithfulShares anywhere = shares_of(boxes, lungs, /*matches_organs=*/false);
  const FaithfulShares matched = shares_of(boxes, lungs, /*matches_organs=*/true);
  ASSERT_GE(matched.regions, 100);
  EXPECT_GT(anywhere.faithful, 0.22) << "what the body-wide control let through";
  // 10 % of 120, and 3 standard deviations of 2.7 points.
  EXPECT_LT(matched.faithful, 0.19);
  EXPECT_LT(matched.chance, 0.19);
}

TEST(FaithfulnessNull, AnotherPatientsRegionOfTheSameFindingDoesNotPass) {
  const auto own = lung_boxes(40, 3), others = lung_boxes(40, 4);
  const auto needs_own = [&](size_t i, const cv::Mat& film) {
    cv::Mat mask = cv::Mat::zeros(film.size(), CV_8UC1);
    const Box& box = own[i][0];
    mask(cv::Rect(cvRound(box.x), cvRound(box.y), cvRound(box.w), cvRound(box.h))).setTo(255);
    return mask;
  };
  std::vector<std::vector<Box>> first, foreign;
  for (size_t i = 0; i < own.size(); ++i) {
    first.push_back({own[i][0]});
    foreign.push_back({others[i][1]});  // in the other lung
  }
  EXPECT_GT(shares_of(first, needs_own, true).faithful, 0.9);
  EXPECT_LT(shares_of(foreign, needs_own, true).faithful, 0.2);
}

TEST(FaithfulnessNull, WordsThatNeedNoPixelDoNotPass) {
  const auto nothing = [](size_t, const cv::Mat& film) {
    return cv::Mat(cv::Mat::zeros(film.size(), CV_8UC1));
  };
  EXPECT_EQ(shares_of(lung_boxes(10, 3), nothing, true).faithful, 0);
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
