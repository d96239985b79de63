// Report text: sections, cleaning, sentences.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace radgen {

struct ReportSections {
  std::string indication, comparison, findings, impression;
  std::string last_paragraph;  // used when there is neither findings nor impression
};

// Sections of a MIMIC-CXR report as its authors' parser finds them (header = newline, one space,
// capitals, colon). `mimic_exact` keeps that parser's one fault: a header directly under an empty
// header is swallowed.
ReportSections parse_sections(const std::string& report, bool mimic_exact = false);
// All sections in order, names lower case and normalised, for parity with the authors' parser.
std::vector<std::pair<std::string, std::string>> split_sections(const std::string& report,
                                                                bool mimic_exact);

// What of a report is labelled. kReport: findings and impression where the report has them (else
// the last paragraph, else all of it). kMimic: as MIMIC-CXR's published labels were made: the
// impression, else the findings, else the last paragraph. kText: all of it, as it is.
enum class LabelledPart { kReport, kMimic, kText };
std::string labelled_text(const std::string& report, LabelledPart part);

// One line of plain text (plain_text.h): white space folded, list marks and de-identification marks
// ("___", "XXXX", "[** ... **]") taken out; decimals, units, numbers, negations and left/right are
// kept. A sentence that only its line ended gets a full stop.
std::string clean_text(std::string_view text);

size_t count_words(std::string_view text);

struct Span {
  size_t begin = 0, end = 0;  // bytes, half-open, no white space at the ends
};
// Sentences of a text; survives "3.5 cm", "T. spine", "Dr. ___". A line break is white space unless
// an empty line, a list item or what begins a sentence follows. Offsets are those of the text, the
// rules see it as plain_text.h makes it.
std::vector<Span> split_sentences(std::string_view text);

// Words that compare with an earlier film ("unchanged", "interval increase", "since the prior
// study", "new"), in order. History is none ("prior sternotomy"), nor is a missing prior ("no prior
// studies").
std::vector<Span> find_comparisons(std::string_view text);
// The text without the sentences that hold one, for a model that sees no prior and must not learn
// to mention one; line breaks between kept sentences stay. `dropped` counts the sentences.
std::string without_comparisons(std::string_view text, size_t* dropped = nullptr);

}  // namespace radgen
