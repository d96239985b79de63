#include "radgen/report/anatomy.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "radgen/core/error.h"
#include "radgen/report/text.h"
#include "report/characters.h"
#include "report/lexicon.h"

namespace radgen {

extern const char* const kAnatomyJson;  // data/anatomy.json, made into a source file by the build

namespace {

// Words between a place and what is said of it: "the lungs are well expanded and clear", "no
// abnormality of the chest wall".
constexpr size_t kNormalBefore = 8, kNormalBehind = 9;
constexpr size_t kSideBefore = 3;  // words between "left" and the place

struct PlaceTerm {
  std::vector<std::string> anatomies;
  PhraseMatcher states;  // besides "normal": what else may be said of it
};

struct AnatomyTable {
  std::vector<std::string> names;
  std::map<Finding, std::vector<std::string>> ruled_out;
  PhraseMatcher terms;  // values: index into term_list
  std::vector<PlaceTerm> term_list;
  PhraseMatcher normal, technique;
};

// Names, with the members of groups in their place, each once.
void append_members(const nlohmann::json& groups, const nlohmann::json& list,
                    std::vector<std::string>& names) {
  for (const nlohmann::json& item : list) {
    const auto name = item.get<std::string>();
    if (groups.contains(name)) {
      append_members(groups, groups.at(name), names);
    } else if (std::ranges::find(names, name) == names.end()) {
      names.push_back(name);
    }
  }
}

AnatomyTable parse_table(const nlohmann::json& source) {
  AnatomyTable table;
  for (const char* key : {"imagenome", "further"}) {
    for (const nlohmann::json& name : source.at(key)) table.names.push_back(name);
  }
  const nlohmann::json& groups = source.at("groups");
  const auto members = [&](const nlohmann::json& list) {
    std::vector<std::string> names;
    append_members(groups, list, names);
    for (const std::string& name : names) {
      RADGEN_CHECK(std::ranges::find(table.names, name) != table.names.end(),
                   "anatomy.json names an unknown place: " + name);
    }
    return names;
  };
  for (const auto& [name, list] : source.at("ruled_out").items()) {
    const auto finding = finding_from_name(name);
    RADGEN_CHECK(finding.has_value(), "anatomy.json names an unknown finding: " + name);
    table.ruled_out[*finding] = members(list);
  }
  for (const nlohmann::json& entry : source.at("terms")) {
    PlaceTerm term{members(entry.at("anatomy")), {}};
    term.states.add(entry.value("states", nlohmann::json::array()), 0);
    table.terms.add(entry.at("words"), static_cast<int>(table.term_list.size()));
    table.term_list.push_back(std::move(term));
  }
  table.normal.add(source.at("normal"), 0);
  table.technique.add(source.at("technique"), 0);
  return table;
}

const AnatomyTable& built_in_table() {
  static const AnatomyTable table = parse_table(nlohmann::json::parse(kAnatomyJson));
  return table;
}

std::vector<std::string> on_side(const std::vector<std::string>& anatomies, Side side) {
  std::vector<std::string> kept;
  for (const std::string& name : anatomies) {
    const bool is_other =
        side != Side::kNone && side != Side::kBilateral && anatomy_side(name) == mirrored(side);
    if (!is_other) kept.push_back(name);
  }
  return kept;
}

struct PlaceHit {
  size_t first = 0, last = 0;  // words
  int term = 0;
};

// One sentence's words against the table.
class PlaceReader {
 public:
  PlaceReader(const AnatomyTable& table, std::vector<Word> words, std::vector<Mention> mentions)
      : table_(table), words_(std::move(words)), mentions_(std::move(mentions)) {
    for (size_t i = 0; i < words_.size();) {
      const auto match = table_.terms.match(words_, i, words_.size());
      if (match.length > 0) places_.push_back({i, i + match.length, match.values.front()});
      i += std::max<size_t>(match.length, 1);
    }
  }

  void append(size_t sentence, std::vector<ExaminedAnatomy>& examined) const {
    const size_t from = examined.size();
    const auto add = [&](std::vector<std::string> anatomies, size_t begin, size_t end) {
      if (!anatomies.empty()) examined.push_back({std::move(anatomies), begin, end, sentence});
    };
    std::vector<PlaceHit> kept;
    for (const PlaceHit& place : places_) {
      if (!is_called_normal(place)) continue;
      kept.push_back(place);
      add(on_side(term_of(place).anatomies, side_before(place)), begin_of(place), end_of(place));
    }
    for (const Mention& m : mentions_) {
      if (m.assertion != Assertion::kNegative) continue;
      // The words of the place say more exactly where: "pulmonary vasculature is normal".
      const bool is_named = std::ranges::any_of(kept, [&](const PlaceHit& place) {
        return begin_of(place) < m.end && m.begin < end_of(place) && !is_only_adjective(place, m);
      });
      if (!is_named) add(on_side(table_.ruled_out.at(m.finding), m.side), m.begin, m.end);
    }
    std::stable_sort(examined.begin() + static_cast<std::ptrdiff_t>(from), examined.end(),
                     [](const auto& a, const auto& b) { return a.begin < b.begin; });
  }

 private:
  const PlaceTerm& term_of(const PlaceHit& place) const {
    return table_.term_list[static_cast<size_t>(place.term)];
  }
  size_t begin_of(const PlaceHit& place) const { return words_[place.first].begin; }
  size_t end_of(const PlaceHit& place) const { return words_[place.last - 1].end; }

  // "rib" in "rib fracture": the finding, not the place, is what is denied.
  bool is_only_adjective(const PlaceHit& place, const Mention& m) const {
    return m.begin <= begin_of(place) && end_of(place) < m.end;
  }

  // A finding that is said to be there in words [first, last).
  bool holds_abnormality(size_t first, size_t last) const {
    return std::ranges::any_of(mentions_, [&](const Mention& m) {
      if (m.assertion == Assertion::kNegative || first >= last) return false;
      return m.begin < words_[last - 1].end && words_[first].begin < m.end;
    });
  }

  bool says_normal(size_t at, const PlaceHit& place) const {
    return table_.normal.match(words_, at, words_.size()).length > 0 ||
           term_of(place).states.match(words_, at, words_.size()).length > 0;
  }

  bool is_called_normal(const PlaceHit& place) const {
    if (holds_abnormality(place.first, place.last)) return false;
    // A denied finding's own adjective ("pleural" of "pleural effusion") is no place of its own.
    for (const Mention& m : mentions_) {
      if (is_only_adjective(place, m)) return false;
    }
    const size_t behind = std::min(words_.size(), place.last + kNormalBehind);
    for (size_t i = place.last; i < behind && !holds_abnormality(place.last, i + 1); ++i) {
      if (says_normal(i, place)) return true;
    }
    const size_t before = place.first > kNormalBefore ? place.first - kNormalBefore : 0;
    for (size_t i = place.first; i-- > before && !holds_abnormality(i, place.first);) {
      if (says_normal(i, place)) return true;
    }
    return says_normal(place.first, place);  // "normal chest"
  }

  Side side_before(const PlaceHit& place) const {
    for (size_t i = place.first; i-- > 0 && place.first - i <= kSideBefore;) {
      if (words_[i].text == "left") return Side::kLeft;
      if (words_[i].text == "right") return Side::kRight;
    }
    return Side::kNone;
  }

  const AnatomyTable& table_;
  std::vector<Word> words_;
  std::vector<Mention> mentions_;
  std::vector<PlaceHit> places_;
};

}  // namespace

std::vector<ExaminedAnatomy> examined_anatomy(const std::string& text, const Labeler& labeler) {
  const std::string lower = lower_case(text);
  const std::vector<Span> sentences = split_sentences(text);
  std::vector<std::vector<Mention>> mentions(sentences.size());
  for (const Decision& decision : labeler.decisions(text, /*with_others=*/true)) {
    mentions.at(decision.mention.sentence).push_back(decision.mention);
  }
  std::vector<ExaminedAnatomy> examined;
  for (size_t i = 0; i < sentences.size(); ++i) {
    PlaceReader(built_in_table(), split_words(lower, sentences[i].begin, sentences[i].end),
                std::move(mentions[i]))
        .append(i, examined);
  }
  return examined;
}

const std::vector<std::string>& anatomy_names() { return built_in_table().names; }

bool is_anatomy_name(std::string_view name) {
  return std::ranges::find(anatomy_names(), name) != anatomy_names().end();
}

Side anatomy_side(std::string_view name) {
  if (name == "right atrium") return Side::kNone;  // of the heart, not of the chest
  if (name.starts_with("left ")) return Side::kLeft;
  return name.starts_with("right ") ? Side::kRight : Side::kNone;
}

std::string anatomy_words(const std::vector<std::string>& anatomies) {
  const auto has = [&](const std::string& name) {
    return std::ranges::find(anatomies, name) != anatomies.end();
  };
  std::vector<std::string> words;
  for (const std::string& name : anatomies) {
    std::string word = "the " + name;
    if (anatomy_side(name) != Side::kNone) {
      const std::string place = name.substr(name.find(' ') + 1);
      if (has("left " + place) && has("right " + place))
        word = "both " + place + (place.ends_with("s") ? "" : "s");
    }
    // Two rib thirds or more are ribs to a reader.
    if (word.starts_with("both ") && word.ends_with(" ribs")) word = "the ribs";
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  }
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 < words.size() ? ", " : " and ") + words[i];
  }
  return text;
}

std::string reason_without_anatomy(std::string_view sentence) {
  if (!find_comparisons(sentence).empty()) return "comparison";
  const std::string lower = lower_case(sentence);
  const std::vector<Word> words = split_words(lower, 0, lower.size());
  for (size_t i = 0; i < words.size(); ++i) {
    if (built_in_table().technique.match(words, i, words.size()).length > 0) return "technique";
  }
  return "no_anatomy";
}

}  // namespace radgen
