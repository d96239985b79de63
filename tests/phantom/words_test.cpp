#include "radgen/phantom/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "phantom/grammar.h"
#include "radgen/phantom/plan.h"
#include "radgen/report/labeler.h"
#include "radgen/report/text.h"

namespace radgen::phantom {
namespace {

struct Dictated {
  StudyTruth truth;
  SpokenReport report;
};

// 2,000 reports without films (everything counts as visible), made once.
const std::vector<Dictated>& dictated() {
  static const std::vector<Dictated> all = [] {
    std::vector<Dictated> list;
    for (StudyTruth& truth : plan_studies({.studies = 2000, .seed = 21, .wording_studies = 300})) {
      SpokenReport report = write_words(truth, {.seed = 21});
      list.push_back({std::move(truth), std::move(report)});
    }
    return list;
  }();
  return all;
}

TEST(Words, HaveTheLengthsOfReports) {
  std::vector<size_t> lengths;
  double only = 0, prior = 0;
  for (const Dictated& d : dictated()) {
    const size_t words = count_words(d.report.impression);
    EXPECT_GE(words, 3u) << d.report.impression;
    EXPECT_LE(words, 40u) << d.report.impression;
    prior += d.report.refers_to_prior;
    if (d.report.findings.empty()) {
      ++only;
      continue;
    }
    lengths.push_back(count_words(d.report.findings));
    EXPECT_GE(lengths.back(), 15u) << d.report.findings;
    EXPECT_LE(lengths.back(), 120u) << d.report.findings;
  }
  std::sort(lengths.begin(), lengths.end());
  EXPECT_NEAR(static_cast<double>(lengths[lengths.size() / 2]), 50, 6);
  EXPECT_NEAR(only / 2000, 0.15, 0.03);
  EXPECT_NEAR(prior / 2000, 0.35, 0.04);
}

TEST(Words, HedgeOmitAndSlipAsOftenAsPeopleDo) {
  double mentioned = 0, hedged = 0, subtle = 0, left_out = 0, false_calls = 0, sided = 0, wrong = 0;
  for (const Dictated& d : dictated()) {
    false_calls += d.report.has_false_call;
    wrong += static_cast<double>(d.report.wrong_sides);
    for (const TrueFinding& f : d.truth.findings) {
      sided += f.side == Side::kLeft || f.side == Side::kRight;
      if (f.finding == Finding::kSupportDevices) continue;
      mentioned += f.is_mentioned;
      hedged += f.is_mentioned && f.is_hedged;
      if (f.severity == Severity::kSubtle) {
        ++subtle;
        left_out += !f.is_mentioned;
      } else if (!d.report.findings.empty()) {
        EXPECT_TRUE(f.is_mentioned) << finding_name(f.finding) << ": " << d.report.findings;
      }
    }
  }
  EXPECT_NEAR(hedged / mentioned, 0.12, 0.03);
  EXPECT_NEAR(left_out / subtle, 0.10, 0.03);
  EXPECT_NEAR(false_calls / 2000, 0.02, 0.012);
  EXPECT_NEAR(wrong / sided, 0.01, 0.006);
}

TEST(Words, UseNoFrameForMoreThanThreePercentOfSentences) {
  std::map<std::string, double> frames;
  double total = 0;
  for (const Dictated& d : dictated()) {
    if (d.truth.split == "test_wording") continue;
    for (const SpokenSentence& s : d.report.sentences) {
      ++frames[s.frame];
      ++total;
    }
  }
  for (const auto& [frame, count] : frames) EXPECT_LE(count / total, 0.03) << frame;
  EXPECT_GT(frames.size(), 200u);
}

TEST(Words, LeaveHalfOfTheAbsentFindingsUnmentioned) {
  const Labeler labeler;
  double absent = 0, denied = 0;
  for (const Dictated& d : dictated()) {
    if (d.report.findings.empty()) continue;
    const Labels labels = labeler.labels(d.report.findings);
    std::set<Finding> present;
    for (const TrueFinding& f : d.truth.findings) present.insert(f.finding);
    for (Finding f : all_findings()) {
      if (f == Finding::kNoFinding || f == Finding::kSupportDevices || present.count(f)) continue;
      ++absent;
      const auto label = labels.find(f);
      denied += label != labels.end() && label->second == 0;
    }
  }
  EXPECT_GT(denied / absent, 0.35);
  EXPECT_LT(denied / absent, 0.60);
}

TEST(Words, AreReadByTheLabelerAsTheyWereMeant) {
  const Labeler labeler;
  double meant = 0, read = 0, extra = 0, sides = 0, right_sides = 0, stated = 0, agreeing = 0;
  for (const Dictated& d : dictated()) {
    for (const SpokenSentence& s : d.report.sentences) {
      const std::vector<Mention> mentions = labeler.mentions(s.text);
      std::set<Finding> wanted;
      for (size_t i : s.findings) {
        const TrueFinding& f = d.truth.findings[i];
        wanted.insert(f.finding);
        ++meant;
        bool is_read = false, is_side_read = false;
        for (const Mention& m : mentions) {
          if (m.finding != f.finding || m.assertion == Assertion::kNegative) continue;
          is_read = true;
          is_side_read = is_side_read || m.side == f.side;
          if (m.severity == Severity::kUnstated) continue;
          ++stated;
          agreeing += m.severity == f.severity;
        }
        read += is_read;
        if (f.side == Side::kNone || f.finding == Finding::kSupportDevices ||
            f.finding == Finding::kEdema)
          continue;
        ++sides;
        right_sides += is_side_read;
      }
      for (const Mention& m : mentions) {
        const bool is_positive =
            m.assertion != Assertion::kNegative && m.finding != Finding::kNoFinding;
        extra += is_positive && !wanted.count(m.finding) && !d.report.has_false_call;
      }
    }
  }
  EXPECT_GT(read / meant, 0.99);
  EXPECT_LT(extra / meant, 0.01);
  EXPECT_GT(right_sides / sides, 0.96);
  EXPECT_GT(agreeing / stated, 0.85);
}

bool contains_words(const std::string& text, const std::string& words) {
  auto is_word = [&](size_t i) {
    return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0;
  };
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
    if ((at == 0 || !is_word(at - 1)) && !is_word(at + words.size())) return true;
  }
  return false;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

TEST(Words, HoldAFifthOfFramesAndSynonymsOutOfTraining) {
  size_t options = 0, held = 0;
  for (const WordingGroup& group : Grammar::builtin().groups()) {
    for (size_t i = 0; i < group.options.size(); ++i) {
      ++options;
      held += group.is_held_out[i];
    }
  }
  EXPECT_NEAR(static_cast<double>(held) / static_cast<double>(options), 0.2, 0.04);

  std::set<std::string> trained, unseen;
  std::string training_text = " ";
  for (const Dictated& d : dictated()) {
    const bool is_held_out = d.truth.split == "test_wording";
    if (!is_held_out)
      training_text +=
          d.report.findings + " " + d.report.impression + " " + d.truth.oracle_text + " ";
    for (const SpokenSentence& s : d.report.sentences)
      (is_held_out ? unseen : trained).insert(s.frame);
  }
  // Groups of fewer than four options hold none out, and two findings are joined by "and" anywhere;
  // every other frame of test_wording is new.
  std::set<std::string> holding;
  for (const WordingGroup& group : Grammar::builtin().groups()) {
    if (std::count(group.is_held_out.begin(), group.is_held_out.end(), true) > 0)
      holding.insert(group.name);
  }
  size_t fresh = 0;
  for (const std::string& frame : unseen) {
    if (!holding.count(frame.substr(0, frame.find(": ")))) continue;
    ++fresh;
    EXPECT_FALSE(trained.count(frame)) << frame;
  }
  EXPECT_GT(fresh, 80u);

  size_t words = 0;
  training_text = lower(training_text);
  for (const WordingGroup& group : Grammar::builtin().groups()) {
    for (size_t i = 0; i < group.options.size(); ++i) {
      const std::string& option = group.options[i];
      if (!group.is_held_out[i] || option.find_first_of("<[@") != std::string::npos) continue;
      ++words;
      EXPECT_FALSE(contains_words(training_text, lower(option))) << option;
    }
  }
  EXPECT_GT(words, 10u);
}

TEST(Words, DoNotMentionWhatDoesNotShow) {
  for (StudyTruth truth : plan_studies({.studies = 150, .seed = 22})) {
    for (TrueFinding& f : truth.findings) f.is_visible = false;
    const SpokenReport report = write_words(truth, {.seed = 22});
    for (const TrueFinding& f : truth.findings) EXPECT_FALSE(f.is_mentioned);
    for (const SpokenSentence& s : report.sentences) EXPECT_TRUE(s.findings.empty());
  }
}

TEST(Words, OracleLeavesNothingOutAndDiffersFromTheReport) {
  size_t different = 0, count = 0;
  for (const Dictated& d : dictated()) {
    const Wording wording =
        d.truth.split == "test_wording" ? Wording::kHeldOut : Wording::kTraining;
    const SpokenReport oracle = speak(d.truth, wording, {.seed = 21}, 99, /*is_faithful=*/true);
    EXPECT_EQ(oracle.wrong_sides, 0u);
    EXPECT_FALSE(oracle.has_false_call);
    if (!oracle.findings.empty()) {
      for (bool is_mentioned : oracle.is_mentioned) EXPECT_TRUE(is_mentioned);
    }
    different += d.truth.oracle_text != d.report.findings + "\n" + d.report.impression;
    ++count;
  }
  EXPECT_GT(static_cast<double>(different), 0.95 * static_cast<double>(count));
}

TEST(Words, OmitTheGroupsFindingsUnderThatBias) {
  double left_out[2] = {}, count[2] = {};
  for (StudyTruth truth : plan_studies({.studies = 1500, .seed = 23, .bias = "omission"})) {
    write_words(truth, {.seed = 23, .bias = "omission"});
    for (const TrueFinding& f : truth.findings) {
      if (f.finding == Finding::kSupportDevices) continue;
      const int group = truth.patient.race == kBiasedRace ? 1 : 0;
      ++count[group];
      left_out[group] += !f.is_mentioned;
    }
  }
  EXPECT_LT(left_out[0] / count[0], 0.08);
  EXPECT_GT(left_out[1] / count[1], 0.25);
}

TEST(Words, AreParsedAsMimicReports) {
  for (size_t i = 0; i < 300; ++i) {
    const Dictated& d = dictated()[i];
    const ReportSections sections = parse_sections(mimic_report_text(d.truth, d.report));
    EXPECT_EQ(clean_text(sections.findings), clean_text(d.report.findings));
    EXPECT_EQ(clean_text(sections.impression), clean_text(d.report.impression));
    EXPECT_EQ(clean_text(sections.indication), clean_text(d.truth.indication));
  }
}

TEST(Words, PhraseNamesTheFindingOfABox) {
  const Labeler labeler;
  for (size_t i = 0; i < 300; ++i) {
    const Dictated& d = dictated()[i];
    for (size_t k = 0; k < d.truth.findings.size(); ++k) {
      const TrueFinding& f = d.truth.findings[k];
      const std::string phrase = phrase_of(d.report, k);
      EXPECT_EQ(phrase.empty(), !f.is_mentioned);
      if (phrase.empty()) continue;
      EXPECT_NE(phrase.back(), '.');
      const auto mentions = labeler.mentions(phrase);
      EXPECT_TRUE(std::any_of(mentions.begin(), mentions.end(), [&](const Mention& m) {
        return m.finding == f.finding;
      })) << phrase;
    }
  }
}

TEST(Grammar, PutsTheRightArticleAndSpaces) {
  EXPECT_EQ(tidy_sentence("a  orogastric tube is seen ."), "An orogastric tube is seen.");
  EXPECT_EQ(tidy_sentence("there is a ET tube , low."), "There is an ET tube, low.");
  EXPECT_EQ(tidy_sentence("the lingula is clear."), "The lingula is clear.");
}

}  // namespace
}  // namespace radgen::phantom
