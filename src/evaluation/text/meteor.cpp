#include "radgen/evaluation/text/meteor.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "radgen/evaluation/text/porter_stemmer.h"

namespace radgen::evaluation {
namespace {

constexpr double kAlpha = 0.9, kBeta = 3, kGamma = 0.5;  // NLTK's defaults

struct Word {
  size_t index;
  std::string text;
};
using Words = std::vector<Word>;
using Matches = std::vector<std::pair<size_t, size_t>>;

Words lower_cased(const std::vector<std::string>& tokens) {
  Words words;
  words.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    words.push_back({i, tokens[i]});
    for (char& c : words.back().text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return words;
}

// Takes out the pairs that fit, both lists from the end.
void match_backwards(Words& hypothesis, Words& reference, Matches& matches,
                     const std::function<bool(const Word&, const Word&)>& fits) {
  for (size_t i = hypothesis.size(); i-- > 0;) {
    for (size_t j = reference.size(); j-- > 0;) {
      if (!fits(hypothesis[i], reference[j])) continue;
      matches.emplace_back(hypothesis[i].index, reference[j].index);
      hypothesis.erase(hypothesis.begin() + static_cast<std::ptrdiff_t>(i));
      reference.erase(reference.begin() + static_cast<std::ptrdiff_t>(j));
      break;
    }
  }
}

size_t count_chunks(const Matches& matches) {
  size_t chunks = matches.empty() ? 0 : 1;
  for (size_t i = 1; i < matches.size(); ++i) {
    if (matches[i].first != matches[i - 1].first + 1 ||
        matches[i].second != matches[i - 1].second + 1) {
      ++chunks;
    }
  }
  return chunks;
}

}  // namespace

// References into unordered_map values stay valid while others are added.
struct Meteor::Cache {
  template <class Value>
  struct Table {
    std::shared_mutex mutex;
    std::unordered_map<std::string, Value> values;
    const Value& get(const std::string& key, const std::function<Value(const std::string&)>& make) {
      {
        const std::shared_lock lock(mutex);
        if (const auto found = values.find(key); found != values.end()) return found->second;
      }
      Value value = make(key);
      const std::unique_lock lock(mutex);
      return values.emplace(key, std::move(value)).first->second;
    }
  };
  Table<std::string> stems;
  Table<std::vector<std::string>> synonyms;
};

Meteor::Meteor(const std::filesystem::path& wordnet_folder)
    : wordnet_(wordnet_folder),
      metric_name_(wordnet_.is_available() ? "meteor_nltk" : "meteor_nltk_nosyn"),
      cache_(std::make_unique<Cache>()) {}

Meteor::~Meteor() = default;

MeteorMatch Meteor::match(const std::vector<std::string>& hypothesis,
                          const std::vector<std::string>& reference) const {
  MeteorMatch result;
  Words left = lower_cased(hypothesis), right = lower_cased(reference);
  const auto same = [](const Word& a, const Word& b) { return a.text == b.text; };
  match_backwards(left, right, result.matches, same);

  const std::function<std::string(const std::string&)> stem = [](const std::string& word) {
    return porter_stem(word);
  };
  for (Words* words : {&left, &right}) {
    for (Word& word : *words) word.text = cache_->stems.get(word.text, stem);
  }
  match_backwards(left, right, result.matches, same);

  if (wordnet_.is_available()) {
    const std::function<std::vector<std::string>(const std::string&)> look_up =
        [this](const std::string& word) { return wordnet_.synonyms(word); };
    match_backwards(left, right, result.matches, [&](const Word& a, const Word& b) {
      if (a.text == b.text) return true;
      const std::vector<std::string>& synonyms = cache_->synonyms.get(a.text, look_up);
      return std::binary_search(synonyms.begin(), synonyms.end(), b.text);
    });
  }
  std::sort(result.matches.begin(), result.matches.end());
  result.chunks = count_chunks(result.matches);
  if (result.matches.empty()) return result;
  const double count = static_cast<double>(result.matches.size());
  const double precision = count / static_cast<double>(hypothesis.size());
  const double recall = count / static_cast<double>(reference.size());
  const double mean = precision * recall / (kAlpha * precision + (1 - kAlpha) * recall);
  const double fragments = static_cast<double>(result.chunks) / count;
  result.score = (1 - kGamma * fragments * fragments * fragments) * mean;
  static_assert(kBeta == 3);
  return result;
}

}  // namespace radgen::evaluation
