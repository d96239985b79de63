#include "radgen/report/medical_terms.h"

#include <algorithm>

#include "radgen/report/text.h"
#include "report/characters.h"
#include "report/lexicon.h"

namespace radgen {

extern const char* const kMedicalTermsJson;  // data/medical_terms.json, embedded by the build

namespace {

struct TermList {
  std::vector<MedicalTerm> terms;
  PhraseMatcher matcher;  // values: index into terms
};

const TermList& term_list() {
  static const TermList list = [] {
    TermList out;
    const auto json = nlohmann::json::parse(kMedicalTermsJson);
    for (const auto& [kind, terms] : json.at("terms").items()) {
      for (const auto& [name, phrases] : terms.items()) {
        out.matcher.add(phrases, static_cast<int>(out.terms.size()));
        out.terms.push_back({name, kind});
      }
    }
    return out;
  }();
  return list;
}

}  // namespace

const std::vector<MedicalTerm>& medical_terms() { return term_list().terms; }

std::vector<size_t> medical_terms_in(std::string_view text) {
  const std::string lower = lower_case(text);
  std::vector<size_t> found;
  for (const Span& sentence : split_sentences(text)) {
    const auto words = split_words(lower, sentence.begin, sentence.end);
    for (size_t i = 0; i < words.size();) {
      const auto match = term_list().matcher.match(words, i, words.size());
      if (match.length > 0) found.push_back(static_cast<size_t>(match.values.front()));
      i += std::max<size_t>(match.length, 1);
    }
  }
  return found;
}

}  // namespace radgen
