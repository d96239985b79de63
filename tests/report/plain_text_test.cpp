#include "radgen/report/plain_text.h"

#include <gtest/gtest.h>

#include "radgen/report/text.h"
#include "report/one_labeler.h"

namespace radgen {
namespace {

std::string labelled(const std::string& text) {
  std::string out;
  for (const auto& [finding, label] : labeler().labels(text))
    out += finding_name(finding) + " " + std::to_string(label) + "; ";
  return out;
}

TEST(PlainText, UndoesWhatWordProcessorsAndPdfPutIn) {
  EXPECT_EQ(plain_text("No\u00a0e\ufb00usion"), "No effusion");
  EXPECT_EQ(plain_text("left\u2011sided, \u2013 4\u2009mm"), "left-sided, - 4 mm");
  EXPECT_EQ(plain_text("isn\u2019t \u201cfree\u201d"), "isn't \"free\"");
  EXPECT_EQ(plain_text("pneumo\u00adthorax\u200b, \ufeffmass"), "pneumothorax, mass");
  EXPECT_EQ(plain_text("\uff2e\uff4f\u3000\uff4d\uff41\uff53\uff53\uff1a\uff11"), "No mass:1");
  EXPECT_EQ(plain_text("a\u2022b"), "a\n- b");
  EXPECT_EQ(plain_text("bases\u2014effusion"), "bases - effusion");
  EXPECT_EQ(plain_text("2 \u00d7 3 cm\u00b2"), "2 x 3 cm2");
  EXPECT_EQ(plain_text("h\u00e6mothorax, \u0153dema"), "haemothorax, oedema");
  EXPECT_EQ(plain_text("e\u0301te\u0301"), "\u00e9t\u00e9");  // composed
}

TEST(PlainText, ReadsBrokenBytesAsWindows1252) {
  EXPECT_EQ(plain_text("patient\x92s 5 \xb1 1 mm"), "patient's 5 \u00b1 1 mm");
  EXPECT_EQ(plain_text("M\xfcller"), "M\u00fcller");
}

TEST(PlainText, RemembersWhereEveryByteStood) {
  const std::string text = "\u2022 No\u00a0e\ufb00usion\u2014mass \u00e9.";
  const PlainText plain(text);
  const auto original = [&](const std::string& word) {
    const size_t at = plain.text().find(word);
    return text.substr(plain.begin(at), plain.end(at + word.size()) - plain.begin(at));
  };
  EXPECT_EQ(original("No"), "No");
  EXPECT_EQ(original("effusion"), "e\ufb00usion");
  EXPECT_EQ(original("mass"), "mass");
  EXPECT_EQ(original("mass \u00e9."), "mass \u00e9.");
  EXPECT_EQ(plain.end(plain.text().size()), text.size());
}

TEST(PlainText, LeavesAsciiAlone) {
  const std::string text = "No effusion.\r\n\t4 mm - nodule";
  const PlainText plain(text);
  EXPECT_EQ(plain.text().data(), text.data());
  EXPECT_EQ(plain.begin(7), 7u);
  EXPECT_EQ(plain.end(7), 7u);
}

TEST(PlainText, KeepsLabelsWhateverTheCharacters) {
  EXPECT_EQ(labelled("Small left effusion\u2014no pneumothorax."),
            labelled("Small left effusion-no pneumothorax."));
  EXPECT_EQ(labelled("\u2022No pneumothorax \u2022Nodule"),
            labelled("- No pneumothorax\n- Nodule"));
  EXPECT_EQ(labelled("No\u202fpneumothorax. In\ufb01ltrate at the left base."),
            labelled("No pneumothorax. Infiltrate at the left base."));
  EXPECT_EQ(labelled("There isn\u2019t an effusion."), labelled("There is no effusion."));
  EXPECT_EQ(labelled("No \u2018pneumothorax\u2019."), labelled("No pneumothorax."));
}

TEST(PlainText, KeepsOffsetsOfMentionsInTheTextAsItCame) {
  const std::string text = "\u2022 No\u00a0pleural e\ufb00usion. Left pneumo\u00adthorax.";
  const auto decisions = labeler().decisions(text);
  ASSERT_EQ(decisions.size(), 2u);
  const Mention& first = decisions[0].mention;
  EXPECT_EQ(text.substr(first.begin, first.end - first.begin), "pleural e\ufb00usion");
  EXPECT_EQ(text.substr(decisions[0].cue_begin, decisions[0].cue_end - decisions[0].cue_begin),
            "No");
  const Mention& second = decisions[1].mention;
  EXPECT_EQ(text.substr(second.begin, second.end - second.begin), "pneumo\u00adthorax");
  const auto sentences = split_sentences(text);
  ASSERT_EQ(sentences.size(), 2u);
  EXPECT_EQ(text.substr(sentences[1].begin, sentences[1].end - sentences[1].begin),
            "Left pneumo\u00adthorax.");
}

}  // namespace
}  // namespace radgen
