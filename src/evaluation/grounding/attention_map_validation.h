// Are the maps of a predictions file maps at all? Counts what is broken, empty or the same
// everywhere, before anything is scored with it.
#pragma once

#include <cstdint>
#include <vector>

#include "radgen/report/prediction.h"

namespace radgen::evaluation {

struct AttentionMapValidation {
  int64_t sentences = 0;   // of drafted reports
  int64_t maps = 0;        // of these sentences that have one
  int64_t boxes_only = 0;  // that have boxes and no map
  int64_t shown = 0;       // that are shown with a region
  int64_t broken = 0;      // values that are not numbers, below 0, or too many or few for the grid
  int64_t other_grid = 0;  // of another grid than the first map of the file
  int64_t uniform = 0;     // nearly the same value everywhere (normalised entropy above .98)
  int64_t compared = 0, same_in_study = 0;  // studies with several maps; those where all are one
  int64_t neighbours = 0, same_as_neighbour = 0;  // pairs of studies; those with the same mean map
};
AttentionMapValidation validate_maps(const std::vector<const Draft*>& drafts);  // null: no draft

}  // namespace radgen::evaluation
