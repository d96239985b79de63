#include <gtest/gtest.h>

#include "radgen/report/text.h"

namespace radgen {
namespace {

std::vector<std::string> compared(const std::string& text) {
  std::vector<std::string> out;
  for (const Span& span : find_comparisons(text))
    out.push_back(text.substr(span.begin, span.end - span.begin));
  return out;
}
using Strings = std::vector<std::string>;

TEST(FindComparisons, HearsWhatOnlyAPriorCanTell) {
  EXPECT_EQ(compared("Unchanged left effusion. New nodule."), (Strings{"Unchanged", "New"}));
  EXPECT_EQ(compared("No significant interval change."),
            (Strings{"No significant interval change"}));
  EXPECT_EQ(compared("Interval increase of the edema."), (Strings{"Interval"}));
  EXPECT_EQ(compared("The effusion has increased since ___."), (Strings{"has increased", "since"}));
  EXPECT_EQ(compared("Compared to the prior film"), (Strings{"Compared", "prior"}));
  for (const char* text :
       {"The heart remains enlarged.", "Again seen is a nodule.", "Edema has resolved.",
        "The tube has been removed.", "Worsening consolidation.", "There is no new infiltrate.",
        "Edema is similar to the earlier study.", "The effusion is decreased in size.",
        "Persistent atelectasis.", "The effusion is no longer seen."}) {
    EXPECT_FALSE(compared(text).empty()) << text;
  }
}

TEST(FindComparisons, LeavesStatesHistoryAndAdviceAlone) {
  for (const char* text :
       {"Increased interstitial markings.", "Decreased lung volumes.", "Prior sternotomy.",
        "Evidence of previous granulomatous disease.", "No prior studies.",
        "Right greater than left effusions.", "Old rib fracture.", "Follow up in 3 months.",
        "Short interval follow up is recommended.", "No acute disease.", "Heart size is normal."}) {
    EXPECT_TRUE(compared(text).empty()) << text;
  }
}

TEST(WithoutComparisons, DropsWholeSentencesAndKeepsTheRest) {
  size_t dropped = 0;
  EXPECT_EQ(without_comparisons("Clear lungs. Unchanged 3.5 cm mass. No effusion.", &dropped),
            "Clear lungs. No effusion.");
  EXPECT_EQ(dropped, 1u);
  EXPECT_EQ(without_comparisons("Clear lungs.\nStable heart.\nNo effusion."),
            "Clear lungs.\nNo effusion.");
  EXPECT_EQ(without_comparisons("Stable.", &dropped), "");
  EXPECT_EQ(without_comparisons("", &dropped), "");
  EXPECT_EQ(dropped, 0u);
}

TEST(LabelledText, TakesTheSectionsThatAreAskedFor) {
  const std::string report = "\n FINDINGS: Small effusion.\n \n IMPRESSION: Effusion.\n";
  EXPECT_EQ(labelled_text(report, LabelledPart::kReport), "Small effusion.\n\nEffusion.");
  EXPECT_EQ(labelled_text(report, LabelledPart::kMimic), "Effusion.");
  EXPECT_EQ(labelled_text(report, LabelledPart::kText), report);
  EXPECT_EQ(labelled_text("Clear lungs.", LabelledPart::kReport), "Clear lungs.");
  EXPECT_EQ(labelled_text("\n FINDINGS: Clear.\n", LabelledPart::kMimic), "Clear.");
}

TEST(CleanText, TakesOutEveryKindOfDeidentificationMark) {
  EXPECT_EQ(clean_text("Since [**2101-3-4**], no change. Seen by Dr. ___ at XXXX."),
            "Since, no change. Seen by Dr. at.");
  EXPECT_EQ(clean_text("[** open"), "[** open");
  EXPECT_EQ(clean_text("Normal chest x-XXXX. A ___-year-old man, T12-___, 5-___ cm, XXXX-XXXX."),
            "Normal chest x. A year-old man, T12-, 5- cm,.");
}

}  // namespace
}  // namespace radgen
