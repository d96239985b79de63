// METEOR by NLTK's definition (nltk.translate.meteor_score 3.8), alpha .9, beta 3, gamma .5, on
// lower-cased tokens. It is not METEOR 1.5 (Java), which gives about half the value on the same
// text: the name says which.
//
//   Meteor meteor;                                       // WordNet from its default folder
//   double score = meteor.score(scoring_tokens(hypothesis), scoring_tokens(reference));
//
// Matching is greedy from both ends backwards, in three stages: equal words, equal stems, and
// synonyms looked up on the stems of the words that are left. Source: Banerjee and Lavie 2005, with
// NLTK's stage order.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "radgen/evaluation/text/wordnet.h"

namespace radgen::evaluation {

struct MeteorMatch {
  double score = 0;
  // hypothesis index, reference index; by the first
  std::vector<std::pair<size_t, size_t>> matches;
  size_t chunks = 0;
};

class Meteor {
 public:
  explicit Meteor(const std::filesystem::path& wordnet_folder = WordNet::default_folder());
  ~Meteor();
  Meteor(const Meteor&) = delete;
  Meteor& operator=(const Meteor&) = delete;

  // "meteor_nltk", or "meteor_nltk_nosyn" where there is no WordNet and the third stage is left
  // out.
  const std::string& metric_name() const { return metric_name_; }
  const WordNet& wordnet() const { return wordnet_; }
  MeteorMatch match(const std::vector<std::string>& hypothesis,
                    const std::vector<std::string>& reference) const;
  // Thread safe; 0 when either is empty or nothing matches.
  double score(const std::vector<std::string>& hypothesis,
               const std::vector<std::string>& reference) const {
    return match(hypothesis, reference).score;
  }

 private:
  struct Cache;
  WordNet wordnet_;
  std::string metric_name_;
  std::unique_ptr<Cache> cache_;  // stems and synonyms of the words seen so far
};

}  // namespace radgen::evaluation
