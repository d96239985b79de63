#include "radgen/batches/batch.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/report/finding.h"
#include "radgen/report/tokenizer.h"

namespace radgen {
namespace {

constexpr size_t kPatches = 4;

// A study of `words` words behind a prompt of one token; the word at `grounded` looks at patch 2 of
// a finding, the one behind it at patch 3 of examined anatomy.
Sample sample_of(size_t index, size_t words, float grey, size_t grounded) {
  Sample sample;
  sample.index = index;
  sample.image = cv::Mat(2, 2, CV_32FC1, cv::Scalar(grey));
  sample.prompt_length = 1;
  sample.ids = {9, kBosId};
  for (size_t w = 0; w < words; ++w) sample.ids.push_back(static_cast<int64_t>(10 + w));
  sample.ids.push_back(kEosId);
  const size_t length = sample.ids.size();
  sample.counts.assign(length, 1);
  sample.counts.front() = sample.counts.back() = 0;
  sample.is_positive.assign(length, 0);
  sample.group.assign(length, -1);
  sample.is_positive[grounded] = 1;
  sample.group[grounded] = 0;
  sample.group[grounded + 1] = 1;
  sample.finding_groups = 1;
  sample.group_masks = {0, 0, 1, 0, /*examined*/ 0, 0, 0, .5f};
  sample.labels.assign(kFindingCount, std::nanf(""));
  sample.labels[2] = 1;
  sample.patch_labels.assign(kFindingCount * kPatches, 0);
  sample.patch_labels[2 * kPatches + 1] = 1;
  sample.has_boxes.assign(kFindingCount, 0);
  sample.has_boxes[2] = 1;
  return sample;
}

TEST(Collate, PadsToTheLongestTextWithWhatNeverCounts) {
  const Batch batch = collate({sample_of(7, 5, 0.f, 3), sample_of(3, 2, 1.f, 2)});
  ASSERT_EQ(batch.size(), 2);
  ASSERT_EQ(batch.text_ids.size(1), 8);
  EXPECT_EQ(batch.indices, (std::vector<size_t>{7, 3}));
  EXPECT_TRUE(
      torch::equal(batch.text_ids[1],
                   torch::tensor({9, int(kBosId), 10, 11, int(kEosId), 0, 0, 0}, torch::kLong)));
  EXPECT_EQ(batch.text_mask[1].sum().item<int64_t>(), 3) << "bos and two words predict";
  EXPECT_FALSE(batch.text_mask[1].slice(0, 5).any().item<bool>());
  EXPECT_FALSE(batch.grounding_tokens[1].slice(0, 5).any().item<bool>());
  EXPECT_EQ(batch.grounding_masks[1].slice(0, 5).abs().sum().item<float>(), 0);
}

TEST(Collate, TargetsAreTheIdsOneToTheLeft) {
  const Batch batch = collate({sample_of(0, 5, 0.f, 3), sample_of(1, 2, 1.f, 2)});
  const int64_t width = batch.text_ids.size(1);
  EXPECT_TRUE(torch::equal(batch.targets.slice(1, 0, width - 1), batch.text_ids.slice(1, 1)));
  EXPECT_EQ(batch.targets.select(1, width - 1).abs().sum().item<int64_t>(), 0);
}

TEST(Collate, MasksOfFindingsAndOfExaminedAnatomyAreTwoKinds) {
  const Batch batch = collate({sample_of(0, 4, 0.f, 3)});
  EXPECT_TRUE(batch.grounding_tokens[0][3].item<bool>());
  EXPECT_FALSE(batch.examined_tokens[0][3].item<bool>());
  EXPECT_FALSE(batch.grounding_tokens[0][4].item<bool>());
  EXPECT_TRUE(batch.examined_tokens[0][4].item<bool>());
  EXPECT_EQ(batch.grounding_masks[0][3][2].item<float>(), 1);
  EXPECT_EQ(batch.grounding_masks[0][4][3].item<float>(), .5f);
  EXPECT_EQ(batch.grounding_tokens.sum().item<int64_t>(), 1);
  EXPECT_EQ(batch.examined_tokens.sum().item<int64_t>(), 1);
}

TEST(Collate, ImagesAndLabelsStandInTheirStudysRow) {
  const Batch batch = collate({sample_of(0, 2, .25f, 2), sample_of(1, 2, .75f, 2)});
  EXPECT_EQ(batch.image.sizes(), (torch::IntArrayRef{2, 1, 2, 2}));
  EXPECT_FLOAT_EQ(batch.image[1].min().item<float>(), .75f);
  EXPECT_FLOAT_EQ(batch.image[0].max().item<float>(), .25f);
  EXPECT_EQ(batch.labels[1][2].item<float>(), 1);
  EXPECT_TRUE(std::isnan(batch.labels[1][3].item<float>())) << "to be ignored";
  EXPECT_EQ(batch.patch_labels[0].sum().item<float>(), 1);
  EXPECT_EQ(batch.patch_labels[0][2][1].item<float>(), 1);
  EXPECT_TRUE(batch.has_boxes[0][2].item<bool>());
}

TEST(Collate, RefusesNoStudyAndImagesOfTwoSizes) {
  EXPECT_THROW(collate({}), std::exception);
  Sample other = sample_of(1, 2, 0.f, 2);
  other.image = cv::Mat(2, 3, CV_32FC1, cv::Scalar(0));
  EXPECT_THROW(collate({sample_of(0, 2, 0.f, 2), other}), std::exception);
}

}  // namespace
}  // namespace radgen
