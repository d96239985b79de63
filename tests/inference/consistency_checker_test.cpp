#include "radgen/inference/consistency_checker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "inference/tiny_model.h"

namespace radgen {
namespace {

namespace fs = std::filesystem;

class Consistency : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("radgen_consistency_" + std::to_string(::getpid()));
    fs::create_directories(root_);
    tokenizer_ = tiny_model(root_).tokenizer;
    checker_ = std::make_unique<ConsistencyChecker>(tokenizer_, std::make_shared<Labeler>());
  }
  void TearDown() override { fs::remove_all(root_); }

  // Where the checker lets sentences end while `text` is written, as texts.
  std::vector<std::string> sentences(const std::string& text) const {
    std::vector<std::string> found;
    std::vector<int64_t> ids;
    size_t begin = 0;
    for (int64_t id : tokenizer_->encode_ids(text)) {
      ids.push_back(id);
      const size_t finished = checker_->finished(ids, begin);
      if (finished == begin) continue;
      const auto at = [&](size_t i) { return ids.begin() + static_cast<std::ptrdiff_t>(i); };
      const std::string sentence = tokenizer_->decode({at(begin), at(finished)});
      const size_t first = sentence.find_first_not_of(' ');
      if (first != std::string::npos) found.push_back(sentence.substr(first));
      begin = finished;
    }
    return found;
  }
  bool accepts(const std::string& text) const {
    return checker_->accepts(tokenizer_->encode_ids(text), 0, 0);
  }

  fs::path root_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<ConsistencyChecker> checker_;
};

TEST_F(Consistency, SentencesEndWhereTheTextSaysSo) {
  EXPECT_EQ(sentences("No pneumothorax. Small effusion."),
            (std::vector<std::string>{"No pneumothorax.", "Small effusion."}));
  EXPECT_EQ(sentences("A nodule of 2.5 cm. The heart is normal"),
            (std::vector<std::string>{"A nodule of 2.5 cm."}));
  EXPECT_EQ(sentences("The tube ends at T4. No effusion."),
            (std::vector<std::string>{"The tube ends at T4.", "No effusion."}));
  EXPECT_EQ(sentences("No effusion.\nNormal heart\n").size(), 3U);
}

TEST_F(Consistency, ASentenceThatDeniesWhatWasStatedIsNotAccepted) {
  EXPECT_TRUE(accepts("Small left pleural effusion. No pneumothorax."));
  EXPECT_TRUE(accepts("Small left pleural effusion. No right pleural effusion."));
  EXPECT_FALSE(accepts("Small left pleural effusion. No pleural effusion."));
  EXPECT_FALSE(accepts("No pleural effusion. Small left pleural effusion."));
  EXPECT_FALSE(accepts("Small left pleural effusion. Large left pleural effusion."));
  EXPECT_FALSE(accepts("No pneumothorax. No pneumothorax."));
}

TEST_F(Consistency, WhatTheImageShowsIsNotDeniedUnlessNothingElseIsWritten) {
  const StudyChecker study(*checker_, {Finding::kPleuralEffusion});
  const auto ids = tokenizer_->encode_ids("No pleural effusion.");
  EXPECT_TRUE(checker_->accepts(ids, 0, 0));
  EXPECT_FALSE(study.accepts(ids, 0, 0));
  EXPECT_TRUE(study.accepts(ids, 0, StudyChecker::kGivesUpAfter));
  EXPECT_TRUE(study.accepts(tokenizer_->encode_ids("No pneumothorax."), 0, 0));
  EXPECT_TRUE(study.accepts(tokenizer_->encode_ids("Small left pleural effusion."), 0, 0));
  // of the newest sentence alone
  const std::string both = "No pleural effusion. No pneumothorax.";
  EXPECT_TRUE(study.accepts(tokenizer_->encode_ids(both), ids.size(), 0));
}

TEST_F(Consistency, AnImpressionIsComparedWithTheFindings) {
  EXPECT_TRUE(accepts("Small left pleural effusion.\nLeft pleural effusion."));
  EXPECT_FALSE(accepts("Small left pleural effusion.\nRight pleural effusion."));
  EXPECT_FALSE(accepts("No pneumothorax.\nLeft pneumothorax."));
  // what is missing may still come
  EXPECT_TRUE(accepts("Small left pleural effusion. Cardiomegaly.\nLeft pleural effusion."));
}

TEST_F(Consistency, AnImpressionThatLeavesAFindingOutIsWrittenAgain) {
  const auto ids = [&](const std::string& text) { return tokenizer_->encode_ids(text); };
  EXPECT_FALSE(checker_->accepts_end(ids("Small left pleural effusion.\nNo acute disease.")));
  EXPECT_TRUE(checker_->accepts_end(ids("Small left pleural effusion.\nLeft pleural effusion.")));
  EXPECT_TRUE(checker_->begins_section(ids("Small left pleural effusion.\n")));
  EXPECT_FALSE(checker_->begins_section(ids("Small left pleural effusion.")));
  EXPECT_FALSE(checker_->begins_section(ids("Small left pleural effusion.\nNo disease.\n")));
}

TEST_F(Consistency, OmissionsAreCountedApartFromFaults) {
  const Labeler labeler;
  const auto faults = [&](const std::string& text) {
    return report_faults(text, labeler.mentions(text));
  };
  EXPECT_EQ(faults("Small left pleural effusion.\nLeft pleural effusion.").faults, 0);
  EXPECT_EQ(faults("Small left pleural effusion.\nNo acute disease.").omissions, 1);
  EXPECT_EQ(faults("Small left pleural effusion. No pleural effusion.\nNothing.").faults, 1);
}

}  // namespace
}  // namespace radgen
