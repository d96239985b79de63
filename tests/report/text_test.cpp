#include "radgen/report/text.h"

#include <gtest/gtest.h>

#include "report/reference_cases.h"

namespace radgen {
namespace {

std::vector<std::string> sentences(const std::string& text) {
  std::vector<std::string> out;
  for (const Span& span : split_sentences(text))
    out.push_back(text.substr(span.begin, span.end - span.begin));
  return out;
}
using Strings = std::vector<std::string>;

TEST(SplitSentences, KeepsDecimalsAndAbbreviationsWhole) {
  EXPECT_EQ(sentences("A 3.5 cm mass. T. spine is normal. Seen by Dr. ___ at 5 p.m. today. No "
                      "change vs. prior."),
            (Strings{"A 3.5 cm mass.", "T. spine is normal.", "Seen by Dr. ___ at 5 p.m. today.",
                     "No change vs. prior."}));
  EXPECT_EQ(sentences("nodule of .5 cm. heart size normal."),
            (Strings{"nodule of .5 cm.", "heart size normal."}));
}

TEST(SplitSentences, KeepsListNumbersWithTheirSentence) {
  EXPECT_EQ(sentences("1. No effusion. 2. Stable nodule, 4 mm.\n3) Clear lungs"),
            (Strings{"1. No effusion.", "2. Stable nodule, 4 mm.", "3) Clear lungs"}));
}

TEST(SplitSentences, EndsAtLineBreaksQuestionMarksAndMissingBlanks) {
  EXPECT_EQ(sentences("  Clear lungs\n\nIs this new? No effusion.Heart is normal.  "),
            (Strings{"Clear lungs", "Is this new?", "No effusion.", "Heart is normal."}));
  EXPECT_TRUE(sentences(" . \n - ").empty());
  EXPECT_TRUE(sentences("").empty());
}

TEST(SplitSentences, EveryByteOfAWordIsInExactlyOneSentence) {
  const std::string text = "A. b c.d E.F. 1. 2. 3 ... x!? (y.) \"z.\" \n4. \xC3\xA9t\xC3\xA9. __ .";
  std::vector<int> covered(text.size());
  size_t last_end = 0;
  for (const Span& span : split_sentences(text)) {
    ASSERT_GE(span.begin, last_end);
    ASSERT_LT(span.begin, span.end);
    last_end = span.end;
    for (size_t i = span.begin; i < span.end; ++i) ++covered[i];
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (isalnum(static_cast<unsigned char>(text[i]))) {
      EXPECT_EQ(covered[i], 1) << i;
    }
  }
}

TEST(CleanText, KeepsWhatCarriesMeaning) {
  EXPECT_EQ(clean_text(" No  3.5 cm\n nodule, left > right. "), "No 3.5 cm nodule, left > right.");
  EXPECT_EQ(clean_text("Tip 4.2 cm above the carina. 12 mm nodule."),
            "Tip 4.2 cm above the carina. 12 mm nodule.");
  EXPECT_EQ(clean_text(".5 cm of 3. Not."), ".5 cm of 3. Not.");
}

TEST(CleanText, DropsListNumbersAndPlaceholders) {
  EXPECT_EQ(clean_text("1.  No effusion.\n 2.  Compared to ___, stable. 3. XXXX scarring."),
            "No effusion. Compared to, stable. scarring.");
  EXPECT_EQ(clean_text("___"), "");
}

TEST(CountWords, CountsWhatHoldsALetterOrDigit) {
  EXPECT_EQ(count_words(" A 3.5 cm - nodule , "), 4u);
}

TEST(ParseSections, ReadsHeadersDirectlyUnderEmptyOnesUnlessExact) {
  const std::string report =
      "  FINAL REPORT\n EXAMINATION:\n FINDINGS:\n Clear lungs.\n IMPRESSION:\n Normal.\n";
  EXPECT_EQ(parse_sections(report).findings, "Clear lungs.");
  EXPECT_EQ(parse_sections(report, true).findings, "");
  EXPECT_EQ(parse_sections(report, true).impression, "Normal.");
}

TEST(ParseSections, AcceptsOtherLayouts) {
  const ReportSections s =
      parse_sections("Findings: Clear lungs.\r\n\tImpression:\r\nNormal: no edema.\r\n");
  EXPECT_EQ(s.findings, "Clear lungs.");
  EXPECT_EQ(s.impression, "Normal: no edema.");
  const ReportSections history = parse_sections("\n HISTORY:  Cough.\n \n FINDINGS:  x\n");
  EXPECT_EQ(history.indication, "Cough.");
}

TEST(ParseSections, FindsHeadersInATextWithoutLineBreaks) {
  const ReportSections s = parse_sections(
      "FINDINGS: PA and lateral views: clear. No CHF. IMPRESSION: 1. NO EDEMA: stable.");
  EXPECT_EQ(s.findings, "PA and lateral views: clear. No CHF.");
  EXPECT_EQ(s.impression, "1. NO EDEMA: stable.");
  EXPECT_EQ(parse_sections("The impression: none. RECOMMENDATION: CT.").findings, "");
  EXPECT_TRUE(parse_sections("FINDINGS: Clear. IMPRESSION: Normal.", true).impression.empty());
}

TEST(ParseSections, UsesTheLastParagraphWithoutMainSections) {
  const ReportSections s = parse_sections("Title\n \n No effusion.\n");
  EXPECT_EQ(s.last_paragraph, "No effusion.");
  EXPECT_TRUE(s.findings.empty() && s.impression.empty());
}

TEST(ParseSections, MatchesTheMimicAuthorsParser) {
  const auto files = reference_files("mimic_sections");
  if (files.empty()) GTEST_SKIP() << "no mimic_sections*.json in the reference folder";
  for (const fs::path& file : files) {
    const auto golden = read_json(file);
    for (const auto& one : golden.at("cases")) {
      SCOPED_TRACE(one.at("id").get<std::string>());
      const std::string input = one.at("input");
      const auto& expected = one.at("expected");
      Strings names, bodies;
      for (auto& [name, body] : split_sections(input, true)) {
        names.push_back(name);
        bodies.push_back(body);
      }
      EXPECT_EQ(names, expected.at("section_names").get<Strings>());
      EXPECT_EQ(bodies, expected.at("sections").get<Strings>());
      if (!expected.contains("csv_row")) continue;
      const ReportSections s = parse_sections(input, true);
      const auto cell = [&](const char* key) {
        const auto& value = expected.at("csv_row").at(key);
        return value.is_null() ? std::string() : value.get<std::string>();
      };
      EXPECT_EQ(s.impression, cell("impression"));
      EXPECT_EQ(s.findings, cell("findings"));
      EXPECT_EQ(s.comparison, cell("comparison"));
      EXPECT_EQ(s.last_paragraph, cell("last_paragraph"));
    }
    for (const auto& one : golden.at("normalize_cases")) {
      // A header's name is normalised where it stands above a text.
      std::string header = one.at("input");
      for (char& c : header) c = static_cast<char>(toupper(c));
      const auto sections = split_sections("\n " + header + ": x", true);
      if (header.empty()) continue;
      EXPECT_EQ(sections.at(1).first, one.at("expected").get<std::string>()) << header;
    }
  }
}

}  // namespace
}  // namespace radgen
