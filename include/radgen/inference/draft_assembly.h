// From decoded ids and their attention to a grounded draft: words, sentences, mentions, maps,
// boxes, scores.
#pragma once

#include <vector>

#include "radgen/inference/calibration.h"
#include "radgen/inference/predictor.h"
#include "radgen/inference/region_features.h"
#include "radgen/inference/regions.h"
#include "radgen/model/decoding.h"
#include "radgen/report/labeler.h"
#include "radgen/report/prediction.h"
#include "radgen/report/tokenizer.h"

namespace radgen {

// Where the patch grid lies in the prepared image. The input's padding is part of the grid, so
// the rectangle may reach beyond the image.
struct GridPlacement {
  int rows = 0, columns = 0;
  Box map_box;  // prepared-image pixels
};
GridPlacement place_grid(int64_t rows, int64_t columns, int64_t patch_px,
                         const Affine& image_to_input);

Draft assemble_draft(const DecodedText& decoded, const GridPlacement& placement,
                     const FindingLogits& logits, const Tokenizer& tokenizer,
                     const Labeler& labeler, const Calibration& calibration);

// One entry for each positive or uncertain mention of `text`, whose tokens were read teacher forced
// as `decoded`.
std::vector<PhraseGrounding> ground_mentions(const std::string& text,
                                             const std::vector<Token>& tokens,
                                             const DecodedText& decoded,
                                             const GridPlacement& placement,
                                             const FindingLogits& logits, const Labeler& labeler);

}  // namespace radgen
