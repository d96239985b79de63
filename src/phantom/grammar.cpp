#include "grammar.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "radgen/core/error.h"

namespace radgen::phantom {
namespace {

constexpr double kHeldOutShare = 0.2;
constexpr size_t kFewestForHoldOut = 4;

bool has_brackets(const std::string& text) {
  return text.find_first_of("<[@") != std::string::npos;
}

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool contains_words(const std::string& text, const std::string& words) {
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
    const bool starts = at == 0 || !is_word_char(text[at - 1]);
    const size_t end = at + words.size();
    if (starts && (end == text.size() || !is_word_char(text[end]))) return true;
  }
  return false;
}

std::string pick_variant(const std::string& inside, Random& random) {
  std::vector<std::string> variants{""};
  for (char c : inside) {
    if (c == '|') {
      variants.emplace_back();
    } else {
      variants.back() += c;
    }
  }
  return random.pick(variants);
}

}  // namespace

Grammar::Grammar() {
  for (WordingGroup& group : wording_groups()) {
    RADGEN_CHECK(!group.options.empty() && by_name_.count(group.name) == 0,
                 "grammar group " + group.name);
    by_name_[group.name] = groups_.size();
    groups_.push_back(std::move(group));
  }
  hold_out();
}

void Grammar::hold_out() {
  auto stands_elsewhere = [this](const std::string& words, const WordingGroup& own, size_t index) {
    for (const WordingGroup& group : groups_) {
      for (size_t i = 0; i < group.options.size(); ++i) {
        if (&group == &own && i == index) continue;
        if (contains_words(group.options[i], words)) return true;
      }
    }
    return false;
  };
  for (WordingGroup& group : groups_) {
    group.is_held_out.assign(group.options.size(), false);
    if (group.options.size() < kFewestForHoldOut) continue;
    std::vector<std::pair<uint64_t, size_t>> order;
    for (size_t i = 0; i < group.options.size(); ++i) {
      // A plain synonym that other wordings contain would be seen in training all the same, and the
      // first one is the field's own word, which no training text can do without.
      const bool is_plain = !has_brackets(group.options[i]);
      if (is_plain && group.is_vocabulary() && i == 0) continue;
      if (is_plain && stands_elsewhere(group.options[i], group, i)) continue;
      order.emplace_back(hash_text(group.options[i]), i);
    }
    std::sort(order.begin(), order.end());
    const auto count =
        static_cast<size_t>(std::lround(kHeldOutShare * static_cast<double>(group.options.size())));
    for (size_t k = 0; k < std::min(count, order.size()); ++k)
      group.is_held_out[order[k].second] = true;
  }
}

const Grammar& Grammar::builtin() {
  static const Grammar grammar;
  return grammar;
}

const WordingGroup& Grammar::find(const std::string& group) const {
  const auto it = by_name_.find(group);
  RADGEN_CHECK(it != by_name_.end(), "the grammar has no group '" + group + "'");
  return groups_[it->second];
}

size_t Grammar::draw(const std::string& group, Wording wording, Random& random) const {
  const WordingGroup& g = find(group);
  const bool any_held_out =
      std::find(g.is_held_out.begin(), g.is_held_out.end(), true) != g.is_held_out.end();
  std::vector<double> weights;
  for (size_t i = 0; i < g.options.size(); ++i) {
    const bool is_wanted = g.is_held_out[i] == (wording == Wording::kHeldOut && any_held_out);
    weights.push_back(is_wanted ? std::pow(static_cast<double>(i + 1), -g.skew) : 0.0);
  }
  return random.weighted(weights);
}

const std::string& Grammar::option(const std::string& group, size_t index) const {
  return find(group).options.at(index);
}

std::string Grammar::expand(const std::string& pattern, const Slots& slots, Wording wording,
                            Random& random) const {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char close = pattern[i] == '<' ? '>' : pattern[i] == '[' ? ']' : '\0';
    if (close == '\0') {
      out += pattern[i];
      continue;
    }
    const size_t end = pattern.find(close, i);
    RADGEN_CHECK(end != std::string::npos, "unclosed bracket in the wording '" + pattern + "'");
    const std::string inside = pattern.substr(i + 1, end - i - 1);
    if (close == ']') {
      out += expand(pick_variant(inside, random), slots, wording, random);
    } else if (const auto slot = slots.find(inside); slot != slots.end()) {
      out += slot->second;
    } else {
      out += expand(option(inside, draw(inside, wording, random)), slots, wording, random);
    }
    i = end;
  }
  return out;
}

std::string tidy_sentence(std::string text) {
  std::string out;
  for (char c : text) {
    // "a orogastric tube": the article waits for what the slot turns out to be.
    const bool is_vowel = std::string("aeioE").find(c) != std::string::npos;
    const size_t n = out.size();
    if (is_vowel && n >= 2 && out[n - 1] == ' ' && (out[n - 2] == 'a' || out[n - 2] == 'A') &&
        (n == 2 || out[n - 3] == ' ')) {
      out.insert(n - 1, "n");
    }
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    if ((c == '.' || c == ',') && !out.empty() && out.back() == ' ') out.pop_back();
    out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace radgen::phantom
