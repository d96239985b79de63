// Does a sentence need the region that it points at? The region is hidden (blurred strongly with a
// soft edge), the image is encoded again and the same sentence is read behind the same words. Its
// log-probability must fall more than when other parts of the body are hidden that have the same
// size and shape.
//
//   for (const HiddenRegion& region : check_faithfulness(predictor, studies, drafts, {}))
//     faithful += region.is_faithful;
//
// A region counts as faithful when the fall is above the 90th percentile of its random regions'
// falls. The percentile is the one that a further draw exceeds with probability 0.1 (position 0.9
// (n + 1) among n, Hyndman and Fan 1996, type 6): a model that does not care which part is hidden
// comes to 10 %. A model that cares for the lungs alone, wherever it points, comes to more: what is
// drawn lies anywhere in the body.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "radgen/core/geometry.h"
#include "radgen/core/random.h"
#include "radgen/inference/predictor.h"
#include "radgen/report/prediction.h"

namespace radgen {

inline constexpr double kFaithfulPercentile = 0.9;
// regions over so much of the body are judged apart: little is left to compare
inline constexpr double kLargeBodyShare = 0.25;

struct FaithfulnessOptions {
  // for each region; at least 9, or the percentile is beyond the largest
  int64_t random_regions = 16;
  uint64_t seed = 0;
};

// One box of a sentence that states a finding and is shown as grounded.
struct HiddenRegion {
  std::string study_id;
  size_t sentence = 0;    // index into Draft::sentences
  Box box;                // prepared-image pixels
  double body_share = 0;  // area of the box over that of the body
  double log_prob = 0;    // of the sentence's tokens over the image as it is, in nats
  double fall = 0;        // log_prob less that with the box hidden, in nats
  // the same of the random regions; empty: the body has no room for them
  std::vector<double> random_falls;
  double limit = 0;  // percentile of random_falls; NaN without them
  bool is_faithful = false;
  bool is_large() const { return body_share > kLargeBodyShare; }
  bool is_matched() const { return !random_falls.empty(); }
};

// Boxes of exactly the size of `region` (in the pixels of `body`, CV_8UC1, body_mask()), at least
// 95 % inside the body and with at most a quarter of their area on `region` (three quarters for one
// that is_large()). Drawn without repetition from a grid of positions; empty when there are fewer
// than `count`.
std::vector<Box> matched_regions(const Box& region, const cv::Mat& body, int64_t count,
                                 Random random);

// The value that a further draw from where `values` come from exceeds with probability 1 - share;
// NaN when there are too few values to say (share (n + 1) > n).
double exceedance_percentile(std::vector<double> values, double share);

// `drafts[i]` was made of `studies[i]`. In the order of drafts, sentences and boxes. Images are
// made and read a batch of the predictor at a time. Error{kUsage} for fewer than 9 random regions.
std::vector<HiddenRegion> check_faithfulness(const Predictor& predictor,
                                             const std::vector<StudyInput>& studies,
                                             const std::vector<Draft>& drafts,
                                             const FaithfulnessOptions& options);

}  // namespace radgen
