#include "radgen/evaluation/text/meteor15.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "evaluation/text/meteor15_search.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/text/english_stemmer.h"
#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {
namespace {

constexpr double kEnglishAlpha = 0.85, kEnglishBeta = 0.2, kEnglishGamma = 0.6,
                 kEnglishDelta = 0.75;
constexpr std::array<double, Meteor15Counts::kModules> kWeights{1.0, 0.6, 0.8};

// The endings that METEOR takes off to find a base form, in its order: the first that gives a word
// of WordNet counts.
constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
    {"s", ""},      {"ses", "s"}, {"xes", "x"}, {"zes", "z"}, {"ches", "ch"}, {"shes", "sh"},
    {"men", "man"}, {"ies", "y"}, {"es", "e"},  {"es", ""},   {"ed", "e"},    {"ed", ""},
    {"ing", "e"},   {"ing", ""},  {"er", ""},   {"est", ""},  {"er", "e"},    {"est", "e"}};

bool share_one(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() && j != b.end()) {
    if (*i == *j) return true;
    if (*i < *j) {
      ++i;
    } else {
      ++j;
    }
  }
  return false;
}

double weighted_matches(const Meteor15Counts::Side& side) {
  double sum = 0;
  for (size_t m = 0; m < kWeights.size(); ++m) {
    sum += kWeights[m] * (kEnglishDelta * side.content[m] + (1 - kEnglishDelta) * side.function[m]);
  }
  return sum;
}

double weighted_words(const Meteor15Counts::Side& side) {
  return kEnglishDelta * (side.words - side.function_words) +
         (1 - kEnglishDelta) * side.function_words;
}

}  // namespace

struct Meteor15::Word {
  std::string stem;
  std::vector<uint64_t> synsets;
  bool is_function = false;
};

struct Meteor15::Cache {
  std::shared_mutex mutex;
  std::unordered_map<std::string, Word> words;
};

double Meteor15Counts::Side::matches() const {
  double sum = 0;
  for (size_t m = 0; m < kModules; ++m) sum += content[m] + function[m];
  return sum;
}

bool Meteor15Counts::is_whole() const {
  return draft.matches() == draft.words && reference.matches() == reference.words && chunks == 1;
}

Meteor15Counts& Meteor15Counts::operator+=(const Meteor15Counts& other) {
  const auto add = [](Side& side, const Side& more) {
    side.words += more.words;
    side.function_words += more.function_words;
    for (size_t m = 0; m < kModules; ++m) {
      side.content[m] += more.content[m];
      side.function[m] += more.function[m];
    }
  };
  add(draft, other.draft);
  add(reference, other.reference);
  if (!other.is_whole()) chunks += other.chunks;
  return *this;
}

Meteor15Counts Meteor15Counts::scaled(double weight) const {
  Meteor15Counts result = *this;
  for (Side* side : {&result.draft, &result.reference}) {
    side->words *= weight;
    side->function_words *= weight;
    for (size_t m = 0; m < kModules; ++m) {
      side->content[m] *= weight;
      side->function[m] *= weight;
    }
  }
  result.chunks = is_whole() ? 0 : chunks * weight;
  return result;
}

double Meteor15Counts::score() const {
  const double draft_matches = weighted_matches(draft),
               reference_matches = weighted_matches(reference);
  if (draft_matches <= 0 || reference_matches <= 0) return 0;
  const double precision = draft_matches / weighted_words(draft);
  const double recall = reference_matches / weighted_words(reference);
  const double mean = 1 / ((1 - kEnglishAlpha) / precision + kEnglishAlpha / recall);
  const double fragments = is_whole() ? 0 : chunks / ((draft.matches() + reference.matches()) / 2);
  return std::max(0.0, mean * (1 - kEnglishGamma * std::pow(fragments, kEnglishBeta)));
}

Meteor15::Meteor15(const WordNet& wordnet, const std::filesystem::path& function_words)
    : wordnet_(wordnet), metric_name_("meteor_15"), cache_(std::make_unique<Cache>()) {
  if (!wordnet.is_available()) metric_name_ += "_nosyn";
  if (function_words.empty()) {
    metric_name_ += "_nofunc";
    return;
  }
  try {
    for (std::string& word : split_raw(read_file(function_words))) {
      function_words_.insert(std::move(word));
    }
  } catch (const Error& error) {
    throw Error(ErrorCode::kConfig,
                std::string("METEOR's function words cannot be read: ") + error.what(),
                "name METEOR 1.5's english.words, or leave the setting empty");
  }
}

Meteor15::~Meteor15() = default;

std::filesystem::path Meteor15::default_function_words() {
  const char* path = std::getenv("RADGEN_METEOR_FUNCTION_WORDS");
  return path != nullptr ? path : "";
}

std::vector<uint64_t> Meteor15::synsets(const std::string& word) const {
  std::vector<uint64_t> all = wordnet_.synsets(word);
  const auto add = [&](const std::string& base) {
    const std::vector<uint64_t> more = wordnet_.synsets(base);
    all.insert(all.end(), more.begin(), more.end());
    return !more.empty();
  };
  const std::vector<std::string> bases = wordnet_.irregular_bases(word);
  for (const std::string& base : bases) add(base);
  if (bases.empty() && word.size() > 2 && !word.ends_with("ss")) {
    for (const auto& [old_end, new_end] : kEndings) {
      if (!word.ends_with(old_end)) continue;
      if (add(word.substr(0, word.size() - old_end.size()).append(new_end))) break;
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// References into an unordered_map's values stay valid while others are added.
const Meteor15::Word& Meteor15::look_up(const std::string& word) const {
  {
    const std::shared_lock lock(cache_->mutex);
    if (const auto found = cache_->words.find(word); found != cache_->words.end()) {
      return found->second;
    }
  }
  Word entry{english_stem(word), synsets(word), function_words_.contains(word)};
  const std::unique_lock lock(cache_->mutex);
  return cache_->words.emplace(word, std::move(entry)).first->second;
}

Meteor15Counts Meteor15::compare(const std::vector<std::string>& draft,
                                 const std::vector<std::string>& reference, int modules) const {
  std::vector<const Word*> left, right;
  for (const std::string& word : draft) left.push_back(&look_up(word));
  for (const std::string& word : reference) right.push_back(&look_up(word));
  const bool is_same = left == right;

  WordMatches matches(left.size(), right.size());
  const int used = is_same ? 1 : modules;
  for (int module = 0; module < used; ++module) {
    for (size_t r = 0; r < right.size(); ++r) {
      for (size_t d = 0; d < left.size(); ++d) {
        const bool is_equal = left[d] == right[r];
        const bool fits = module == 0 ? is_equal
                          : module == 1
                              ? !is_equal && left[d]->stem == right[r]->stem
                              : !is_equal && share_one(left[d]->synsets, right[r]->synsets);
        if (fits) matches.add(d, r, module);
      }
    }
  }
  Meteor15Counts counts;
  counts.draft.words = static_cast<double>(left.size());
  counts.reference.words = static_cast<double>(right.size());
  for (const Word* word : left) counts.draft.function_words += word->is_function;
  for (const Word* word : right) counts.reference.function_words += word->is_function;
  const Alignment alignment = best_alignment(matches);
  for (const WordMatch& match : alignment.matches) {
    const size_t module = static_cast<size_t>(match.module);
    const auto count = [&](Meteor15Counts::Side& side, const Word& word) {
      (word.is_function ? side.function : side.content)[module] += 1;
    };
    count(counts.draft, *left[match.draft]);
    count(counts.reference, *right[match.reference]);
  }
  counts.chunks = static_cast<double>(alignment.chunks);
  return counts;
}

}  // namespace radgen::evaluation
