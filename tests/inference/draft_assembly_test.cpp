#include "radgen/inference/draft_assembly.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "data/temporary_folder.h"

namespace radgen {
namespace {

constexpr int kRows = 2, kColumns = 3;
const std::string kText =
    "The heart size is normal. There is a small left pleural effusion.\nPleural effusion.";

// A text whose words' attention is known: each token looks at one patch, those of the effusion in
// the findings at the last one.
class DraftAssembly : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder();
    std::vector<std::string> texts;
    for (int i = 0; i < 60; ++i) texts.push_back(kText + " " + std::to_string(i));
    Tokenizer::train(texts, 150, folder_->path() / "tokenizer.model");
    tokenizer_ = new Tokenizer(folder_->path() / "tokenizer.model");
  }
  static void TearDownTestSuite() {
    delete tokenizer_;
    delete folder_;
  }
  DraftAssembly() {
    const size_t begin = kText.find("pleural effusion"), end = begin + 16;
    const std::vector<Token> tokens = tokenizer_->encode(kText);
    const auto count = static_cast<int64_t>(tokens.size());
    decoded_.attention = torch::zeros({count, kRows * kColumns});
    for (int64_t t = 0; t < count; ++t) {
      const Token& token = tokens[static_cast<size_t>(t)];
      const bool is_effusion = token.begin < end && token.end > begin;
      decoded_.attention[t][is_effusion ? kRows * kColumns - 1 : 0] = 0.75;
      decoded_.ids.push_back(token.id);
      decoded_.log_probs.push_back(is_effusion ? std::log(0.5) : 0.0);
    }
    decoded_.is_complete = true;
  }
  Draft assembled() const {
    return assemble_draft(decoded_, placement_, {}, *tokenizer_, labeler_, calibration_);
  }

  static inline TemporaryFolder* folder_ = nullptr;
  static inline Tokenizer* tokenizer_ = nullptr;
  Labeler labeler_;
  Calibration calibration_;
  DecodedText decoded_;
  GridPlacement placement_ = place_grid(kRows, kColumns, 10, Affine{});
};

TEST(PlaceGrid, LiesWhereTheInputLayInTheImage) {
  // The image was halved and moved by (5, 0) into an input of 30 x 20 pixels.
  const GridPlacement placed = place_grid(2, 3, 10, Affine::scale_shift(0.5, 0.5, 5, 0));
  EXPECT_EQ(placed.rows, 2);
  EXPECT_EQ(placed.columns, 3);
  EXPECT_EQ(placed.map_box, (Box{-10, 0, 60, 40})) << "padding is a part of the grid";
}

TEST_F(DraftAssembly, TheTextIsCutIntoFindingsImpressionAndSentences) {
  const Draft draft = assembled();
  EXPECT_EQ(draft.text(), kText);
  EXPECT_EQ(draft.impression, "Pleural effusion.");
  ASSERT_EQ(draft.sentences.size(), 3u);
  for (const DraftSentence& sentence : draft.sentences)
    EXPECT_EQ(sentence.text, kText.substr(sentence.begin, sentence.end - sentence.begin));
  EXPECT_EQ(draft.sentences[1].text, "There is a small left pleural effusion.");
  EXPECT_EQ(draft.labels.at(Finding::kPleuralEffusion), 1);
  EXPECT_TRUE(draft.warnings.empty());
}

TEST_F(DraftAssembly, ASentencesMapIsTheMeanOverTheWordsOfItsFinding) {
  const Draft draft = assembled();
  const AttentionMap& map = draft.sentences[1].map;
  ASSERT_EQ(map.rows, kRows);
  ASSERT_EQ(map.columns, kColumns);
  EXPECT_FLOAT_EQ(map.values.back(), 0.75f);
  EXPECT_FLOAT_EQ(map.values.front(), 0.0f) << "its other words look elsewhere";
  EXPECT_EQ(draft.sentences[1].region_features.findings,
            std::vector<Finding>{Finding::kPleuralEffusion});
  EXPECT_TRUE(draft.sentences[0].region_features.findings.empty());
  EXPECT_FLOAT_EQ(draft.sentences[0].map.values.front(), 0.75f);
}

TEST_F(DraftAssembly, ConfidenceIsTheGeometricMeanOfItsWordsProbabilities) {
  const Draft draft = assembled();
  EXPECT_DOUBLE_EQ(draft.sentences[0].word_probability, 1);
  EXPECT_LT(draft.sentences[1].word_probability, 1);
  EXPECT_GT(draft.sentences[1].word_probability, 0.5);
  EXPECT_LT(draft.confidence, 1);
}

TEST_F(DraftAssembly, ATextThatWasCutSaysSo) {
  decoded_.is_complete = false;
  const Draft draft = assembled();
  ASSERT_EQ(draft.warnings.size(), 1u);
  EXPECT_EQ(draft.warnings[0], "text_cut_at_max_tokens");
}

TEST_F(DraftAssembly, NoWordsAreAnEmptyDraft) {
  decoded_ = {};
  decoded_.is_complete = true;
  const Draft draft = assembled();
  EXPECT_TRUE(draft.sentences.empty());
  EXPECT_EQ(draft.confidence, Draft{}.confidence);
}

TEST_F(DraftAssembly, EachMentionOfAReadTextHasItsOwnMap) {
  const auto groundings =
      ground_mentions(kText, tokenizer_->encode(kText), decoded_, placement_, {}, labeler_);
  ASSERT_EQ(groundings.size(), 2u) << "in the findings and in the impression";
  EXPECT_EQ(groundings[0].mention.side, Side::kLeft);
  EXPECT_FLOAT_EQ(groundings[0].map.values.back(), 0.75f);
  EXPECT_FLOAT_EQ(groundings[1].map.values.front(), 0.75f);
}

}  // namespace
}  // namespace radgen
