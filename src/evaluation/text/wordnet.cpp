#include "radgen/evaluation/text/wordnet.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "radgen/core/files.h"
#include "radgen/evaluation/text/tokenize.h"

namespace radgen::evaluation {
namespace {

constexpr std::array<const char*, 4> kPartNames{"noun", "verb", "adj", "adv"};

using Endings = std::vector<std::pair<std::string, std::string>>;

// morphy(7WN), rules of detachment; adverbs have none.
const std::array<Endings, 4>& detachment_rules() {
  static const std::array<Endings, 4> kRules{
      Endings{{"s", ""},
              {"ses", "s"},
              {"ves", "f"},
              {"xes", "x"},
              {"zes", "z"},
              {"ches", "ch"},
              {"shes", "sh"},
              {"men", "man"},
              {"ies", "y"}},
      Endings{{"s", ""},
              {"ies", "y"},
              {"es", "e"},
              {"es", ""},
              {"ed", "e"},
              {"ed", ""},
              {"ing", "e"},
              {"ing", ""}},
      Endings{{"er", ""}, {"est", ""}, {"er", "e"}, {"est", "e"}}, Endings{}};
  return kRules;
}

std::vector<std::string> detach(const std::vector<std::string>& forms, const Endings& endings) {
  std::vector<std::string> results;
  for (const std::string& form : forms) {
    for (const auto& [old_end, new_end] : endings) {
      if (form.ends_with(old_end)) {
        results.push_back(form.substr(0, form.size() - old_end.size()) + new_end);
      }
    }
  }
  return results;
}

std::string_view line_at(const std::string& text, size_t offset) {
  const size_t end = text.find('\n', offset);
  return std::string_view(text).substr(offset,
                                       end == std::string::npos ? std::string::npos : end - offset);
}

size_t to_number(const std::string& digits, int base) {
  size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return value;
}

}  // namespace

std::filesystem::path WordNet::default_folder() {
  const char* folder = std::getenv("RADGEN_WORDNET_DIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/wordnet";
}

WordNet::WordNet(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const char* name : kPartNames) {
    for (const char* kind : {"index.", "data."}) {
      if (!fs::is_regular_file(folder / (std::string(kind) + name), ignored)) return;
    }
  }
  for (size_t i = 0; i < kPartNames.size(); ++i) {
    const std::string name = kPartNames[i];
    parts_[i].index = read_file(folder / ("index." + name));
    parts_[i].data = read_file(folder / ("data." + name));
    const fs::path exceptions = folder / (name + ".exc");
    if (!fs::is_regular_file(exceptions, ignored)) continue;
    const std::string text = read_file(exceptions);
    for (size_t at = 0; at < text.size();) {
      const std::string_view line = line_at(text, at);
      at += line.size() + 1;
      std::vector<std::string> words = split_raw(line);
      if (words.size() < 2) continue;
      parts_[i].exceptions[words.front()].assign(words.begin() + 1, words.end());
    }
  }
  is_available_ = true;
}

// Binary search in the sorted index file. A line: lemma pos synset_count pointer_count pointers...
// sense_count tagsense_count offsets...
std::vector<size_t> WordNet::offsets(const PartOfSpeech& part, std::string_view lemma) const {
  std::vector<size_t> result;
  if (lemma.empty() || lemma.find_first_of(" \n") != std::string_view::npos) return result;
  const std::string key = std::string(lemma) + " ";
  size_t low = 0, high = part.index.size();
  while (low < high) {
    size_t begin = (low + high) / 2;
    while (begin > low && part.index[begin - 1] != '\n') --begin;
    const std::string_view line = line_at(part.index, begin);
    const int order = line.substr(0, key.size()).compare(key);
    if (order == 0) {
      const std::vector<std::string> words = split_raw(line);
      const size_t count = words.size() > 2 ? to_number(words[2], 10) : 0;
      if (count == 0 || words.size() < count) return result;
      for (size_t i = words.size() - count; i < words.size(); ++i) {
        result.push_back(to_number(words[i], 10));
      }
      return result;
    }
    if (order < 0) {
      low = begin + line.size() + 1;
    } else {
      high = begin;
    }
  }
  return result;
}

std::vector<std::string> WordNet::base_forms(size_t part, const std::string& word) const {
  const auto known = [&](const std::vector<std::string>& forms) {
    std::vector<std::string> found;
    for (const std::string& form : forms) {
      if (std::find(found.begin(), found.end(), form) == found.end() &&
          !offsets(parts_[part], form).empty()) {
        found.push_back(form);
      }
    }
    return found;
  };
  std::vector<std::string> candidates{word};
  if (const auto e = parts_[part].exceptions.find(word); e != parts_[part].exceptions.end()) {
    candidates.insert(candidates.end(), e->second.begin(), e->second.end());
    return known(candidates);
  }
  const Endings& endings = detachment_rules()[part];
  std::vector<std::string> forms = detach({word}, endings);
  candidates.insert(candidates.end(), forms.begin(), forms.end());
  std::vector<std::string> found = known(candidates);
  while (found.empty() && !forms.empty()) {
    forms = detach(forms, endings);
    found = known(forms);
  }
  return found;
}

// A data line: offset file_number type word_count(hex) word lex_id [word lex_id...] ...
void WordNet::add_lemmas(const PartOfSpeech& part, size_t offset,
                         std::vector<std::string>& lemmas) {
  if (offset >= part.data.size()) return;
  const std::vector<std::string> words = split_raw(line_at(part.data, offset));
  const size_t count = words.size() > 3 ? to_number(words[3], 16) : 0;
  for (size_t i = 0; i < count && 4 + 2 * i < words.size(); ++i) {
    std::string lemma = words[4 + 2 * i];
    if (const size_t marker = lemma.find('(');
        marker != std::string::npos && marker > 0 && lemma.back() == ')') {
      lemma.resize(marker);  // "(a)", "(p)", "(ip)": where an adjective may stand
    }
    if (lemma.find('_') == std::string::npos) lemmas.push_back(std::move(lemma));
  }
}

std::vector<uint64_t> WordNet::synsets(std::string_view lemma) const {
  std::vector<uint64_t> result;
  for (size_t part = 0; part < parts_.size(); ++part) {
    for (const size_t offset : offsets(parts_[part], lemma)) {
      result.push_back((static_cast<uint64_t>(part) << 32) | offset);
    }
  }
  return result;
}

std::vector<std::string> WordNet::irregular_bases(const std::string& form) const {
  std::vector<std::string> bases;
  for (const PartOfSpeech& part : parts_) {
    const auto found = part.exceptions.find(form);
    if (found == part.exceptions.end()) continue;
    bases.insert(bases.end(), found->second.begin(), found->second.end());
  }
  return bases;
}

std::vector<std::string> WordNet::synonyms(std::string_view word) const {
  std::vector<std::string> lemmas;
  if (!is_available_) return lemmas;
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (size_t part = 0; part < parts_.size(); ++part) {
    for (const std::string& form : base_forms(part, lower)) {
      for (const size_t offset : offsets(parts_[part], form)) {
        add_lemmas(parts_[part], offset, lemmas);
      }
    }
  }
  std::sort(lemmas.begin(), lemmas.end());
  lemmas.erase(std::unique(lemmas.begin(), lemmas.end()), lemmas.end());
  return lemmas;
}

}  // namespace radgen::evaluation
