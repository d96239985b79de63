// Line breaks within sentences (report/line_breaks.h), through the sentences and labels they make.
#include <gtest/gtest.h>

#include "radgen/report/text.h"
#include "report/one_labeler.h"

namespace radgen {
namespace {

using Strings = std::vector<std::string>;

Strings sentences_of_lines(const std::string& text) {
  Strings out;
  for (const Span& span : split_sentences(text))
    out.push_back(text.substr(span.begin, span.end - span.begin));
  return out;
}

TEST(LineBreaks, AreWhiteSpaceWhereASentenceGoesOn) {
  EXPECT_EQ(sentences_of_lines("There is no evidence of\npneumothorax."),
            (Strings{"There is no evidence of\npneumothorax."}));
  EXPECT_EQ(sentences_of_lines("A mass of\n3.5 cm, seen by Dr.\nNobody."),
            (Strings{"A mass of\n3.5 cm, seen by Dr.\nNobody."}));
  EXPECT_EQ(sentences_of_lines("The tip of the right\nPICC is in the SVC."),
            (Strings{"The tip of the right\nPICC is in the SVC."}));
  EXPECT_EQ(sentences_of_lines("Clear lungs,\r\n no effusion."),
            (Strings{"Clear lungs,\r\n no effusion."}));
}

TEST(LineBreaks, EndWhereASentenceAListItemOrALabelBegins) {
  EXPECT_EQ(sentences_of_lines("Clear lungs\nNo effusion\nThe heart is normal"),
            (Strings{"Clear lungs", "No effusion", "The heart is normal"}));
  EXPECT_EQ(sentences_of_lines("no effusion\n- small nodule\n2) clear apices"),
            (Strings{"no effusion", "- small nodule", "2) clear apices"}));
  EXPECT_EQ(sentences_of_lines("Effusion: small right\nNodule: absent"),
            (Strings{"Effusion: small right", "Nodule: absent"}));
  EXPECT_EQ(sentences_of_lines("evidence of\n\npneumothorax"),
            (Strings{"evidence of", "pneumothorax"}));
}

// Where there are no capitals to tell, a line that had room for the next word was not wrapped.
TEST(LineBreaks, AreJudgedByTheirWidthInTextsOfOneCase) {
  const std::string lines = "NO EFFUSION\nSMALL NODULE IN THE LEFT UPPER LOBE\nCARDIOMEGALY";
  EXPECT_EQ(sentences_of_lines(lines).size(), 3u);
  EXPECT_EQ(sentences_of_lines("LARGE CONSOLIDATION OF THE LOWER LOBE AND\nEFFUSION").size(), 1u);
  EXPECT_EQ(
      sentences_of_lines("THE LOWER LOBES SHOW PATCHY OPACITY ON BOTH\nSIDES THAT MAY BE EDEMA OR "
                         "ATELECTASIS, AND THE\nHEART IS LARGE.")
          .size(),
      1u);
}

TEST(LineBreaks, DoNotChangeCleanedText) {
  EXPECT_EQ(clean_text("1. No effusion\n2. Nodule at the\nleft apex"),
            "No effusion. Nodule at the left apex");
  EXPECT_EQ(clean_text("\u2022 No effusion\n\u2022 Nodule"), "No effusion. Nodule");
  EXPECT_EQ(clean_text("1.No effusion.2.Small nodule."), "No effusion. Small nodule.");
  EXPECT_EQ(clean_text("no evidence of\npneumothorax"), "no evidence of pneumothorax");
}

TEST(SplitSentences, EndsWithoutBlanksInEveryCase) {
  EXPECT_EQ(sentences_of_lines("1.No effusion.2.Small nodule."),
            (Strings{"1.No effusion.", "2.Small nodule."}));
  EXPECT_EQ(sentences_of_lines("NO EFFUSION.SMALL NODULE."),
            (Strings{"NO EFFUSION.", "SMALL NODULE."}));
  EXPECT_EQ(sentences_of_lines("no effusion.small nodule at T12.Heart normal, e.g.large"),
            (Strings{"no effusion.", "small nodule at T12.", "Heart normal, e.g.large"}));
  EXPECT_EQ(sentences_of_lines("1. No effusion 2. Small nodule 3. No fracture"),
            (Strings{"1. No effusion", "2. Small nodule", "3. No fracture"}));
  EXPECT_EQ(sentences_of_lines("Fluid of type B. No effusion. T. spine, segment 3 of 4. mm"),
            (Strings{"Fluid of type B.", "No effusion.", "T. spine, segment 3 of 4.", "mm"}));
}

TEST(SplitSentences, KeepsAQuestionMarkWithWhatItAsks) {
  EXPECT_EQ(sentences_of_lines("? pleural effusion"), (Strings{"? pleural effusion"}));
  EXPECT_EQ(sentences_of_lines("Opacity ?pneumonia. Nodule ? granuloma. New? Yes"),
            (Strings{"Opacity ?pneumonia.", "Nodule ? granuloma.", "New? Yes"}));
}

}  // namespace
}  // namespace radgen
