// Trivial baselines: reports that nobody who looked at the image would write. A score that does
// not beat them is worth nothing, however high it is.
//
//   std::string constant = constant_report(train, validate, options);
//   std::vector<std::string> nearest = nearest_reports(test, train, options);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "radgen/evaluation/reference.h"

namespace radgen::evaluation {

struct BaselineOptions {
  // The constant report is chosen among so many training reports, by BLEU-4 on so many validation
  // references (evenly taken from each list; 0: all).
  size_t constant_candidates = 200, constant_references = 200;
  size_t nearest_images = 4000;  // training images searched, evenly taken; 0: all
  int threads = 0;               // 0: all cores given
  uint64_t seed = 0;
};

// The training report that serves best as the answer to everything. Empty without training reports;
// without validation references it is chosen on training ones.
std::string constant_report(const std::vector<Reference>& train,
                            const std::vector<Reference>& validate, const BaselineOptions& options);

// Without a training split: for each study the constant report that is chosen among, and by, the
// reports of the other half of the patients (by hash of their names), so that no report is scored
// on what chose it. Empty where a half is empty.
std::vector<std::string> cross_fitted_constants(const std::vector<Reference>& test,
                                                const BaselineOptions& options);

// The report of the training image that is nearest in 32 x 32 pixels (area averaged, mean 0,
// variance 1, Euclidean distance), for each test study. "" where a study's image cannot be read;
// an empty list when no training image can be.
std::vector<std::string> nearest_reports(const std::vector<Reference>& test,
                                         const std::vector<Reference>& train,
                                         const BaselineOptions& options);

// A random training report for each test study (of another test study where there is no training
// set).
std::vector<std::string> random_reports(const std::vector<Reference>& test,
                                        const std::vector<Reference>& train,
                                        const BaselineOptions& options);

// States all 13 findings.
std::string always_positive_report();

}  // namespace radgen::evaluation
