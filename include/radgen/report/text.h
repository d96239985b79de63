// Report text: sections, cleaning, sentences.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace radgen {

struct ReportSections {
  std::string indication, comparison, findings, impression;
  std::string last_paragraph;   // used when there is neither findings nor impression
};

// Sections of a MIMIC-CXR report as its authors' parser finds them (header = newline, one space, capitals, colon).
// `mimic_exact` keeps that parser's one fault: a header directly under an empty header is swallowed.
ReportSections parse_sections(const std::string& report, bool mimic_exact = false);
// All sections in order, names lower case and normalised, for parity with the authors' parser.
std::vector<std::pair<std::string, std::string>> split_sections(const std::string& report, bool mimic_exact);

// One line of plain text: white space folded, list numbers and de-identification underscores handled; decimals, units,
// numbers, negations and left/right are kept.
std::string clean_text(std::string_view text);

size_t count_words(std::string_view text);

struct Span {
  size_t begin = 0, end = 0;   // bytes, half-open, no white space at the ends
};
// Sentences of a text; survives "3.5 cm", "T. spine", "Dr. ___", and treats a newline as an end.
std::vector<Span> split_sentences(std::string_view text);

}  // namespace radgen
