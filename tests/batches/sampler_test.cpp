#include "radgen/batches/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "radgen/core/error.h"

namespace radgen {
namespace {

std::vector<int64_t> lengths(size_t count) {
  std::vector<int64_t> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<int64_t>(10 + (i * 37) % 90);
  return values;
}

std::vector<size_t> epoch(const BatchSampler& sampler, uint64_t number) {
  std::vector<size_t> all;
  for (size_t b = 0; b < sampler.batches_per_epoch(); ++b) {
    const auto batch = sampler.batch(number, b);
    all.insert(all.end(), batch.begin(), batch.end());
  }
  return all;
}

TEST(BatchSampler, AnEpochHoldsEveryStudyOnceInAnOrderOfItsOwn) {
  const BatchSampler sampler(lengths(101), {.batch_size = 8, .bucket_batches = 4, .seed = 3});
  EXPECT_EQ(sampler.batches_per_epoch(), 13u);
  for (const uint64_t number : {0, 1}) {
    const auto all = epoch(sampler, number);
    EXPECT_EQ(std::set<size_t>(all.begin(), all.end()).size(), 101u);
    EXPECT_EQ(all.size(), 101u);
  }
  EXPECT_NE(epoch(sampler, 0), epoch(sampler, 1));
}

TEST(BatchSampler, AFreshOneContinuesFromAnyPosition) {
  const SamplerConfig config{.batch_size = 8, .bucket_batches = 4, .seed = 3};
  const BatchSampler sampler(lengths(101), config);
  epoch(sampler, 0);
  const auto expected = sampler.batch(5, 7);
  EXPECT_EQ(BatchSampler(lengths(101), config).batch(5, 7), expected);
  SamplerConfig other = config;
  other.seed = 4;
  EXPECT_NE(BatchSampler(lengths(101), other).batch(5, 7), expected);
}

TEST(BatchSampler, BucketingSavesPadding) {
  const auto sizes = lengths(512);
  const auto padded = [&](size_t bucket) {
    const BatchSampler sampler(sizes, {.batch_size = 8, .bucket_batches = bucket, .seed = 1});
    int64_t total = 0;
    for (size_t b = 0; b < sampler.batches_per_epoch(); ++b) {
      int64_t longest = 0;
      for (const size_t i : sampler.batch(0, b)) longest = std::max(longest, sizes[i]);
      total += longest * 8;
    }
    return static_cast<double>(total) /
           static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), int64_t{0}));
  };
  EXPECT_GT(padded(0), 1.4);
  EXPECT_LT(padded(16), 1.15);
}

TEST(BatchSampler, ProcessesShareTheGlobalBatchWithoutOverlap) {
  SamplerConfig config{.batch_size = 4, .drops_last = true, .seed = 2};
  const BatchSampler whole(lengths(50), {.batch_size = 8, .drops_last = true, .seed = 2});
  config.world_size = 2;
  const BatchSampler first(lengths(50), config);
  config.rank = 1;
  const BatchSampler second(lengths(50), config);
  EXPECT_EQ(first.batches_per_epoch(), 6u);
  for (size_t b = 0; b < 6; ++b) {
    auto both = first.batch(1, b);
    const auto other = second.batch(1, b);
    both.insert(both.end(), other.begin(), other.end());
    EXPECT_EQ(both, whole.batch(1, b));
  }
}

TEST(BatchSampler, GivesStudiesWithBoxesTheirShareOfAnEpoch) {
  std::vector<bool> is_boxed(100);
  for (size_t i = 0; i < 20; ++i) is_boxed[5 * i] = true;
  const SamplerConfig config{.batch_size = 8, .boxed_share = 0.4, .is_boxed = is_boxed, .seed = 3};
  const BatchSampler sampler(lengths(100), config);
  EXPECT_EQ(sampler.studies_per_epoch(), 50u);
  std::set<size_t> others;
  for (const uint64_t number : {0, 1, 2, 3, 4, 5}) {
    const auto all = epoch(sampler, number);
    const std::set<size_t> once(all.begin(), all.end());
    EXPECT_EQ(all.size(), 50u);
    EXPECT_EQ(once.size(), 50u);
    size_t boxed = 0;
    for (const size_t study : all) is_boxed[study] ? (void)++boxed : (void)others.insert(study);
    EXPECT_EQ(boxed, 20u);
  }
  EXPECT_GT(others.size(), 70u);  // each epoch leaves out others: 1 - (5/8)^6 of 80 are expected
}

TEST(BatchSampler, LeavesNobodyOutWhenBoxesAreNotScarce) {
  std::vector<bool> is_boxed(30, true);
  is_boxed[4] = false;
  EXPECT_EQ(BatchSampler(lengths(30), {.batch_size = 8, .boxed_share = 0.5, .is_boxed = is_boxed})
                .studies_per_epoch(),
            30u);
  EXPECT_EQ(BatchSampler(lengths(30),
                         {.batch_size = 8, .boxed_share = 0.5, .is_boxed = std::vector<bool>(30)})
                .studies_per_epoch(),
            30u);
}

TEST(BatchSampler, RefusesMoreThanThereIs) {
  EXPECT_THROW(BatchSampler(lengths(3), {.batch_size = 4, .drops_last = true}), Error);
  EXPECT_THROW(BatchSampler({}, {.batch_size = 4}), Error);
  EXPECT_EQ(BatchSampler(lengths(3), {.batch_size = 4}).batch(0, 0).size(), 3u);
}

}  // namespace
}  // namespace radgen
