#include "radgen/clinical/shown_report.h"

namespace radgen {
namespace {

// One space where a sentence was taken out, none at the ends.
std::string tidied(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool is_repeated = c == ' ' && (out.empty() || out.back() == ' ' || out.back() == '\n');
    if (!is_repeated) out.push_back(c);
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) out.pop_back();
  return out;
}

}  // namespace

std::string marks_of(const DraftSentence& sentence) {
  std::string marks;
  if (sentence.is_unsupported) marks += std::string(" ") + kUnsupportedMark;
  if (sentence.has_unsupported_size) marks += std::string(" ") + kSizeMark;
  if (sentence.is_verified == false) marks += std::string(" ") + kUnverifiedMark;
  return marks;
}

bool is_left_out(const Draft& draft, size_t sentence, bool keeps_unsupported) {
  const DraftSentence& s = draft.sentences[sentence];
  return s.is_unsupported && !keeps_unsupported && s.begin > draft.findings.size();
}

ShownReport shown_report(const Draft& draft, bool keeps_unsupported) {
  ShownReport shown;
  const std::string text = draft.text();
  const auto part = [&](size_t begin, size_t end) {
    std::string out;
    size_t at = begin;
    for (size_t i = 0; i < draft.sentences.size(); ++i) {
      const DraftSentence& s = draft.sentences[i];
      const std::string marks = marks_of(s);
      if (marks.empty() || s.begin < at || s.end > end || s.end <= s.begin) continue;
      out += text.substr(at, s.begin - at);
      const std::string words = text.substr(s.begin, s.end - s.begin);
      if (is_left_out(draft, i, keeps_unsupported)) {
        shown.left_out.push_back(words);
      } else {
        out += words + marks;
      }
      at = s.end;
    }
    return tidied(out + text.substr(at, end - at));
  };
  shown.findings = part(0, draft.findings.size());
  shown.impression = part(std::min(text.size(), draft.findings.size() + 1), text.size());
  if (shown.impression.empty() && !shown.left_out.empty()) shown.impression = kNothingSupported;
  return shown;
}

}  // namespace radgen
