// Do the heads of the decoder's cross-attention specialise? The phrase protocol (grounding.h) for
// the map of each head alone.
#pragma once

#include <string>
#include <vector>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

// Where one head looks while the reference's own sentences are read.
struct HeadMaps {
  int layer = 0, head = 0;  // from 1
  std::vector<PhraseMap> maps;
};

// `mean`: the maps of the mean over the heads, which reports show. All of the same studies, which
// are among `references`.
HeadAnalysis analyse_heads(const std::vector<HeadMaps>& heads, const std::vector<PhraseMap>& mean,
                           const std::vector<Reference>& references);

nlohmann::ordered_json heads_to_json(const HeadAnalysis& analysis);
// What the analysis says, in a sentence.
std::string heads_text(const HeadAnalysis& analysis);

}  // namespace radgen::evaluation
