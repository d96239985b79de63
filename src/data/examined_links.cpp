#include "radgen/data/examined_links.h"

#include <algorithm>
#include <map>
#include <set>

#include "radgen/report/anatomy.h"
#include "radgen/report/text.h"

namespace radgen {
namespace {

// What a sentence is compared by: its words in lower case.
std::string key_of(std::string_view sentence) {
  std::string key;
  for (const char c : sentence) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
    if (is_word) key.push_back(c);
    if (c >= 'A' && c <= 'Z') key.push_back(static_cast<char>(c - 'A' + 'a'));
  }
  return key;
}

}  // namespace

std::vector<ExaminedLink> link_regions(const std::string& text, const Labeler& labeler,
                                       const std::vector<AnatomyRegion>& regions) {
  std::vector<ExaminedLink> links;
  if (regions.empty()) return links;
  std::map<std::string, size_t> by_name;  // a place's rows have the same box
  std::map<std::string, std::vector<size_t>> by_phrase;
  for (size_t r = 0; r < regions.size(); ++r) {
    by_name.emplace(regions[r].anatomy, r);
    if (!regions[r].phrase.empty()) by_phrase[key_of(regions[r].phrase)].push_back(r);
  }
  std::set<size_t> spoken;  // sentences that the table understood, or that state a finding
  for (const ExaminedAnatomy& e : examined_anatomy(text, labeler)) {
    ExaminedLink link{e.begin, e.end, {}};
    for (const std::string& name : e.anatomies) {
      if (const auto it = by_name.find(name); it != by_name.end())
        link.regions.push_back(it->second);
    }
    spoken.insert(e.sentence);
    if (!link.regions.empty()) links.push_back(std::move(link));
  }
  for (const Decision& d : labeler.decisions(text, /*with_others=*/true)) {
    if (d.mention.assertion != Assertion::kNegative) spoken.insert(d.mention.sentence);
  }
  const std::vector<Span> sentences = split_sentences(text);
  for (size_t s = 0; s < sentences.size(); ++s) {
    if (spoken.contains(s)) continue;
    const Span& span = sentences[s];
    const auto it = by_phrase.find(key_of(text.substr(span.begin, span.end - span.begin)));
    if (it != by_phrase.end()) links.push_back({span.begin, span.end, it->second});
  }
  return links;
}

}  // namespace radgen
