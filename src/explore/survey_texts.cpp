#include <algorithm>
#include <cmath>
#include <set>

#include "radgen/core/error.h"
#include "radgen/core/parallel.h"
#include "radgen/explore/survey.h"
#include "radgen/report/medical_terms.h"
#include "radgen/report/text.h"

namespace radgen::explore {
namespace {

// Splits in the order of use.
int split_rank(const std::string& name) {
  return name == "train" ? 0 : name == "validate" ? 1 : name == "test" ? 2 : 3;
}

// What one study's text needs; made in parallel, summed in order.
struct TextFacts {
  size_t words = 0, single_words = 0;
  std::vector<int64_t> ids;
  std::vector<size_t> terms;
};

TextFacts facts_of(const std::string& text, const Tokenizer* tokenizer) {
  TextFacts facts;
  facts.words = count_words(text);
  facts.terms = medical_terms_in(text);
  if (tokenizer == nullptr) return facts;
  const auto is_blank = [&](size_t i) { return text[i] == ' ' || text[i] == '\n'; };
  for (const Token& token : tokenizer->encode(text)) {
    facts.ids.push_back(token.id);
    size_t begin = token.begin, end = std::min(token.end, text.size());
    while (begin < end && is_blank(begin)) ++begin;
    const bool is_start = begin == 0 || is_blank(begin - 1);
    const bool is_end = end == text.size() || is_blank(end);
    if (begin < end && is_start && is_end) ++facts.single_words;
  }
  return facts;
}

void count_labels(const Labels& labels, SplitSurvey& split) {
  for (const auto& [finding, label] : labels) {
    LabelCounts& counts = split.labels[static_cast<size_t>(finding)];
    (label == 1 ? counts.positive : label == 0 ? counts.negative : counts.uncertain) += 1;
  }
}

// Overlap of [a, a + 1) with [b, c).
double share_of_cell(double a, double b, double c) {
  return std::max(0.0, std::min(a + 1, c) - std::max(a, b));
}

void add_box(const Box& box, double width, double height, BoxSurvey& survey) {
  const auto side = static_cast<double>(kMapSide);
  const double left = box.x / width * side, right = (box.x + box.w) / width * side;
  const double top = box.y / height * side, bottom = (box.y + box.h) / height * side;
  ++survey.boxes;
  survey.areas.push_back(clip(box, width, height).area() / (width * height));
  for (size_t r = 0; r < kMapSide; ++r) {
    const double rows = share_of_cell(static_cast<double>(r), top, bottom);
    if (rows <= 0) continue;
    for (size_t c = 0; c < kMapSide; ++c) {
      survey.map[r * kMapSide + c] += rows * share_of_cell(static_cast<double>(c), left, right);
    }
  }
}

void survey_boxes(const std::vector<ManifestEntry>& entries, Survey& survey) {
  std::set<std::string> studies;
  for (const ManifestEntry& entry : entries) {
    std::set<Finding> here;
    for (const FindingBox& box : entry.boxes) {
      const auto finding = finding_from_name(box.finding);
      if (!finding || entry.width <= 0 || entry.height <= 0) continue;
      add_box(box.box, entry.width, entry.height, survey.boxes[*finding]);
      here.insert(*finding);
    }
    for (Finding finding : here) ++survey.boxes[finding].images;
    if (!here.empty()) studies.insert(entry.study_id);
  }
  survey.studies_with_boxes = studies.size();
}

TokenizerSurvey survey_tokenizer(const std::vector<TextFacts>& facts, const Tokenizer& tokenizer) {
  TokenizerSurvey out;
  out.vocabulary = tokenizer.vocabulary_size();
  std::map<int64_t, size_t> uses;
  for (const TextFacts& one : facts) {
    out.words += one.words;
    out.single_words += one.single_words;
    for (int64_t id : one.ids) {
      ++uses[id];
      ++out.tokens;
      out.unknown += id == kUnknownId;
    }
  }
  out.used = static_cast<int64_t>(uses.size());
  std::vector<size_t> counts;
  for (const auto& [id, count] : uses) counts.push_back(count);
  std::sort(counts.rbegin(), counts.rend());
  size_t sum = 0, next = 1;
  for (size_t k = 0; k < counts.size(); ++k) {
    sum += counts[k];
    if (k + 1 < next && k + 1 < counts.size()) continue;
    out.coverage.emplace_back(k + 1, static_cast<double>(sum) / static_cast<double>(out.tokens));
    next = std::max(next + 1, static_cast<size_t>(std::ceil(static_cast<double>(next) * 1.15)));
  }
  return out;
}

}  // namespace

size_t count_findings(const Labels& labels) {
  size_t count = 0;
  for (const auto& [finding, label] : labels) {
    if (finding == Finding::kNoFinding || finding == Finding::kSupportDevices) continue;
    count += label != 0;
  }
  return count;
}

Survey survey_texts(const std::vector<ManifestEntry>& entries, const Tokenizer* tokenizer,
                    int threads) {
  Survey survey;
  survey.lines = entries.size();
  std::vector<size_t> firsts;  // the first line of each study
  std::set<std::string> seen_studies;
  std::map<std::string, std::set<std::string>> patients, splits_of_patient;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (seen_studies.insert(entries[i].study_id).second) firsts.push_back(i);
    if (entries[i].patient_id.empty()) continue;
    patients[entries[i].split].insert(entries[i].patient_id);
    splits_of_patient[entries[i].patient_id].insert(entries[i].split);
  }
  for (const auto& [patient, splits] : splits_of_patient) {
    survey.patients_in_several_splits += splits.size() > 1;
  }

  std::vector<TextFacts> facts(firsts.size());
  parallel_for(firsts.size(), threads,
               [&](size_t i) { facts[i] = facts_of(entries[firsts[i]].text(), tokenizer); });

  std::map<std::string, SplitSurvey> splits;
  std::vector<TermCount> terms;
  for (const MedicalTerm& term : medical_terms()) terms.push_back({term.name, term.kind, 0, 0});
  for (size_t i = 0; i < firsts.size(); ++i) {
    const ManifestEntry& entry = entries[firsts[i]];
    SplitSurvey& split = splits[entry.split];
    ++split.studies;
    split.words.push_back(static_cast<double>(facts[i].words));
    if (tokenizer != nullptr) split.tokens.push_back(static_cast<double>(facts[i].ids.size()));
    split.findings.push_back(static_cast<double>(count_findings(entry.labels)));
    count_labels(entry.labels, split);
    if (entry.age) split.ages.push_back(*entry.age);
    ++split.sexes[entry.sex];
    ++split.races[entry.race];
    std::set<size_t> distinct;
    for (size_t term : facts[i].terms) {
      ++terms[term].occurrences;
      if (distinct.insert(term).second) ++terms[term].studies;
    }
  }
  for (const ManifestEntry& entry : entries) {
    ++splits[entry.split].images;
    ++splits[entry.split].views[entry.view];
  }
  for (auto& [name, split] : splits) {
    split.name = name;
    split.patients = patients[name].size();
    survey.splits.push_back(std::move(split));
  }
  std::stable_sort(survey.splits.begin(), survey.splits.end(), [](const auto& a, const auto& b) {
    return split_rank(a.name) < split_rank(b.name);
  });
  std::erase_if(terms, [](const TermCount& term) { return term.studies == 0; });
  std::stable_sort(terms.begin(), terms.end(),
                   [](const TermCount& a, const TermCount& b) { return a.studies > b.studies; });
  survey.terms = std::move(terms);
  survey_boxes(entries, survey);
  if (tokenizer != nullptr) survey.tokenizer = survey_tokenizer(facts, *tokenizer);
  return survey;
}

}  // namespace radgen::explore
