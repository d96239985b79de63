// The words of a phantom study: what a radiologist would have written about its truth, with a
// radiologist's variety, hedges, omissions and slips.
//
//   // after the film was drawn: what is invisible is not mentioned
//   const SpokenReport words = write_words(truth, {.seed = 7});
//   std::string report = mimic_report_text(truth, words);
//
// Deterministic from (truth, options). All wording is this project's own.
#pragma once

#include <string>
#include <vector>

#include "radgen/phantom/truth.h"

namespace radgen::phantom {

// Which wordings may be used: kHeldOut is the fifth of frames and synonyms that training never
// sees.
enum class Wording { kTraining, kHeldOut };

struct WordsOptions {
  uint64_t seed = 0;
  std::string bias = "none";  // contrast: findings of degraded films are missed; omission: the
                              // group's are left out
};

struct SpokenSentence {
  std::string text;
  std::string frame;  // the frame it was made from: "effusion.say: There <be> <np>."
  bool is_impression = false;
  std::vector<size_t> findings;  // indices into truth.findings that it asserts (hedged ones too)
};

// One rendering of a truth.
struct SpokenReport {
  std::string findings, impression;  // findings is empty in 15 %
  bool refers_to_prior = false;
  std::vector<SpokenSentence> sentences;
  std::vector<bool> is_mentioned, is_hedged;  // by truth.findings
  bool has_false_call = false;
  size_t wrong_sides = 0;
};

// `is_faithful`: without omissions, false calls and wrong sides (the oracle's rendering).
SpokenReport speak(const StudyTruth& truth, Wording wording, const WordsOptions& options,
                   uint64_t stream, bool is_faithful);

// Fills findings_text, impression_text, oracle_text, is_mentioned and is_hedged; returns the
// report's rendering.
SpokenReport write_words(StudyTruth& truth, const WordsOptions& options);

// The report file's text in MIMIC-CXR's form.
std::string mimic_report_text(const StudyTruth& truth, const SpokenReport& report);

// The first sentence of the findings (or else the impression) that asserts finding `index`, without
// its full stop; empty when none does.
std::string phrase_of(const SpokenReport& report, size_t index);

}  // namespace radgen::phantom
