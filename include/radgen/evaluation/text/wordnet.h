// WordNet 3.0 synonyms from its database files (Debian: package wordnet-base, /usr/share/wordnet),
// looked up the way NLTK's reader does: the word's base forms in each part of speech, every synset
// of these, every lemma of those.
//
//   WordNet wordnet(WordNet::default_folder());
//   if (wordnet.is_available()) wordnet.synonyms("opacities");   // opacity, opaqueness, ...
//
// Files are read at construction and searched in place. File format: wndb(5WN); base forms:
// morphy(7WN).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace radgen::evaluation {

class WordNet {
 public:
  // An empty or incomplete folder is no error: is_available() is false then and synonyms() gives
  // nothing.
  explicit WordNet(const std::filesystem::path& folder);
  // $RADGEN_WORDNET_DIR, else /usr/share/wordnet.
  static std::filesystem::path default_folder();

  bool is_available() const { return is_available_; }
  // Lemmas that are single words, case kept as in WordNet, sorted, without repeats. Thread safe.
  std::vector<std::string> synonyms(std::string_view word) const;
  // Synsets that hold exactly this lemma: part of speech (0 noun, 1 verb, 2 adjective, 3 adverb) in
  // the upper 32 bits, offset in the data file in the lower. Unsorted.
  std::vector<uint64_t> synsets(std::string_view lemma) const;
  // Base forms of an irregular form, over all parts of speech; empty for a regular one.
  std::vector<std::string> irregular_bases(const std::string& form) const;

 private:
  struct PartOfSpeech {
    std::string index, data;  // whole files
    std::unordered_map<std::string, std::vector<std::string>> exceptions;
  };
  std::vector<size_t> offsets(const PartOfSpeech& part, std::string_view lemma) const;
  std::vector<std::string> base_forms(size_t part, const std::string& word) const;
  static void add_lemmas(const PartOfSpeech& part, size_t offset, std::vector<std::string>& lemmas);

  bool is_available_ = false;
  std::array<PartOfSpeech, 4> parts_;  // noun, verb, adjective, adverb
};

}  // namespace radgen::evaluation
