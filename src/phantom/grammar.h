// The grammar's machine: groups of wordings, of which one is drawn, and templates that are filled
// in.
//
//   Grammar::builtin().expand("There is <np> in the <place>.", {{"np", "a nodule"}},
//                             Wording::kTraining, random);
//
// In a template `<name>` is a value of the caller's or else an option of the group `name`, `[a|b|]`
// is free variation. A fifth of the options of every group (those with the lowest hashes) is held
// out: Wording::kTraining never draws one, Wording::kHeldOut draws nothing else where the group has
// any. Of the synonyms only those are held out whose words do not stand in any other template, so
// that the words themselves are new.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "radgen/core/random.h"
#include "radgen/phantom/words.h"

namespace radgen::phantom {

struct WordingGroup {
  std::string name;
  // An option's weight is 1 / (rank + 1)^skew: radiologists have favourites. Frames are kept
  // flatter.
  double skew = 0;
  std::vector<std::string> options;
  std::vector<bool> is_held_out;  // filled in by the grammar

  // Words and not sentences.
  bool is_vocabulary() const { return options[0].back() != '.'; }
};

// The tables of data/phantom_words.json, in their order.
std::vector<WordingGroup> wording_groups();

using Slots = std::map<std::string, std::string>;

class Grammar {
 public:
  static const Grammar& builtin();
  bool has(const std::string& group) const { return by_name_.count(group) > 0; }
  const std::vector<WordingGroup>& groups() const { return groups_; }
  // Index of an option of `group`. Throws Error{kInternal} for a group that is not there.
  size_t draw(const std::string& group, Wording wording, Random& random) const;
  const std::string& option(const std::string& group, size_t index) const;
  // Fills in what stands in angle and square brackets, folds white space.
  std::string expand(const std::string& pattern, const Slots& slots, Wording wording,
                     Random& random) const;

 private:
  Grammar();
  void hold_out();
  const WordingGroup& find(const std::string& group) const;
  std::vector<WordingGroup> groups_;
  std::map<std::string, size_t> by_name_;
};

// First letter upper case, one space between words, none before punctuation.
std::string tidy_sentence(std::string text);

}  // namespace radgen::phantom
