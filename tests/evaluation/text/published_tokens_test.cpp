// Tokenizations of published scores, and the English stemmer, by hand and against the golden files.
#include "radgen/evaluation/text/published_tokens.h"

#include <gtest/gtest.h>

#include "evaluation/reference_cases.h"
#include "evaluation/text/code_points.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/text/english_stemmer.h"
#include "radgen/evaluation/text/meteor15.h"

namespace radgen::evaluation {
namespace {

using Words = std::vector<std::string>;

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(CodePoints, KeepWhatIsNoUtf8AndLowerOtherAlphabets) {
  EXPECT_EQ(utf8(code_points("Épaule – 5 µm")), "Épaule – 5 µm");
  EXPECT_EQ(code_points("a\xFF")[1], char32_t{0xFF});
  EXPECT_EQ(lower_case(U'É'), U'é');
  EXPECT_EQ(lower_case(U'Ж'), U'ж');
  EXPECT_EQ(lower_case(U'×'), U'×');
}

TEST(R2GenCleaning, HasItsFaults) {
  EXPECT_EQ(clean_r2gen_mimic("1. Nodule of 3.5 cm. 2. No T8-T9 fracture."),
            "nodule of 35 cm . no t8-t9 fracture .");
  EXPECT_EQ(clean_r2gen_iu(""), " .");
}

TEST(R2GenCleaning, MatchesTheOriginal) {
  const auto files = reference_metric_files("tok_r2gen_clean_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    for (const auto& c : read_json(file).at("cases")) {
      const std::string input = c.at("input");
      const auto& expected = c.at("expected");
      EXPECT_EQ(clean_r2gen_iu(input), expected.at("clean_report_iu_xray").get<std::string>());
      EXPECT_EQ(clean_r2gen_mimic(input), expected.at("clean_report_mimic_cxr").get<std::string>());
    }
  }
}

TEST(PtbTokens, SplitSignsButNotDecimalsAndClitics) {
  EXPECT_EQ(ptb_tokens("Today's film (AP): a 3.5 cm mass, T8-T9; don't compare vs. prior..."),
            (Words{"today", "'s", "film", "-lrb-", "ap", "-rrb-", "a", "3.5", "cm", "mass", "t8-t9",
                   "do", "n't", "compare", "vs.", "prior"}));
  EXPECT_TRUE(ptb_tokens(". , ;").empty());
}

TEST(PtbTokens, MatchCocoCaptionTools) {
  const auto files = reference_metric_files("tok_ptb_coco_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    for (const auto& c : read_json(file).at("cases")) {
      EXPECT_EQ(joined(ptb_tokens(c.at("input").get<std::string>())),
                c.at("expected").get<std::string>())
          << c.at("id");
    }
  }
}

TEST(Tokens13a, SplitPunctuationButNotDecimals) {
  EXPECT_EQ(tokens_13a("A 3.5 cm nodule, no T8-T9 fracture (2-3 mm)."),
            (Words{"A", "3.5", "cm", "nodule", ",", "no", "T8", "-", "T9", "fracture", "(", "2",
                   "-", "3", "mm", ")", "."}));
}

TEST(EnglishStemmer, StemsByHand) {
  EXPECT_EQ(english_stem("opacities"), "opac");
  EXPECT_EQ(english_stem("generously"), "generous");
  EXPECT_EQ(english_stem("ties"), "tie");
  EXPECT_EQ(english_stem("herrings"), "herring");
  EXPECT_EQ(english_stem("a"), "a");
}

TEST(EnglishStemmer, MatchesLibstemmer) {
  const auto files = reference_metric_files("stemmers");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    for (const auto& c : read_json(file).at("cases")) {
      const std::string word = c.at("input");
      EXPECT_EQ(english_stem(word), c.at("expected").at("libstemmer_english").get<std::string>())
          << word;
    }
  }
}

TEST(Meteor15Tokens, MatchTheOriginal) {
  const auto files = reference_metric_files("meteor15_norm_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    for (const auto& c : read_json(file).at("cases")) {
      EXPECT_EQ(joined(meteor15_tokens(c.at("input").at("hyp").get<std::string>())),
                c.at("expected").at("exact_stem_synonym").at("norm_hyp").get<std::string>())
          << c.at("id");
    }
  }
}

}  // namespace
}  // namespace radgen::evaluation
