// Which draft belongs to which reference, and everything that is odd about a predictions file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

// A study's reference and its draft (null: none).
struct Pairing {
  std::vector<const Reference*> references;
  std::vector<const Draft*> drafts;
  std::vector<size_t> patients;  // of each study, numbers from 0 on
  InputCounts counts;

  bool has_regions() const;  // some sentence has a map or boxes
};

// A number from 0 on for each study's patient, without gaps; a study without a patient is one of
// its own.
std::vector<size_t> number_patients(const std::vector<const Reference*>& references);

// Throws Error{kData} when there is no reference, when a study has two drafts, or when drafts name
// studies that the split does not have (unless `ignore_unknown`: then they are counted).
Pairing pair_up(const std::vector<Draft>& drafts, const EvaluationData& data, bool ignore_unknown);

}  // namespace radgen::evaluation
