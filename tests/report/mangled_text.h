// What happens to report texts on their way: lines wrapped at a column, forms of "finding: none",
// capitals, a word processor's characters. Deterministic; the labels have to survive it.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "radgen/report/text.h"

namespace radgen {

// Every line broken at the last blank before `columns` bytes.
inline std::string wrapped(const std::string& text, size_t columns) {
  std::string out;
  size_t line = 0;  // bytes in the line of `out`
  for (size_t at = 0; at < text.size();) {
    const bool is_break = text[at] == '\n';
    size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line > 0 && !word.empty()) {
      const bool fits = line + 1 + word.size() <= columns;
      out += fits ? " " : "\n";
      line = fits ? line + 1 : 0;
    }
    out += word;
    line += word.size();
    if (is_break || (end < text.size() && text[end] == '\n')) {
      out += '\n';
      line = 0;
    }
    at = end + 1;
  }
  return out;
}

inline std::string in_capitals(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

inline std::string in_lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

inline void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// No-break spaces, hyphens that do not break, ligatures, curly quotes, bullets, soft hyphens.
inline std::string in_foreign_characters(std::string text) {
  replace_all(text, "\n- ", "\n\u2022 ");
  std::string out;
  size_t letters = 0, blanks = 0;
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    letters = is_letter ? letters + 1 : 0;
    if (letters == 6) out += "\u00ad";
    if (c == ' ' && ++blanks % 2 == 0) {
      out += blanks % 4 == 0 ? "\u2009" : "\u00a0";
    } else {
      out += c;
    }
  }
  replace_all(out, "-", "\u2011");
  replace_all(out, "'", "\u2019");
  replace_all(out, "ffi", "\ufb03");
  replace_all(out, "fi", "\ufb01");
  replace_all(out, "fl", "\ufb02");
  replace_all(out, "ff", "\ufb00");
  return out;
}

// "No effusion, pneumothorax or edema." as the words that it denies; empty where it is not of this
// plain build.
inline std::vector<std::string> denied_list(const std::string& sentence) {
  std::string rest = in_lower_case(sentence);
  for (const char* start : {"there is ", "there are "}) {
    if (rest.starts_with(start)) rest = rest.substr(std::string(start).size());
  }
  if (!rest.starts_with("no ") || !rest.ends_with(".")) return {};
  rest = rest.substr(3, rest.size() - 4);
  for (const char* start : {"evidence of ", "definite ", "visible ", "focal "}) {
    if (rest.starts_with(start)) rest = rest.substr(std::string(start).size());
  }
  replace_all(rest, ", or ", ", ");
  replace_all(rest, " or ", ", ");
  std::vector<std::string> items;
  for (size_t at = 0; at <= rest.size();) {
    const size_t comma = std::min(rest.find(", ", at), rest.size());
    const std::string item = rest.substr(at, comma - at);
    static const std::vector<std::string> kNames{
        "effusion",        "effusions",      "pleural effusion", "pleural effusions",
        "pneumothorax",    "pneumothoraces", "consolidation",    "edema",
        "pulmonary edema", "pneumonia",      "atelectasis",      "fracture",
        "opacity",         "opacities"};
    if (std::find(kNames.begin(), kNames.end(), item) == kNames.end()) return {};
    items.push_back(item);
    at = comma + 2;
  }
  return items;
}

// A numbered list of the sentences, a line each; what is plainly denied as lines of a form.
inline std::string as_form(const std::string& text) {
  std::string out, form;
  int number = 0;
  for (const Span& span : split_sentences(text)) {
    const std::string sentence = text.substr(span.begin, span.end - span.begin);
    const auto denied = denied_list(sentence);
    for (size_t i = 0; i < denied.size(); ++i) {
      std::string name = denied[i];
      name[0] = static_cast<char>(name[0] - 32);
      form += name + (i % 2 == 0 ? ": None.\n" : " - absent\n");
    }
    if (denied.empty()) {
      const size_t mark = sentence.find_first_not_of("0123456789.) ");
      out += std::to_string(++number) + ". " + sentence.substr(mark) + "\n";
    }
  }
  return out + form;
}

// Every way of mangling, and all of them together, each with its name.
inline std::vector<std::pair<std::string, std::function<std::string(const std::string&)>>>
manglings() {
  return {
      {"wrapped at 60", [](const std::string& t) { return wrapped(t, 60); }},
      {"wrapped at 78", [](const std::string& t) { return wrapped(t, 78); }},
      {"wrapped at 100", [](const std::string& t) { return wrapped(t, 100); }},
      {"capitals", in_capitals},
      {"lower case", in_lower_case},
      {"foreign characters", in_foreign_characters},
      {"form", as_form},
      {"capitals, wrapped at 78", [](const std::string& t) { return wrapped(in_capitals(t), 78); }},
      {"all", [](const std::string& t) {
         return in_foreign_characters(wrapped(in_capitals(as_form(t)), 78));
       }}};
}

}  // namespace radgen
