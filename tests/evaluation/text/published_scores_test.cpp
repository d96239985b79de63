// Sentence BLEU, METEOR 1.5, CIDEr and edit rate, by hand and against the golden files of the
// original tools.
#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/reference_cases.h"
#include "evaluation/text/meteor15_search.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/text/cider.h"
#include "radgen/evaluation/text/edit_rate.h"
#include "radgen/evaluation/text/meteor15.h"
#include "radgen/evaluation/text/published_tokens.h"
#include "radgen/evaluation/text/sentence_bleu.h"
#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {
namespace {

using Words = std::vector<std::string>;
constexpr double kClose = 1e-6;

TEST(NltkBleu, SmoothsByHand) {
  // 3 of 4 words, 1 of 3 bigrams match; no trigram.
  const NltkBleu counts({"a", "b", "x", "c"}, {{"a", "b", "c", "d"}});
  EXPECT_NEAR(counts.score(2, Smoothing::kMethod0), std::sqrt(0.75 / 3), kClose);
  EXPECT_NEAR(counts.score(3, Smoothing::kMethod1), std::cbrt(0.75 / 3 * 0.1 / 2), kClose);
  EXPECT_NEAR(counts.score(2, Smoothing::kMethod2), std::sqrt(0.75 * 2 / 4), kClose);
  EXPECT_TRUE(std::isnan(counts.score(1, Smoothing::kMethod6)));
  EXPECT_EQ(NltkBleu({"x"}, {{"a"}}).score(4, Smoothing::kMethod7), 0);
}

TEST(NltkBleu, MatchesNltk) {
  const auto files = reference_metric_files("nltk_bleu_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    NltkBleu total;
    for (const auto& c : json.at("cases")) {
      const NltkBleu counts(c.at("input").at("hyp_tokens").get<Words>(),
                            c.at("input").at("refs_tokens").get<std::vector<Words>>());
      total += counts;
      for (int order = 1; order <= 4; ++order) {
        for (const auto& [name, expected] :
             c.at("expected").at("bleu" + std::to_string(order)).items()) {
          const double score =
              counts.score(order, static_cast<Smoothing>(std::stoi(name.substr(6))));
          if (expected.is_number()) {
            EXPECT_NEAR(score, expected.get<double>(), kClose)
                << c.at("id") << " bleu" << order << " " << name;
          } else {  // the original raises an error
            EXPECT_TRUE(std::isnan(score)) << c.at("id") << " bleu" << order << " " << name;
          }
        }
      }
    }
    for (const auto& [bleu, methods] : json.at("corpus").at("expected").items()) {
      for (const auto& [name, expected] : methods.items()) {
        EXPECT_NEAR(
            total.score(bleu.back() - '0', static_cast<Smoothing>(std::stoi(name.substr(6)))),
            expected.get<double>(), kClose);
      }
    }
  }
}

TEST(SacreBleu, MatchesSacreBleu) {
  const auto files = reference_metric_files("sacrebleu_bleu_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    SacreBleu total;
    for (const auto& c : json.at("cases")) {
      const auto scored = [&](const std::function<Words(const std::string&)>& tokens,
                              bool is_first_only) {
        std::vector<Words> references;
        for (const auto& reference : c.at("input").at("refs")) {
          references.push_back(tokens(reference.get<std::string>()));
          if (is_first_only) break;
        }
        return SacreBleu(tokens(c.at("input").at("hyp").get<std::string>()), references);
      };
      const auto t13a = [](const std::string& text) {
        std::string line = text;
        std::replace(line.begin(), line.end(), '\n', ' ');
        return tokens_13a(line);
      };
      const auto raw = [](const std::string& text) { return split_raw(text); };
      EXPECT_NEAR(100 * scored(t13a, false).score(true),
                  c.at("expected").at("13a").at("score").get<double>(), 1e-4)
          << c.at("id");
      EXPECT_NEAR(100 * scored(raw, false).score(true),
                  c.at("expected").at("none").at("score").get<double>(), 1e-4)
          << c.at("id");
      total += scored(t13a, true);
    }
    EXPECT_NEAR(100 * total.score(false),
                json.at("corpus").at("expected").at("score").get<double>(), 1e-4);
  }
}

TEST(Cider, IsTenForEqualTextsAndNothingForASetOfOne) {
  const Words a{"small", "left", "effusion"}, b{"lungs", "are", "clear", "now"};
  const Cider cider({{a}, {b}});
  // Three words have no 4-gram: three orders of four are perfect.
  EXPECT_NEAR(cider.score(a, {a}).cider_d, 7.5, kClose);
  EXPECT_NEAR(cider.score(b, {b}).cider, 10, kClose);
  EXPECT_EQ(cider.score(a, {b}).cider, 0);
  EXPECT_EQ(Cider({{a}}).score(a, {a}).cider_d, 0);
}

TEST(Cider, MatchesTheOriginal) {
  const auto files = reference_metric_files("cider_vs_ciderD_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  const auto check = [](const std::vector<std::string>& hypotheses,
                        const std::vector<std::vector<std::string>>& references,
                        const std::vector<double>& cider, const std::vector<double>& cider_d) {
    std::vector<std::vector<Words>> words;
    for (const auto& study : references) {
      words.emplace_back();
      for (const std::string& text : study) words.back().push_back(split_raw(text));
    }
    const Cider scorer(words);
    for (size_t i = 0; i < hypotheses.size(); ++i) {
      const CiderScore score = scorer.score(split_raw(hypotheses[i]), words[i]);
      EXPECT_NEAR(score.cider, cider[i], kClose);
      EXPECT_NEAR(score.cider_d, cider_d[i], kClose);
    }
  };
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    std::vector<std::string> hypotheses;
    std::vector<std::vector<std::string>> references;
    std::vector<double> cider, cider_d;
    for (const auto& c : json.at("cases")) {
      hypotheses.push_back(c.at("input").at("hyp"));
      references.push_back(c.at("input").at("refs"));
      cider.push_back(c.at("expected").at("cider"));
      cider_d.push_back(c.at("expected").at("ciderD"));
    }
    check(hypotheses, references, cider, cider_d);
    for (const auto& small : json.at("small_corpora")) {
      check(small.at("hyps"), small.at("refs"), small.at("expected").at("cider"),
            small.at("expected").at("ciderD"));
    }
  }
}

TEST(Cider, MatchesCocoCaptionTools) {
  const auto files = reference_metric_files("coco_bleu_rouge_cider_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    std::vector<std::vector<Words>> references;
    for (const auto& c : json.at("cases")) {
      references.emplace_back();
      for (const auto& text : c.at("input").at("refs")) {
        references.back().push_back(split_raw(text.get<std::string>()));
      }
    }
    const Cider cider(references);
    double sum = 0;
    for (size_t i = 0; i < references.size(); ++i) {
      const auto& c = json.at("cases")[i];
      const double score =
          cider.score(split_raw(c.at("input").at("hyp").get<std::string>()), references[i]).cider_d;
      EXPECT_NEAR(score, c.at("expected").at("cider").get<double>(), kClose) << c.at("id");
      sum += score;
    }
    EXPECT_NEAR(sum / static_cast<double>(references.size()),
                json.at("corpus").at("expected").at("cider").get<double>(), kClose);
  }
}

TEST(EditRate, CountsByHand) {
  const WordEdits e = word_edits({"no", "effusion", "seen"}, {"small", "effusion"});
  EXPECT_EQ(e.edits, 2);
  EXPECT_DOUBLE_EQ(e.rate(), 1);
  EXPECT_TRUE(std::isnan(word_edits({"a"}, {}).rate()));
  EXPECT_EQ(edit_distance({"a", "b"}, {"b", "a"}), 2u);
  EXPECT_EQ(edit_distance({"a", "b"}, {"b", "a"}, EditCosts::kTransposition), 1u);
}

TEST(EditRate, MatchesTheOriginals) {
  const auto files = reference_metric_files("edit_rate_");
  if (files.empty()) GTEST_SKIP() << "no reference folder";
  for (const auto& file : files) {
    const nlohmann::json json = read_json(file);
    WordEdits total;
    size_t characters = 0;
    for (const auto& c : json.at("cases")) {
      const std::string hypothesis = c.at("input").at("hyp"), reference = c.at("input").at("ref");
      const Words h = split_raw(hypothesis), r = split_raw(reference);
      const auto& expected = c.at("expected");
      const WordEdits e = word_edits(h, r);
      EXPECT_EQ(e.edits, expected.at("word_lev").get<double>()) << c.at("id");
      if (expected.at("wer").is_number()) {
        EXPECT_NEAR(e.rate(), expected.at("wer").get<double>(), kClose);
      }
      EXPECT_EQ(edit_distance(h, r, EditCosts::kTransposition),
                expected.at("word_osa").get<size_t>())
          << c.at("id");
      EXPECT_EQ(edit_distance(h, r, EditCosts::kNoSubstitution),
                expected.at("word_lev_sub2").get<size_t>());
      EXPECT_EQ(character_distance(hypothesis, reference), expected.at("char_lev").get<size_t>())
          << c.at("id");
      total.edits += e.edits;
      total.reference_words += e.reference_words;
      characters += character_distance(hypothesis, reference);
    }
    const auto& corpus = json.at("corpus").at("expected");
    EXPECT_NEAR(total.rate(), corpus.at("wer_corpus").get<double>(), kClose);
    EXPECT_EQ(characters, corpus.at("char_edits").get<size_t>());
  }
}

TEST(Meteor15, NamesWhatIsMissing) {
  const WordNet none("/nonexistent/wordnet");
  EXPECT_EQ(Meteor15(none).metric_name(), "meteor_15_nosyn_nofunc");
  EXPECT_THROW(Meteor15(none, "/nonexistent/english.words"), Error);
}

TEST(Meteor15, WeighsModulesAndChunksByHand) {
  const WordNet none("/nonexistent/wordnet");
  const Meteor15 meteor(none);
  // Equal texts are one whole: no penalty.
  EXPECT_DOUBLE_EQ(meteor.compare({"clear", "lungs"}, {"clear", "lungs"}).score(), 1);
  // Stems count .6: P = R = (1 + .6) / 2, one chunk of two.
  const Meteor15Counts stems = meteor.compare({"effusions", "seen"}, {"effusion", "seen"});
  EXPECT_NEAR(stems.score(), 0.8 * (1 - 0), kClose);
  const Meteor15Counts swapped = meteor.compare({"lungs", "clear"}, {"clear", "lungs"});
  EXPECT_EQ(swapped.chunks, 2);
  EXPECT_NEAR(swapped.score(), 1 - 0.6, kClose);
  EXPECT_EQ(meteor.compare({}, {"clear"}).score(), 0);
}

TEST(Meteor15Search, PrefersFewChunks) {
  // Two "the" in the draft: the one before "lungs" keeps one chunk.
  WordMatches matches(3, 2);  // draft: the the lungs; reference: the lungs
  matches.add(0, 0, 0);
  matches.add(1, 0, 0);
  matches.add(2, 1, 0);
  const Alignment alignment = best_alignment(matches);
  ASSERT_EQ(alignment.matches.size(), 2u);
  EXPECT_EQ(alignment.matches[0].draft, 1u);
  EXPECT_EQ(alignment.chunks, 1u);
}

TEST(Meteor15, SynsetsMatchTheOriginal) {
  const auto files = reference_metric_files("wordnet_synonyms");
  const WordNet wordnet(WordNet::default_folder());
  if (files.empty() || !wordnet.is_available()) GTEST_SKIP() << "no reference folder or no WordNet";
  const Meteor15 meteor(wordnet);
  for (const auto& file : files) {
    for (const auto& c : read_json(file).at("cases")) {
      std::vector<uint64_t> offsets;
      for (const uint64_t synset : meteor.synsets(c.at("input"))) {
        offsets.push_back(synset & 0xFFFFFFFF);
      }
      std::sort(offsets.begin(), offsets.end());
      offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
      auto expected = c.at("expected").at("meteor15_synset_offsets").get<std::vector<uint64_t>>();
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(offsets, expected) << c.at("input");
    }
  }
}

TEST(Meteor15, MatchesTheOriginal) {
  const auto files = reference_metric_files("meteor15_norm_");
  const WordNet wordnet(WordNet::default_folder());
  if (files.empty() || !wordnet.is_available()) GTEST_SKIP() << "no reference folder or no WordNet";
  for (const auto& file : files) {
    const Meteor15 meteor(wordnet, file.parent_path() / "meteor" / "english.words");
    EXPECT_EQ(meteor.metric_name(), "meteor_15");
    const nlohmann::json json = read_json(file);
    const char* names[] = {"exact", "exact_stem", "exact_stem_synonym"};
    for (int modules = 1; modules <= 3; ++modules) {
      const char* name = names[modules - 1];
      Meteor15Counts total;
      for (const auto& c : json.at("cases")) {
        const Words hypothesis = meteor15_tokens(c.at("input").at("hyp").get<std::string>());
        Meteor15Counts best;
        double best_score = -1;
        for (const auto& reference : c.at("input").at("refs")) {
          const Meteor15Counts counts =
              meteor.compare(hypothesis, meteor15_tokens(reference.get<std::string>()), modules);
          if (counts.score() <= best_score) continue;
          best_score = counts.score();
          best = counts;
        }
        EXPECT_NEAR(best_score, c.at("expected").at(name).at("score").get<double>(), 1e-4)
            << c.at("id") << " " << name;
        total += best;
      }
      EXPECT_NEAR(total.score(),
                  json.at("corpus").at("expected").at(name).at("score").get<double>(), 1e-4)
          << file << " " << name;
    }
  }
}

}  // namespace
}  // namespace radgen::evaluation
