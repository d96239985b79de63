// What the trigger lists published with NegEx (Chapman et al. 2001) and ConText (Harkema et al.
// 2009) know as cues, each in a sentence of our own. Their classes: before a finding (PREN, PREP),
// behind it (POST, POSP), cues that are none (PSEU) and what ends a scope (CONJ). Left out:
// "free" behind a finding, which here flows freely.
#include <gtest/gtest.h>

#include "report/one_labeler.h"

namespace radgen {
namespace {

int label_of_cue(const std::string& text, Finding finding) {
  const Labels labels = labeler().labels(text);
  const auto it = labels.find(finding);
  return it == labels.end() ? 0 : it->second;
}

const std::vector<std::string> kBefore{"absence of",
                                       "cannot",
                                       "cannot see",
                                       "checked for",
                                       "clear of",
                                       "declined",
                                       "declines",
                                       "denied",
                                       "denies",
                                       "denying",
                                       "did not exhibit",
                                       "did not",
                                       "does not",
                                       "doesn't",
                                       "evaluate for",
                                       "fails to reveal",
                                       "free of",
                                       "inconsistent with",
                                       "is not",
                                       "isn't",
                                       "lack of",
                                       "lacked",
                                       "negative for",
                                       "never developed",
                                       "never had",
                                       "no",
                                       "no abnormal",
                                       "no cause of",
                                       "no complaints of",
                                       "no evidence",
                                       "no new evidence",
                                       "no other evidence",
                                       "no evidence to suggest",
                                       "no findings of",
                                       "no findings to indicate",
                                       "no new",
                                       "no radiographic evidence of",
                                       "no sign of",
                                       "no significant",
                                       "no signs of",
                                       "no suggestion of",
                                       "no suspicious",
                                       "not",
                                       "not appear",
                                       "not appreciate",
                                       "not associated with",
                                       "not complain of",
                                       "not demonstrate",
                                       "not exhibit",
                                       "not feel",
                                       "not had",
                                       "not have",
                                       "not know of",
                                       "not known to have",
                                       "not reveal",
                                       "not see",
                                       "not to be",
                                       "patient was not",
                                       "rather than",
                                       "resolved",
                                       "test for",
                                       "to exclude",
                                       "unremarkable for",
                                       "with no",
                                       "without any evidence of",
                                       "without evidence",
                                       "without indication of",
                                       "without sign of",
                                       "without",
                                       "rules out",
                                       "rules him out",
                                       "rules the patient out",
                                       "ruled out",
                                       "ruled her out against",
                                       "rule out",
                                       "r/o",
                                       "ro",
                                       "rule him out for",
                                       "be ruled out for",
                                       "should be ruled out for",
                                       "may be ruled out for",
                                       "is to be ruled out for",
                                       "what must be ruled out is",
                                       "history of",
                                       "past medical history of",
                                       "family history of",
                                       "if",
                                       "concern for",
                                       "question of",
                                       "at risk for",
                                       "prophylaxis for",
                                       "h/o",
                                       "no definite",
                                       "no obvious",
                                       "no indication of",
                                       "no suspicion for",
                                       "nothing to suggest",
                                       "in the absence of",
                                       "neither",
                                       "query",
                                       "?",
                                       "doubt",
                                       "screening for",
                                       "assess for",
                                       "please exclude",
                                       "w/o",
                                       "neg for",
                                       "can't exclude",
                                       "not consistent with"};
const std::vector<std::string> kBehind{"unlikely",
                                       "was ruled out",
                                       "is ruled out",
                                       "are ruled out",
                                       "have been ruled out",
                                       "did not rule out",
                                       "is to be ruled out",
                                       "should be ruled out",
                                       "ought to be ruled out",
                                       "may be ruled out",
                                       "could be ruled out",
                                       "will be ruled out",
                                       "being ruled out",
                                       "has not been ruled out",
                                       "not ruled out",
                                       "is not seen",
                                       "not identified",
                                       "is absent",
                                       "is negative",
                                       "resolved",
                                       "was excluded",
                                       "cannot be excluded",
                                       "is doubtful",
                                       "is not likely",
                                       "is in question",
                                       "hasn't been excluded",
                                       "?"};
const std::vector<std::string> kNoCue{"gram negative",
                                      "no further",
                                      "not certain if",
                                      "not necessarily",
                                      "not rule out",
                                      "without any further",
                                      "without difficulty",
                                      "no change in",
                                      "no increase in",
                                      "no suspicious change in",
                                      "no significant interval change in",
                                      "not cause",
                                      "not drain",
                                      "not extend",
                                      "not only",
                                      "no resolution of",
                                      "no decrease in",
                                      "without clearing of"};
const std::vector<std::string> kEnds{"but there is",
                                     "however",
                                     "nevertheless",
                                     "yet",
                                     "though",
                                     "although",
                                     "still",
                                     "aside from",
                                     "except for",
                                     "apart from",
                                     "secondary to",
                                     "as the cause of",
                                     "as the source of",
                                     "as the etiology of",
                                     "as a cause for",
                                     "trigger event for",
                                     "other than",
                                     "due to",
                                     "which may suggest",
                                     "despite",
                                     "otherwise"};

TEST(NegationCues, BeforeAFindingLeaveNothingAffirmed) {
  for (const std::string& cue : kBefore) {
    EXPECT_NE(label_of_cue(cue + " pneumonia.", Finding::kPneumonia), 1) << cue;
    EXPECT_NE(label_of_cue("The film: " + cue + " left pneumothorax.", Finding::kPneumothorax), 1)
        << cue;
  }
}

TEST(NegationCues, BehindAFindingLeaveNothingAffirmed) {
  for (const std::string& cue : kBehind) {
    EXPECT_NE(label_of_cue("Pneumonia " + cue, Finding::kPneumonia), 1) << cue;
  }
}

TEST(NegationCues, ThatAreNoneDenyNothing) {
  for (const std::string& cue : kNoCue) {
    EXPECT_NE(label_of_cue("There is " + cue + " pneumonia.", Finding::kPneumonia), 0) << cue;
  }
}

TEST(NegationCues, EndWhereSomethingElseIsSaid) {
  for (const std::string& end : kEnds) {
    const std::string text = "No effusion " + end + " pneumonia.";
    EXPECT_EQ(label_of_cue(text, Finding::kPleuralEffusion), 0) << text;
    EXPECT_NE(label_of_cue(text, Finding::kPneumonia), 0) << text;
  }
}

// An order or a condition is neither: uncertain, as MIMIC's and CheXpert's -1.
TEST(NegationCues, OfOrdersAndQuestionsHedge) {
  for (const char* text :
       {"Rule out pneumonia.", "R/O pneumonia", "?pneumonia", "? pneumonia", "Pneumonia?",
        "Query pneumonia.", "Evaluate for pneumonia.", "Doubt pneumonia.", "If pneumonia develops",
        "Cannot exclude pneumonia.", "Can't exclude pneumonia.", "Pneumonia should be excluded.",
        "Concern for pneumonia.", "Opacity ?pneumonia.", "Question of pneumonia."}) {
    EXPECT_EQ(label_of_cue(text, Finding::kPneumonia), -1) << text;
  }
  EXPECT_EQ(label_of_cue("Pneumonia was ruled out.", Finding::kPneumonia), 0);
  EXPECT_EQ(label_of_cue("No resolution of the effusion.", Finding::kPleuralEffusion), 1);
  EXPECT_EQ(label_of_cue("The effusion hasn't resolved.", Finding::kPleuralEffusion), 1);
}

}  // namespace
}  // namespace radgen
