// How well the labeler agrees with labels and mention spans that others gave to the same texts,
// beside a plain baseline.
//
//   // gold: texts with labels by class name
//   GoldAgreement result = compare_with_gold(labeler, gold);
//   result.ours.micro.f1(), result.ours.macro_f1, result.baseline.micro.f1()
//
// Positive findings count: a label of 1 against a gold label of 1; uncertain and negative are not
// positive on either side. Classes are CheXpert's names or those of NIH's ChestX-ray14, which are
// mapped: Effusion is Pleural Effusion, Infiltration Lung Opacity, Mass and Nodule Lung Lesion,
// Pleural_Thickening Pleural Other. Micro and macro are over the classes that mean the same in both
// schemes; the mapped ones that do not are listed beside them.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "radgen/report/labeler.h"

namespace radgen {

// Found and right, found and wrong, missed.
struct Agreement {
  int64_t right = 0, wrong = 0, missed = 0;
  void add(bool is_found, bool is_true);
  Agreement& operator+=(const Agreement& other);
  double precision() const;  // 1 when nothing was found
  double recall() const;     // 1 when nothing was there
  double f1() const;         // 0 when nothing was right
};

struct GoldReport {
  std::string id, text;
  // class name -> 1, 0 or -1; a class that is not there is not compared
  std::map<std::string, int> labels;
};

struct ClassAgreement {
  std::string name;     // the gold's
  Finding finding;      // ours
  bool is_same = true;  // the class means the same in both schemes: counts in micro and macro
  Agreement ours, baseline;
};

struct AgreementSummary {
  Agreement micro;
  double macro_f1 = 0;  // mean over the classes that are the same and have a positive in the gold
};

struct GoldAgreement {
  std::vector<ClassAgreement> classes;
  AgreementSummary ours, baseline;
  size_t reports = 0;
};
// Classes that map to no finding (Hernia, normal, ...) are left out. On all cores.
GoldAgreement compare_with_gold(const Labeler& labeler, const std::vector<GoldReport>& gold);

// The baseline: a finding is positive when one of its plain keywords stands in a sentence with no
// negation word ("no", "not", "without", "free of", "negative for", "clear of", "resolved")
// anywhere before it.
bool keyword_baseline(const std::string& text, Finding finding);

// A place that names an observation, as another labeler marked it.
struct GoldSpan {
  Finding finding;  // kNoFinding: an abnormality outside the 13
  size_t begin = 0, end = 0;
};
struct SpanText {
  std::string id, text;
  std::vector<GoldSpan> spans;
};
struct SpanDifference {
  std::string id, words;  // the words of the text, with a little around them
  Finding finding;
  bool is_missed = false;       // theirs and not ours; else ours and not theirs
  bool is_inside_word = false;  // theirs, in the middle of a longer word: "tube" in "tuberculosis"
};
struct SpanAgreement {
  int64_t ours = 0, ours_matched = 0, theirs = 0, theirs_matched = 0;
  int64_t theirs_inside_words = 0;  // missed ones that name nothing: a fault that is not imitated
  std::vector<SpanDifference> differences;
  double f1() const;
  double f1_of_words() const;  // without those inside words
};
// A span is matched when one of the other side overlaps it and names the same observation: where
// one side takes "calcified granuloma" for one mention and the other for two, all three are
// matched. `with_others`: the abnormalities outside the 13 (kNoFinding) too, of which every labeler
// has its own list.
SpanAgreement compare_spans(const Labeler& labeler, const std::vector<SpanText>& texts,
                            bool with_others);

// Reads gold labels or spans from JSON: {"cases": [{"id", "input": text or {"findings",
// "impression"}, "expected": {...}}]} with labels under "expected.labels" or
// "expected.negbio_gold14", or spans under "expected.mentions" [{"observation", "start", "end"}] of
// "expected.passage_text". Either list may come back empty. Throws Error{kData} that names `where`.
std::vector<GoldReport> gold_reports_from_json(const nlohmann::json& json,
                                               const std::string& where);
std::vector<SpanText> span_texts_from_json(const nlohmann::json& json, const std::string& where);

// What is printed and what --json gives.
std::string agreement_text(const GoldAgreement& agreement);
std::string agreement_text(const SpanAgreement& agreement, size_t max_differences = 40);
nlohmann::ordered_json agreement_json(const GoldAgreement& agreement);
nlohmann::ordered_json agreement_json(const SpanAgreement& agreement);

}  // namespace radgen
