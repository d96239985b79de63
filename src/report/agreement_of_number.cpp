// Agreement of number (consistency.h). Only nouns of this list are judged, only the subject of "is"
// and "are", and only the noun behind an article or a word of number; where two nouns are joined
// both numbers are right.
#include <algorithm>
#include <optional>
#include <unordered_map>

#include "radgen/report/consistency.h"
#include "report/characters.h"
#include "report/lexicon.h"

namespace radgen {
namespace {

enum class Number { kSingular, kPlural };

const std::unordered_map<std::string_view, Number>& known_nouns() {
  static const std::unordered_map<std::string_view, Number> nouns = [] {
    std::unordered_map<std::string_view, Number> table;
    for (const std::string_view word :
         {"abnormality",   "angle",      "aorta",         "area",          "atelectasis",
          "base",          "blunting",   "border",        "calcification", "cardiomegaly",
          "catheter",      "clip",       "collapse",      "collection",    "congestion",
          "consolidation", "contour",    "deformity",     "density",       "device",
          "diaphragm",     "disease",    "edema",         "effusion",      "enlargement",
          "field",         "finding",    "focus",         "fracture",      "granuloma",
          "haziness",      "heart",      "hemidiaphragm", "hernia",        "hilum",
          "infection",     "infiltrate", "lead",          "lesion",        "lung",
          "marking",       "mass",       "mediastinum",   "nodule",        "opacification",
          "opacity",       "pacemaker",  "plaque",        "pneumonia",     "pneumothorax",
          "port",          "process",    "rib",           "scar",          "scarring",
          "shadow",        "silhouette", "structure",     "sulcus",        "thickening",
          "trachea",       "tube",       "vessel",        "volume",        "wire"}) {
      table.emplace(word, Number::kSingular);
    }
    for (const std::string_view word :
         {"abnormalities",  "angles",         "areas",          "bases",          "bones",
          "borders",        "calcifications", "catheters",      "clips",          "collections",
          "consolidations", "contours",       "deformities",    "densities",      "devices",
          "diaphragms",     "effusions",      "fields",         "findings",       "foci",
          "fractures",      "granulomas",     "granulomata",    "hemidiaphragms", "hernias",
          "hila",           "infiltrates",    "leads",          "lesions",        "lungs",
          "markings",       "masses",         "nodules",        "opacities",      "pacemakers",
          "plaques",        "pneumonias",     "pneumothoraces", "pneumothoraxes", "ports",
          "processes",      "ribs",           "scars",          "shadows",        "structures",
          "sulci",          "tubes",          "vessels",        "volumes",        "wires"}) {
      table.emplace(word, Number::kPlural);
    }
    return table;
  }();
  return nouns;
}

std::optional<Number> number_of(std::string_view word) {
  const auto found = known_nouns().find(word);
  return found != known_nouns().end() ? std::optional(found->second) : std::nullopt;
}

bool is_one_word_of(std::string_view word, std::initializer_list<std::string_view> set) {
  return std::find(set.begin(), set.end(), word) != set.end();
}

bool is_preposition(std::string_view word) {
  return is_one_word_of(
      word, {"of",      "in",        "at",        "on",         "over",  "with",   "within",
             "from",    "to",        "along",     "near",       "by",    "for",    "under",
             "above",   "below",     "into",      "behind",     "about", "around", "through",
             "without", "involving", "overlying", "projecting", "than",  "versus"});
}
bool joins_nouns(std::string_view word) {
  return is_one_word_of(word, {"and", "or", "nor", "plus", ","});
}
std::optional<Number> number_of_verb(std::string_view word) {
  if (is_one_word_of(word, {"is", "was", "has"})) return Number::kSingular;
  if (is_one_word_of(word, {"are", "were", "have"})) return Number::kPlural;
  return std::nullopt;
}
// Words that end a group of words around a noun.
bool ends_group(std::string_view word) {
  return !is_word(word.front()) || is_preposition(word) || joins_nouns(word) ||
         is_one_word_of(
             word, {"that", "which", "but", "there", "may", "can", "could", "should", "seen"}) ||
         number_of_verb(word);
}

using Words = std::vector<Word>;

// The head of the group that begins at `from`: its last known noun, and whether another group is
// joined to it.
struct Group {
  std::optional<Number> number;
  size_t last = 0;
  bool is_joined = false;
};

Group group_from(const Words& words, size_t from) {
  Group group;
  size_t i = from;
  for (; i < words.size() && !ends_group(words[i].text); ++i) {
    const auto number = number_of(words[i].text);
    // Behind the head nouns only follow at once: "rib fracture".
    if (!number && group.number) break;
    if (number) group.number = number, group.last = i;
  }
  for (; i < words.size() && !number_of_verb(words[i].text); ++i) {
    group.is_joined = group.is_joined || joins_nouns(words[i].text);
  }
  return group;
}

// "There is", "there are": the noun behind decides.
bool is_fault_of_there(const Words& words, size_t verb, Number number) {
  const Group group = group_from(words, verb + 1);
  if (!group.number || *group.number == number) return false;
  return number == Number::kSingular || !group.is_joined;
}

// The subject before the verb, within its clause. No subject of known number: no fault.
bool is_fault_of_subject(const Words& words, size_t verb, Number number) {
  size_t begin = verb;
  while (begin > 0 &&
         !is_one_word_of(words[begin - 1].text,
                         {";", ":", "(", ")", "that", "which", "but", "there", "while"}) &&
         !number_of_verb(words[begin - 1].text)) {
    --begin;
  }
  std::optional<Number> head;
  bool is_in_place = false;
  for (size_t i = begin; i < verb; ++i) {
    if (joins_nouns(words[i].text)) return false;
    if (is_preposition(words[i].text)) {
      if (!head) return false;  // "in the lungs is", "a pair of leads is"
      is_in_place = true;
    }
    if (is_in_place) continue;
    const auto own = number_of(words[i].text);
    if (own) {
      head = own;
    } else if (head) {
      // "the heart size is", "lung markings seen": the head is a word that is not known, or it
      // stands before.
      return false;
    }
  }
  return head && *head != number;
}

// "a effusions", "multiple nodule".
bool is_fault_of_article(const Words& words, size_t at) {
  const std::string_view word = words[at].text;
  const bool is_one = is_one_word_of(word, {"a", "an", "another", "each", "this"});
  const bool is_many = is_one_word_of(word, {"multiple", "several", "numerous", "many", "these",
                                             "few", "both", "two", "three", "four"});
  if (!is_one && !is_many) return false;
  if (at > 0 && is_one_word_of(words[at - 1].text, {"kerley", "one", "of"})) return false;
  const Group group = group_from(words, at + 1);
  if (!group.number) return false;
  for (size_t i = at + 1; i < group.last; ++i) {
    // "a few nodules", "several 5 mm nodule": the nearer word of number decides.
    if (is_one_word_of(words[i].text, {"few", "number", "couple", "pair", "multiple", "several",
                                       "lot", "series", "set", "mm", "cm", "view", "views"}))
      return false;
  }
  if (is_many && (words[group.last].text == "disease" || group.is_joined)) return false;
  return (*group.number == Number::kSingular) == is_many;
}

void add_number_faults(const Words& words, std::vector<Span>& faults) {
  for (size_t i = 0; i < words.size(); ++i) {
    bool is_fault = is_fault_of_article(words, i);
    if (const auto number = number_of_verb(words[i].text); number && i > 0) {
      is_fault = words[i - 1].text == "there" ? is_fault_of_there(words, i, *number)
                                              : is_fault_of_subject(words, i, *number);
    }
    if (is_fault) faults.push_back({words[i].begin, words[i].end});
  }
}

}  // namespace

std::vector<Span> find_number_faults(std::string_view text) {
  const std::string lower = lower_case(text);
  std::vector<Span> faults;
  for (const Span& sentence : split_sentences(text)) {
    add_number_faults(split_words(lower, sentence.begin, sentence.end), faults);
  }
  return faults;
}

}  // namespace radgen
