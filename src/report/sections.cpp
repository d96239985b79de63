// Section parser of text.h. The rules (header pattern, names, empty sections, last paragraph) are
// those of the parser that MIMIC-CXR's authors published with the data set (Johnson et al. 2019),
// so that texts match other work on it.
#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "radgen/report/text.h"
#include "report/characters.h"

namespace radgen {
namespace {

struct Alias {
  std::string_view section;
  std::string_view headers;  // lower case, separated by '|'
};
// Headers that occur in MIMIC-CXR, misspellings included, and the section that its authors count
// them to.
constexpr std::array<Alias, 13> kAliases{{
    {"impression",
     "impression|conclusion|findings and impression|findings/impression|findings/ "
     "impression|impresson|imprression|"
     "imoression|impressoin|imprssion|impresion|imperssion|mpression|impession|ndication"},
    {"findings",
     "findings|finding|chest, two "
     "views|findins|findindgs|findgings|findngs|findnings|finidngs|reference findings"},
    {"comparison",
     "comparison|comparisons|reference exam|comparison exam|comparison "
     "film|comparision|comparsion|comparrison|"
     "comparisions"},
    {"indication",
     "indication|reason for examination|reason for exam|clinical indication|idication"},
    {"history", "history|clinical history|clinical information|patient history|pfi"},
    {"examination", "examination|exam|type of examination"},
    {"recommendations", "recommendations|recommendation|recommendation(s)"},
    {"technique", "technique"},
    {"notification", "notification"},
    {"wet read", "wet read|wetread"},
    {"addendum", "addendum"},
    {"comment", "comment"},
    {"date", "date"},
}};
// Any other header that contains one of these is counted to it; the first that matches wins.
constexpr std::array<std::string_view, 5> kMainSections{"impression", "findings", "history",
                                                        "comparison", "addendum"};
// Any other header that names the images stands above findings.
constexpr std::array<std::string_view, 18> kViewWords{
    "chest",          "portable",       "pa and lateral",  "lateral and pa",
    "ap and lateral", "lateral and ap", "frontal and",     "two views",
    "frontal view",   "pa view",        "ap view",         "one view",
    "lateral view",   "bone window",    "frontal upright", "frontal semi-upright",
    "ribs",           "pa and lat"};

const std::unordered_map<std::string_view, std::string_view>& known_headers() {
  static const auto map = [] {
    std::unordered_map<std::string_view, std::string_view> headers;
    for (const Alias& alias : kAliases) {
      for (size_t begin = 0; begin <= alias.headers.size();) {
        const size_t bar = std::min(alias.headers.find('|', begin), alias.headers.size());
        headers.emplace(alias.headers.substr(begin, bar - begin), alias.section);
        begin = bar + 1;
      }
    }
    return headers;
  }();
  return map;
}

std::string section_name(std::string_view header) {
  const std::string name = lower_case(trim(header));
  if (const auto it = known_headers().find(name); it != known_headers().end())
    return std::string(it->second);
  for (std::string_view section : kMainSections) {
    if (name.find(section) != std::string::npos) return std::string(section);
  }
  for (std::string_view words : kViewWords) {
    if (name.find(words) != std::string::npos) return "findings";
  }
  return name;
}

bool is_header_char(char c) {
  return is_upper(c) || c == ' ' || c == '(' || c == ')' || c == '/' || c == ',' || c == '-';
}

struct Header {
  size_t line = 0;  // where the header's line break is (0 at the start of the text)
  size_t name_begin = 0, name_end = 0;
  size_t body = 0;  // behind the colon and one white space
};

// The authors' pattern: line break, exactly one space, capitals, colon, white space.
std::optional<Header> strict_header(std::string_view text, size_t line_break) {
  if (line_break + 2 >= text.size() || text[line_break + 1] != ' ') return std::nullopt;
  size_t end = line_break + 2;
  while (end < text.size() && is_header_char(text[end])) ++end;
  if (end == line_break + 2 || end + 1 >= text.size() || text[end] != ':' ||
      !is_space(text[end + 1])) {
    return std::nullopt;
  }
  return Header{line_break, line_break + 2, end, end + 2};
}

// Any indentation; capitals, or any case where the name is a known one ("Findings:"); the text may
// start at once.
std::optional<Header> lenient_header(std::string_view text, size_t line_break, bool at_start) {
  size_t begin = at_start ? 0 : line_break + 1;
  while (begin < text.size() && (text[begin] == ' ' || text[begin] == '\t')) ++begin;
  size_t end = begin;
  bool is_capitals = true;
  while (end < text.size() && (is_header_char(text[end]) || is_lower(text[end]))) {
    is_capitals = is_capitals && !is_lower(text[end]);
    ++end;
  }
  if (end == begin || end >= text.size() || text[end] != ':') return std::nullopt;
  const std::string name = lower_case(trim(text.substr(begin, end - begin)));
  const bool is_known = known_headers().count(name) > 0;
  const bool has_space = end + 1 < text.size() && is_space(text[end + 1]);
  if (name.empty() || !(is_known || (is_capitals && has_space))) return std::nullopt;
  return Header{line_break, begin, end, end + (has_space ? 2u : 1u)};
}

std::optional<Header> next_header(std::string_view text, size_t from, bool mimic_exact) {
  if (from == 0 && !mimic_exact) {
    if (const auto header = lenient_header(text, 0, true)) return header;
  }
  for (size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    const auto header = mimic_exact ? strict_header(text, at) : lenient_header(text, at, false);
    if (header) return header;
  }
  return std::nullopt;
}

// Where the known header that ends at the colon begins: the longest run of capitals before it that
// is one, or nothing.
std::optional<size_t> known_header_begin(std::string_view text, size_t colon) {
  size_t begin = colon;
  while (begin > 0 && is_header_char(text[begin - 1])) --begin;
  for (; begin < colon; ++begin) {
    const bool is_word_start = text[begin] != ' ' && (begin == 0 || is_space(text[begin - 1]));
    const std::string name = lower_case(trim(text.substr(begin, colon - begin)));
    if (is_word_start && known_headers().contains(name)) return begin;
  }
  return std::nullopt;
}

// A report of a table that lost its line breaks ("FINDINGS: Clear lungs. IMPRESSION: Normal."):
// each known header in capitals gets a line of its own.
std::string with_headers_on_lines(std::string_view text) {
  std::string lines;
  size_t copied = 0;
  for (size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    const auto begin = known_header_begin(text, colon);
    if (!begin || *begin < copied) continue;
    lines += text.substr(copied, *begin - copied);
    lines += "\n ";
    copied = *begin;
  }
  return lines.append(text.substr(copied));
}

std::vector<std::pair<std::string, std::string>> raw_sections(std::string_view text,
                                                              bool mimic_exact) {
  std::vector<std::pair<std::string, std::string>> sections;
  auto header = next_header(text, 0, mimic_exact);
  if (!header) return {{"full report", std::string(text)}};
  sections.emplace_back("preamble", std::string(text.substr(0, header->name_begin)));
  while (header) {
    // The authors' parser goes on behind the body's first line break, and so swallows a header that
    // stands directly under an empty one.
    const size_t line_end = text.find('\n', header->body);
    const size_t from = !mimic_exact                         ? header->body - 1
                        : line_end == std::string_view::npos ? header->body
                                                             : line_end;
    const auto next = next_header(text, from, mimic_exact);
    const size_t end = next ? std::max(next->line, header->body) : text.size();
    sections.emplace_back(
        section_name(text.substr(header->name_begin, header->name_end - header->name_begin)),
        std::string(text.substr(header->body, end - header->body)));
    header = next;
  }
  return sections;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> split_sections(const std::string& report,
                                                                bool mimic_exact) {
  auto sections = raw_sections(report, mimic_exact);
  std::erase_if(sections, [](const auto& section) {
    return (section.first == "impression" || section.first == "findings") &&
           trim(section.second).empty();
  });
  const bool has_main = std::any_of(sections.begin(), sections.end(), [](const auto& section) {
    return section.first == "impression" || section.first == "findings";
  });
  if (has_main || sections.empty()) return sections;
  // The last paragraph stands for both: all behind the first empty line of the last section.
  constexpr std::string_view kEmptyLine = "\n \n";
  std::string& last = sections.back().second;
  size_t gap = last.find(kEmptyLine), length = kEmptyLine.size();
  if (gap == std::string::npos && !mimic_exact) gap = last.find("\n\n"), length = 2;
  if (gap == std::string::npos) return sections;
  std::string paragraph = last.substr(gap + length);
  last.resize(gap);
  sections.emplace_back("last_paragraph", std::move(paragraph));
  return sections;
}

ReportSections parse_sections(const std::string& report, bool mimic_exact) {
  std::string text;  // with line feeds only, as a text file is read
  text.reserve(report.size());
  for (size_t i = 0; i < report.size(); ++i) {
    if (report[i] != '\r')
      text += report[i];
    else if (i + 1 == report.size() || report[i + 1] != '\n')
      text += '\n';
  }
  const bool is_one_line = trim(text).find('\n') == std::string_view::npos;
  if (is_one_line && !mimic_exact) text = with_headers_on_lines(text);
  ReportSections out;
  std::string history;
  for (auto& [name, body] : split_sections(text, mimic_exact)) {  // the last one of a name wins
    const std::string value(trim(body));
    if (name == "findings")
      out.findings = value;
    else if (name == "impression")
      out.impression = value;
    else if (name == "comparison")
      out.comparison = value;
    else if (name == "indication")
      out.indication = value;
    else if (name == "history")
      history = value;
    else if (name == "last_paragraph")
      out.last_paragraph = value;
  }
  if (out.indication.empty()) out.indication = history;
  return out;
}

std::string labelled_text(const std::string& report, LabelledPart part) {
  if (part == LabelledPart::kText) return report;
  const ReportSections sections = parse_sections(report);
  if (part == LabelledPart::kMimic) {
    for (const std::string* one :
         {&sections.impression, &sections.findings, &sections.last_paragraph}) {
      if (!one->empty()) return *one;
    }
    return report;
  }
  if (sections.findings.empty() && sections.impression.empty())
    return sections.last_paragraph.empty() ? report : sections.last_paragraph;
  if (sections.findings.empty() || sections.impression.empty())
    return sections.findings + sections.impression;
  return sections.findings + "\n" + sections.impression;
}

}  // namespace radgen
