// METEOR 1.5 (Denkowski and Lavie 2014) for English without its paraphrase table: exact words,
// Snowball stems and WordNet synonyms with weights 1, .6 and .8; alpha .85, beta .2, gamma .6,
// delta .75; its own normalisation of the text. About half of NLTK's METEOR on the same text.
//
//   Meteor15 meteor(wordnet, Meteor15::default_function_words());
//   Meteor15Counts total = meteor.compare(draft, reference);  // += over studies
//   double score = total.score();                             // of the summed counts
//
// Function words count less than content words (delta). Their list is part of the Java tool
// (english.words, LGPL) and is not ours to ship: give its path, or set
// RADGEN_METEOR_FUNCTION_WORDS. Without it every word is a content word, and the metric has another
// name.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "radgen/evaluation/text/wordnet.h"

namespace radgen::evaluation {

// Words after METEOR's normalisation: signs split off, hyphens inside words become blanks, dots
// stay on abbreviations, lower case.
std::vector<std::string> meteor15_tokens(std::string_view text);

// What a pair of texts adds to the score; sums over pairs give the score of a whole set.
struct Meteor15Counts {
  static constexpr size_t kModules = 3;  // exact, stem, synonym
  struct Side {                          // of the draft or of the reference
    double words = 0, function_words = 0;
    std::array<double, kModules> content{}, function{};  // matched words by module
    double matches() const;
  };
  Side draft, reference;
  double chunks = 0;  // of a pair of equal texts 0, once it was added to others

  Meteor15Counts& operator+=(const Meteor15Counts& other);
  Meteor15Counts scaled(double weight) const;
  double score() const;   // 0 without matches
  bool is_whole() const;  // every word matches, in one piece
};

class Meteor15 {
 public:
  // `wordnet` is kept by reference. An empty or missing `function_words`: none. Throws
  // Error{kConfig} when a path is given that cannot be read.
  explicit Meteor15(const WordNet& wordnet, const std::filesystem::path& function_words = {});
  ~Meteor15();
  static std::filesystem::path default_function_words();  // $RADGEN_METEOR_FUNCTION_WORDS, or ""

  // "meteor_15"; "_nosyn" is added without WordNet, "_nofunc" without the list of function words.
  const std::string& metric_name() const { return metric_name_; }

  // Words by meteor15_tokens(); `modules`: 1 exact words only, 2 stems too, 3 synonyms too. Thread
  // safe.
  Meteor15Counts compare(const std::vector<std::string>& draft,
                         const std::vector<std::string>& reference, int modules = 3) const;
  // Offsets of the synsets that a word or its base forms are in, sorted; the part of speech is in
  // the upper half.
  std::vector<uint64_t> synsets(const std::string& word) const;

 private:
  struct Word;
  struct Cache;
  const Word& look_up(const std::string& word) const;

  const WordNet& wordnet_;
  std::unordered_set<std::string> function_words_;
  std::string metric_name_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace radgen::evaluation
