// How much the model is asked again (sanity_checks.h).
#pragma once

#include <cstdint>

#include "radgen/core/config.h"

namespace radgen::evaluation {

struct SanityCheckOptions {
  // evenly taken, drafted again from shuffled, blank, noise and mirrored images; 0: all
  int64_t studies = 200;
  int64_t counterfactuals = 400;  // pairs, evenly taken; 0: all
  // evenly taken of those with regions, whose regions are hidden; 0: all
  int64_t hidden_studies = 60;
  int64_t random_regions = 16;  // that each hidden region is compared with
};
void describe(Fields& f, SanityCheckOptions& options);

}  // namespace radgen::evaluation
