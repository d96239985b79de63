// Does the model look at the image? Scores of what it says when it is asked again: about another
// patient's image, a blank one, noise, the mirrored film, a film without one of its findings
// (twin), and with the regions of its sentences hidden. Who has the model asks it; here the answers
// are judged.
//
//   SanityCheckAnswers answers = ...;  // drafts of altered images, hidden regions
//   add_sanity_checks(answers, data, options, result);  // checks.*: metrics, alarms, expectations
//   std::cout << sanity_checks_text(result);                                 // eval_report.h
//
// What is expected is a design value where nothing better is known; each stands beside its reason
// in sanity_checks.cpp. A check with fewer than 20 cases is reported and decides nothing. Shares
// have Wilson's interval, which takes every case as one of its own; F1 values have the bootstrap's
// over patients.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "radgen/evaluation/evaluate.h"
#include "radgen/evaluation/grounding/heads.h"
#include "radgen/report/prediction.h"

namespace radgen::evaluation {

// The drafts of one study: from its own image and from altered ones, all with its own prompt.
struct CheckedStudy {
  size_t reference = 0;  // index into EvaluationData::test
  Draft real, blank, noise, mirrored;
  std::optional<Draft> shuffled;  // from another patient's image; none: there is no other patient
  // From its own image moved a little, with other random draws: how firm are the sides of its
  // words at all?
  std::optional<Draft> moved;
};

// A phantom's film without one of its findings, all else the same.
struct CounterfactualPair {
  std::string study_id, twin_of;  // of the twin and of the original
  Finding without = Finding::kNoFinding;
};
struct CounterfactualDrafts {
  Finding without = Finding::kNoFinding;
  Draft original, counterfactual;
};

// Of regions that were hidden; falls in nats of the sentence's log-probability.
struct FaithfulCounts {
  // faithful: the fall is above the 90th percentile of the random regions'
  int64_t regions = 0, faithful = 0;
  // sums over the regions of the fall and of the mean random fall
  double fall = 0, random_fall = 0;
};

struct SanityCheckAnswers {
  // Of the studies with boxes, read from their reports: each head's maps and those of their mean.
  std::vector<HeadMaps> heads;
  std::vector<PhraseMap> mean_maps;
  std::vector<size_t> read;  // indices into EvaluationData::test
  std::vector<CheckedStudy> studies;
  std::vector<CounterfactualDrafts> counterfactuals;
  std::string no_counterfactuals;  // why there are none
  FaithfulCounts regions, large;   // large: over a quarter of the body, judged apart
  int64_t unmatched_regions = 0;   // the body has no room for random ones
};

// For each of the items another one of a different patient, each taken once; the same for the same
// seed. An empty name is a patient of its own. None where half of the items or more are one
// patient's.
std::optional<std::vector<size_t>> other_patients(const std::vector<std::string>& patients,
                                                  uint64_t seed);

// The twins in truth.jsonl whose original is one of `references` and shows the finding that was
// taken out, and that have no other finding of that kind left (a twin that keeps a second nodule
// may keep its sentence). The references carry their truth. Throws Error{kData} that names file and
// line.
std::vector<CounterfactualPair> load_counterfactual_pairs(const std::filesystem::path& truth,
                                                          const std::vector<Reference>& references);

// What becomes of the sides of a report when its film is mirrored. `sided`: findings stated on one
// side alone; `kept`: of these, stated by the mirrored film's report too; `swapped`: of these, on
// the other side alone; `stayed`: on the same side alone. What is left names both sides or none.
struct MirrorCounts {
  int64_t sided = 0, kept = 0, swapped = 0, stayed = 0;
};
MirrorCounts compare_mirrored(const ExtractedFindings& real, const ExtractedFindings& mirrored);

// Sets checks.* with intervals, and adds alarms, expectations, notes and the reasons of what is
// missing to `result`, which evaluate() made of the same data.
void add_sanity_checks(const SanityCheckAnswers& answers, const EvaluationData& data,
                       const EvaluateOptions& options, EvaluationResult& result);

}  // namespace radgen::evaluation
