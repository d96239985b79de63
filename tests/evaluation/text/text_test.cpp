// Tokens, stems, synonyms, METEOR, ROUGE-L and BLEU, by hand and against the golden files.
#include <gtest/gtest.h>

#include "evaluation/reference_cases.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/text/meteor.h"
#include "radgen/evaluation/text/porter_stemmer.h"
#include "radgen/evaluation/text/text_metrics.h"
#include "radgen/evaluation/text/tokenize.h"
#include "radgen/evaluation/text/wordnet.h"

namespace radgen::evaluation {
namespace {

using Words = std::vector<std::string>;

TEST(ScoringTokens, KeepDecimalsAndHyphensAndSplitPunctuation) {
  EXPECT_EQ(scoring_tokens("Nodule of 1.4 cm, right-sided.\nNo 3,500 effusion/edema."),
            (Words{"nodule", "of", "1.4", "cm", ",", "right-sided", ".", "no", "3,500", "effusion",
                   "/", "edema", "."}));
  EXPECT_NE(scoring_tokens("3.5 cm"), scoring_tokens("35 cm"));
  EXPECT_TRUE(scoring_tokens(" \n ").empty());
}

TEST(SplitSpaces, KeepsEmptyWordsAsPythonDoes) {
  EXPECT_EQ(split_spaces("a  b"), (Words{"a", "", "b"}));
  EXPECT_EQ(split_spaces(""), Words{""});
  EXPECT_EQ(split_raw("a \t b\n"), (Words{"a", "b"}));
}

TEST(PorterStemmer, HasNltkExtensions) {
  EXPECT_EQ(porter_stem("skies"), "sky");
  EXPECT_EQ(porter_stem("dies"), "die");
  EXPECT_EQ(porter_stem("enjoy"), "enjoy");  // "y" only after a consonant
  EXPECT_EQ(porter_stem("Opacities"), "opac");
  EXPECT_EQ(porter_stem("is"), "is");
}

TEST(PorterStemmer, MatchesGoldenStems) {
  const auto files = reference_metric_files("stemmers");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    ASSERT_FALSE(json.at("cases").empty());
    for (const auto& c : json.at("cases")) {
      const std::string word = c.at("input");
      EXPECT_EQ(porter_stem(word),
                c.at("expected").at("nltk_porter_NLTK_EXTENSIONS").get<std::string>())
          << word;
    }
  }
}

TEST(WordNet, IsSimplyNotThereWithoutItsFiles) {
  const WordNet none("/nonexistent/wordnet");
  EXPECT_FALSE(none.is_available());
  EXPECT_TRUE(none.synonyms("heart").empty());
  EXPECT_EQ(Meteor("/nonexistent/wordnet").metric_name(), "meteor_nltk_nosyn");
}

TEST(WordNet, MatchesGoldenSynonyms) {
  const auto files = reference_metric_files("wordnet_synonyms");
  const WordNet wordnet(WordNet::default_folder());
  if (files.empty() || !wordnet.is_available()) GTEST_SKIP() << "no reference folder or no WordNet";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    for (const auto& c : json.at("cases")) {
      Words expected = c.at("expected").at("nltk_single_word_lemmas");
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(wordnet.synonyms(c.at("input").get<std::string>()), expected) << c.at("input");
    }
  }
}

TEST(Meteor, IsHalfFragmentedForSwappedWords) {
  const Meteor meteor("/nonexistent/wordnet");
  // Two matches in two chunks: (1 - .5 * 1) * 1.
  EXPECT_DOUBLE_EQ(meteor.score({"lungs", "clear"}, {"clear", "lungs"}), 0.5);
  // By stem: one chunk of two: 1 - .5 / 8.
  EXPECT_DOUBLE_EQ(meteor.score({"Effusions", "seen"}, {"effusion", "seen"}), 1 - 0.5 / 8);
  EXPECT_EQ(meteor.score({}, {"clear"}), 0);
  EXPECT_EQ(meteor.score({"clear"}, {}), 0);
}

TEST(Meteor, MatchesNltk) {
  const auto files = reference_metric_files("nltk_meteor_");
  const Meteor meteor;
  if (files.empty() || meteor.metric_name() != "meteor_nltk")
    GTEST_SKIP() << "no reference folder or no WordNet";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    double sum = 0;
    for (const auto& c : json.at("cases")) {
      const Words hypothesis = c.at("input").at("hyp_tokens");
      double best = 0;
      for (const auto& reference : c.at("input").at("refs_tokens")) {
        best = std::max(best, meteor.score(hypothesis, reference.get<Words>()));
      }
      EXPECT_NEAR(best, c.at("expected").at("meteor").get<double>(), 1e-6) << c.at("id");
      sum += best;
    }
    EXPECT_NEAR(sum / static_cast<double>(json.at("cases").size()),
                json.at("corpus").at("expected").at("mean").get<double>(), 1e-6);
  }
}

TEST(RougeL, IsTheFMeasureOfTheLongestCommonSubsequence) {
  // "a c" of "a b c" and of "a c d e": P = 2/3, R = 2/4.
  const double p = 2.0 / 3, r = 0.5, b2 = 1.44;
  EXPECT_DOUBLE_EQ(rouge_l({"a", "b", "c"}, {{"a", "c", "d", "e"}}),
                   (1 + b2) * p * r / (r + b2 * p));
  EXPECT_EQ(rouge_l({}, {{"a"}}), 0);
}

TEST(BleuAndRouge, MatchCocoCaptionTools) {
  const auto files = reference_metric_files("coco_bleu_rouge_cider_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    BleuCounts total;
    double rouge = 0;
    for (const auto& c : json.at("cases")) {
      const std::string hypothesis = c.at("input").at("hyp");
      std::vector<Ngrams> references;
      std::vector<Words> spaced;
      for (const auto& reference : c.at("input").at("refs")) {
        references.push_back(ngrams(split_raw(reference.get<std::string>())));
        spaced.push_back(split_spaces(reference.get<std::string>()));
      }
      const BleuCounts counts = bleu_counts(ngrams(split_raw(hypothesis)), references);
      total += counts;
      const auto& expected = c.at("expected");
      for (int n = 1; n <= kBleuOrder; ++n) {
        EXPECT_NEAR(bleu(counts, n), expected.at("bleu")[static_cast<size_t>(n - 1)].get<double>(),
                    1e-6)
            << c.at("id");
      }
      const double score = rouge_l(split_spaces(hypothesis), spaced);
      EXPECT_NEAR(score, expected.at("rouge_l").get<double>(), 1e-6) << c.at("id");
      rouge += score;
    }
    const auto& corpus = json.at("corpus").at("expected");
    for (int n = 1; n <= kBleuOrder; ++n) {
      EXPECT_NEAR(bleu(total, n), corpus.at("bleu")[static_cast<size_t>(n - 1)].get<double>(),
                  1e-6);
    }
    EXPECT_NEAR(rouge / static_cast<double>(json.at("cases").size()),
                corpus.at("rouge_l").get<double>(), 1e-6);
  }
}

TEST(Bleu, CountsAPairByHand) {
  // "a b c d" for "a b c e": 3 of 4 words, 2 of 3, 1 of 2, 0 of 1 n-grams.
  const BleuCounts counts = bleu_counts(ngrams({"a", "b", "c", "d"}), ngrams({"a", "b", "c", "e"}));
  EXPECT_EQ(counts.matches, (std::array<double, 4>{3, 2, 1, 0}));
  EXPECT_EQ(counts.guesses, (std::array<double, 4>{4, 3, 2, 1}));
  EXPECT_NEAR(bleu(counts, 2), std::sqrt(0.75 * 2 / 3), 1e-6);
  EXPECT_EQ(bleu(BleuCounts{}, 4), 0);
}

TEST(SummarizeText, WeightsStudies) {
  const std::vector<TextCounts> studies{compare_texts(nullptr, {"a", "b"}, {"a", "b"}),
                                        compare_texts(nullptr, {"x"}, {"a", "b"})};
  MetricTable table;
  summarize_text(studies, std::vector<double>{3, 1}, "", table);
  EXPECT_NEAR(table.value("text.rouge_l"), 0.75, 1e-9);
  EXPECT_EQ(table.find("text.meteor_nltk"), nullptr);
  EXPECT_EQ(table.find("text.bleu_1")->n, 2);
}

}  // namespace
}  // namespace radgen::evaluation
