#include "radgen/inference/study_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/scratch.h"
#include "inference/tiny_model.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using std::chrono::milliseconds;

class StudyQueueTest : public testing::Test {
 protected:
  StudyQueueTest() : model_(tiny_model(scratch_.path())) {
    model_.config.decoding.num_samples = 2;
    predictor_ = std::make_shared<const Predictor>(model_, torch::kCPU, /*batch_size=*/4);
  }

  static StudyInput film(int number) {
    cv::Mat image(64, 48, CV_16UC1);
    cv::RNG random(static_cast<uint64_t>(number) + 1);
    random.fill(image, cv::RNG::UNIFORM, 0, 65535);
    const std::string id = "study" + std::to_string(number);
    return {id, id, image};
  }

  Scratch scratch_;
  LoadedModel model_;
  std::shared_ptr<const Predictor> predictor_;
};

TEST_F(StudyQueueTest, DraftsInBatchesWhatEachStudyGetsAlone) {
  std::vector<Draft> alone;
  for (int i = 0; i < 7; ++i) alone.push_back(predictor_->draft({film(i)}).front());
  StudyQueue queue(predictor_, {.most_studies = 4, .delay = milliseconds(2000)});
  std::vector<std::future<Draft>> drafts;
  for (int i = 0; i < 7; ++i) drafts.push_back(queue.submit(film(i)));
  for (size_t i = 0; i < drafts.size(); ++i) {
    const Draft draft = drafts[i].get();
    EXPECT_EQ(draft.study_id, alone[i].study_id);
    EXPECT_EQ(draft.findings, alone[i].findings);
    EXPECT_EQ(draft.impression, alone[i].impression);
    ASSERT_EQ(draft.sentences.size(), alone[i].sentences.size());
    for (size_t s = 0; s < draft.sentences.size(); ++s) {
      EXPECT_EQ(draft.sentences[s].boxes, alone[i].sentences[s].boxes);
      EXPECT_NEAR(draft.sentences[s].score, alone[i].sentences[s].score, 1e-5);
    }
  }
  const std::vector<int64_t> batches = queue.batches();
  EXPECT_EQ(batches.front(), 4);
  EXPECT_EQ(std::accumulate(batches.begin(), batches.end(), int64_t{0}), 7);
  EXPECT_LE(*std::max_element(batches.begin(), batches.end()), 4);
}

TEST_F(StudyQueueTest, ALoneStudyWaitsNoLongerThanTheDelay) {
  StudyQueue queue(predictor_, {.most_studies = 4, .delay = milliseconds(50)});
  EXPECT_FALSE(queue.submit(film(1)).get().findings.empty());
  EXPECT_EQ(queue.batches(), std::vector<int64_t>{1});
}

TEST_F(StudyQueueTest, WhatWasSubmittedIsDraftedBeforeTheEnd) {
  std::future<Draft> draft;
  {
    StudyQueue queue(predictor_, {.most_studies = 4, .delay = milliseconds(60000)});
    draft = queue.submit(film(1));
  }
  EXPECT_EQ(draft.get().study_id, "study1");
}

TEST_F(StudyQueueTest, AnErrorReachesWhoeverWaitsAndTheQueueGoesOn) {
  StudyQueue queue(predictor_, {.most_studies = 1, .delay = milliseconds(0)});
  StudyInput broken = film(1);
  broken.image = cv::Mat();
  std::future<Draft> failed = queue.submit(broken), good = queue.submit(film(2));
  EXPECT_ANY_THROW(failed.get());
  EXPECT_EQ(good.get().study_id, "study2");
}

TEST_F(StudyQueueTest, RefusesBatchesThatThePredictorWouldSplit) {
  EXPECT_THROW(StudyQueue(predictor_, {.most_studies = 5}), Error);
  EXPECT_THROW(StudyQueue(predictor_, {.most_studies = 0}), Error);
}

}  // namespace
}  // namespace radgen
