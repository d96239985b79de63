// Which of a study's anatomy boxes the words that rule something out should look at.
//
//   for (const ExaminedLink& link : link_regions(entry.text(), labeler, entry.regions)) ...
//
// The words and their anatomy come from the table (report/anatomy.h). Where it understands nothing
// of a sentence that states no finding, the annotation's own sentences decide: a region whose
// phrase is this sentence was read off there.
#pragma once

#include <string>
#include <vector>

#include "radgen/data/manifest.h"
#include "radgen/report/labeler.h"

namespace radgen {

struct ExaminedLink {
  size_t begin = 0, end = 0;    // bytes of the text, half-open
  std::vector<size_t> regions;  // indices, one a place; never empty
};
std::vector<ExaminedLink> link_regions(const std::string& text, const Labeler& labeler,
                                       const std::vector<AnatomyRegion>& regions);

}  // namespace radgen
