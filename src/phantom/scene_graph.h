// A study's anatomy as a scene graph of Chest ImaGenome (Wu et al. 2021): objects[] with bbox_name
// and original_x1, ... in pixels of the stored film, attributes[] with the sentences that say of a
// place that nothing is there ("anatomicalfinding|no|pleural effusion", "nlp|yes|normal").
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "radgen/phantom/truth.h"
#include "radgen/report/labeler.h"

namespace radgen::phantom {

nlohmann::ordered_json scene_graph(const StudyTruth& truth, const std::vector<AnatomyBox>& boxes,
                                   const Labeler& labeler);

}  // namespace radgen::phantom
