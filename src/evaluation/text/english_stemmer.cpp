#include "radgen/evaluation/text/english_stemmer.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace radgen::evaluation {
namespace {

using Rule = std::pair<std::string_view, std::string_view>;

constexpr Rule kIrregular[] = {{"skis", "ski"},      {"skies", "sky"},    {"dying", "die"},
                               {"lying", "lie"},     {"tying", "tie"},    {"idly", "idl"},
                               {"gently", "gentl"},  {"ugly", "ugli"},    {"early", "earli"},
                               {"only", "onli"},     {"singly", "singl"}, {"sky", "sky"},
                               {"news", "news"},     {"howe", "howe"},    {"atlas", "atlas"},
                               {"cosmos", "cosmos"}, {"bias", "bias"},    {"andes", "andes"}};
// Left alone once the plural is gone.
constexpr std::string_view kKeptAfterPlural[] = {"inning",  "outing",  "canning", "herring",
                                                 "earring", "proceed", "exceed",  "succeed"};

// Longest first, as all lists of suffixes here.
constexpr Rule kStep2[] = {
    {"ization", "ize"}, {"ational", "ate"}, {"fulness", "ful"}, {"ousness", "ous"},
    {"iveness", "ive"}, {"tional", "tion"}, {"biliti", "ble"},  {"lessli", "less"},
    {"entli", "ent"},   {"ation", "ate"},   {"alism", "al"},    {"aliti", "al"},
    {"ousli", "ous"},   {"iviti", "ive"},   {"fulli", "ful"},   {"enci", "ence"},
    {"anci", "ance"},   {"abli", "able"},   {"izer", "ize"},    {"ator", "ate"},
    {"alli", "al"},     {"bli", "ble"},     {"ogi", "og"},      {"li", ""}};
constexpr Rule kStep3[] = {{"ational", "ate"}, {"tional", "tion"}, {"alize", "al"},
                           {"icate", "ic"},    {"iciti", "ic"},    {"ative", ""},
                           {"ical", "ic"},     {"ness", ""},       {"ful", ""}};
constexpr std::string_view kStep4[] = {"ement", "ance", "ence", "able", "ible", "ment",
                                       "ant",   "ent",  "ism",  "ate",  "iti",  "ous",
                                       "ive",   "ize",  "ion",  "al",   "er",   "ic"};

bool is_vowel(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

class Stemmer {
 public:
  explicit Stemmer(std::string_view word) : word_(word) {}

  std::string stem() {
    if (word_.size() <= 2) return word_;
    for (const auto& [word, stem] : kIrregular) {
      if (word_ == word) return std::string(stem);
    }
    if (word_.front() == '\'') word_.erase(0, 1);
    mark_consonant_y();
    find_regions();
    strip_possessive();
    step_1a();
    if (std::find(std::begin(kKeptAfterPlural), std::end(kKeptAfterPlural), word_) ==
        std::end(kKeptAfterPlural)) {
      step_1b();
      step_1c();
      step_2();
      step_3();
      step_4();
      step_5();
    }
    std::replace(word_.begin(), word_.end(), 'Y', 'y');
    return word_;
  }

 private:
  // "y" at the start or after a vowel is a consonant: written "Y" from here on.
  void mark_consonant_y() {
    for (size_t i = 0; i < word_.size(); ++i) {
      if (word_[i] == 'y' && (i == 0 || is_vowel(word_[i - 1]))) word_[i] = 'Y';
    }
  }
  size_t region_after(size_t begin) const {
    for (size_t i = begin + 1; i < word_.size(); ++i) {
      if (!is_vowel(word_[i]) && is_vowel(word_[i - 1])) return i + 1;
    }
    return word_.size();
  }
  void find_regions() {
    r1_ = region_after(0);
    for (const std::string_view prefix : {"gener", "commun", "arsen"}) {
      if (word_.starts_with(prefix)) r1_ = prefix.size();
    }
    r2_ = r1_ < word_.size() ? region_after(r1_) : word_.size();
  }
  bool ends(std::string_view suffix) const { return word_.ends_with(suffix); }
  bool in_r1(size_t length) const { return word_.size() >= r1_ + length; }
  bool in_r2(size_t length) const { return word_.size() >= r2_ + length; }
  void replace(size_t length, std::string_view by) {
    word_.replace(word_.size() - length, length, by);
  }
  bool has_vowel(size_t end) const {
    return std::any_of(word_.begin(), word_.begin() + static_cast<std::ptrdiff_t>(end), is_vowel);
  }
  // A short syllable at the end of the first `end` letters.
  bool ends_short(size_t end) const {
    if (end == 2) return is_vowel(word_[0]) && !is_vowel(word_[1]);
    if (end < 3) return false;
    const char last = word_[end - 1];
    return !is_vowel(last) && last != 'w' && last != 'x' && last != 'Y' &&
           is_vowel(word_[end - 2]) && !is_vowel(word_[end - 3]);
  }

  void strip_possessive() {
    for (const std::string_view suffix : {"'s'", "'s", "'"}) {
      if (ends(suffix)) return replace(suffix.size(), "");
    }
  }
  void step_1a() {
    if (ends("sses")) return replace(2, "");
    if (ends("ied") || ends("ies")) return replace(3, word_.size() > 4 ? "i" : "ie");
    if (ends("us") || ends("ss") || !ends("s")) return;
    if (word_.size() >= 2 && has_vowel(word_.size() - 2)) replace(1, "");
  }
  void step_1b() {
    for (const std::string_view suffix : {"eedly", "eed"}) {
      if (!ends(suffix)) continue;
      if (in_r1(suffix.size())) replace(suffix.size(), "ee");
      return;
    }
    for (const std::string_view suffix : {"ingly", "edly", "ing", "ed"}) {
      if (!ends(suffix)) continue;
      if (!has_vowel(word_.size() - suffix.size())) return;
      replace(suffix.size(), "");
      if (ends("at") || ends("bl") || ends("iz")) {
        word_ += 'e';
      } else if (const size_t n = word_.size();
                 n >= 2 && word_[n - 1] == word_[n - 2] &&
                 std::string_view("bdfgmnprt").find(word_[n - 1]) != std::string_view::npos) {
        word_.pop_back();
      } else if (r1_ >= word_.size() && ends_short(word_.size())) {
        word_ += 'e';
      }
      return;
    }
  }
  void step_1c() {
    const size_t n = word_.size();
    if (n > 2 && (word_[n - 1] == 'y' || word_[n - 1] == 'Y') && !is_vowel(word_[n - 2])) {
      word_[n - 1] = 'i';
    }
  }
  void step_2() {
    for (const auto& [suffix, by] : kStep2) {
      if (!ends(suffix)) continue;
      if (!in_r1(suffix.size())) return;
      const size_t before = word_.size() - suffix.size();
      const char last = before > 0 ? word_[before - 1] : '\0';
      if (suffix == "ogi" && last != 'l') return;
      if (suffix == "li" && std::string_view("cdeghkmnrt").find(last) == std::string_view::npos) {
        return;
      }
      return replace(suffix.size(), by);
    }
  }
  void step_3() {
    for (const auto& [suffix, by] : kStep3) {
      if (!ends(suffix)) continue;
      if (suffix == "ative" ? in_r2(suffix.size()) : in_r1(suffix.size())) {
        replace(suffix.size(), by);
      }
      return;
    }
  }
  void step_4() {
    for (const std::string_view suffix : kStep4) {
      if (!ends(suffix)) continue;
      if (!in_r2(suffix.size())) return;
      if (suffix == "ion" && !ends("sion") && !ends("tion")) return;
      return replace(suffix.size(), "");
    }
  }
  void step_5() {
    if (ends("e")) {
      if (in_r2(1) || (in_r1(1) && !ends_short(word_.size() - 1))) replace(1, "");
    } else if (ends("ll") && in_r2(1)) {
      replace(1, "");
    }
  }

  std::string word_;
  size_t r1_ = 0, r2_ = 0;
};

}  // namespace

std::string english_stem(std::string_view word) { return Stemmer(word).stem(); }

}  // namespace radgen::evaluation
