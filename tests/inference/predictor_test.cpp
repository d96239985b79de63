#include "radgen/inference/predictor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "inference/tiny_model.h"
#include "model/fake_runtime.h"
#include "radgen/core/error.h"
#include "radgen/inference/consistency_checker.h"

namespace radgen {
namespace {

namespace fs = std::filesystem;

class Drafting : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("radgen_drafting_" + std::to_string(::getpid()));
    fs::create_directories(root_);
    model_ = tiny_model(root_);
    for (int i = 0; i < 3; ++i) {
      cv::Mat image(64, 52, CV_16UC1);
      cv::theRNG().state = static_cast<uint64_t>(i + 1);
      cv::randu(image, 0, 65535);
      StudyInput study;
      study.study_id = study.image_id = "study " + std::to_string(i);
      study.image = image;
      studies_.push_back(study);
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  // All that is written of a draft but its names and how long it took. Fractions to five digits:
  // Haswell's GEMM kernels round a row differently beside other rows (the AVX-512 ones do not).
  static std::string bytes(Draft draft) {
    draft.study_id = draft.image_id = "any";
    draft.timing_ms.clear();
    nlohmann::json flat = nlohmann::json(draft_to_json(draft)).flatten();
    for (nlohmann::json& value : flat)
      if (value.is_number_float()) value = fmt::format("{:.5g}", value.get<double>());
    return flat.dump();
  }

  fs::path root_;
  LoadedModel model_;
  std::vector<StudyInput> studies_;
};

TEST_F(Drafting, TheSameFilmUnderAnotherNameInAnotherBatchGivesTheSameDraft) {
  model_.config.decoding.num_samples = 5;
  model_.config.decoding.temperature = 1.2;
  const auto together = Predictor(model_).draft(studies_);
  std::vector<StudyInput> others{studies_[2], studies_[0]};
  others[0].study_id = others[0].image_id = "renamed.dcm";
  others[1].study_id = others[1].image_id = "elsewhere/renamed.dcm";
  const auto again = Predictor(model_).draft(others);
  const auto alone = Predictor(model_, torch::kCPU, /*batch_size=*/1).draft(others);
  for (const auto& drafts : {again, alone}) {
    EXPECT_EQ(bytes(drafts[0]), bytes(together[2]));
    EXPECT_EQ(bytes(drafts[1]), bytes(together[0]));
  }
  EXPECT_NE(bytes(together[0]), bytes(together[2]));
}

TEST_F(Drafting, OtherPixelsOrAnotherModelSampleOtherTexts) {
  model_.config.decoding.num_samples = 3;
  model_.config.decoding.temperature = 2;
  LoadedModel other = model_;
  other.sha256 = "0";
  EXPECT_NE(Predictor(model_).draft({studies_[0]})[0].text(),
            Predictor(other).draft({studies_[0]})[0].text());
}

TEST_F(Drafting, TakesAnyRuntime) {
  torch::manual_seed(6);
  const int64_t words = model_.tokenizer->vocabulary_size();
  const auto runtime =
      std::make_shared<const TableRuntime>(model_.config.network, torch::randn({words, words}) * 2);
  LoadedModel without_network = model_;
  without_network.network = GroundedModel(nullptr);
  without_network.config.decoding.sentence_retries = 0;
  const Predictor predictor(without_network, runtime);
  const auto drafts = predictor.draft(studies_);
  ASSERT_EQ(drafts.size(), studies_.size());
  SearchOptions options{.not_first = {kSeparatorId}};
  const auto text = generate(*runtime, runtime->encode(torch::zeros({1, 1, 64, 48})), {},
                             model_.config.decoding, options)
                        .front();
  Draft expected = drafts[0];
  const std::string decoded = model_.tokenizer->decode(text.ids);
  EXPECT_EQ(expected.text().substr(0, decoded.size()), decoded);
  EXPECT_EQ(predictor.log_probs(studies_, {"No.", "No.", "No."})[0].size(),
            model_.tokenizer->encode_ids("No.").size());
}

TEST_F(Drafting, PrecisionIsChosenOnceAndDecidesOnTheRuntime) {
  const Predictor fp32 = make_predictor(model_, {});
  const auto expected = fp32.draft(studies_);
  const auto plain = Predictor(model_).draft(studies_);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(bytes(plain[i]), bytes(expected[i]));
  // LibTorch asks the CPU for bf16 and oneDNN the variable: together they fail.
  if (std::getenv("ONEDNN_MAX_CPU_ISA") == nullptr) {
    EXPECT_EQ(make_predictor(model_, {.precision = "bf16"}).draft(studies_).size(), 3U);
  }
  EXPECT_THROW(make_predictor(model_, {.precision = "fp7"}), Error);
}

// Random weights contradict themselves; what is kept does not, as far as it can be helped.
TEST_F(Drafting, ChoosesATextWithoutContradictionsWhereThereIsOne) {
  model_.config.decoding.num_samples = 8;
  model_.config.decoding.temperature = 1.5;
  const Labeler labeler;
  for (const Draft& draft : Predictor(model_).draft(studies_))
    EXPECT_EQ(report_faults(draft.text(), labeler.mentions(draft.text())).faults, 0)
        << draft.text();
}

}  // namespace
}  // namespace radgen
