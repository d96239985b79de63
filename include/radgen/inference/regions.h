// From token attention to what a reader sees: a sentence's map, its regions as boxes, its raw
// grounding score.
//
// A sentence's map is the mean over its finding tokens' maps (over all its tokens when it has
// none); its regions are boxes around the connected parts above a share of the map's maximum.
#pragma once

#include <vector>

#include "radgen/core/geometry.h"
#include "radgen/report/prediction.h"

namespace radgen {

// Mean of rows of `token_maps` ([tokens][rows*columns]); an empty map when there are none.
AttentionMap mean_map(const std::vector<std::vector<float>>& token_maps,
                      const std::vector<size_t>& tokens, int rows, int columns);

double map_mass(const AttentionMap& map);  // sum of the values: 1 - what went to the null key
// of the map divided by its sum, in nats; log(N) for a flat one
double map_entropy(const AttentionMap& map);

// 1 - entropy / log N of the map divided by its sum: 1 when all attention is on one patch, 0 when
// it is spread evenly or there is none. What went to the null key has no part in it.
double map_concentration(const AttentionMap& map);

// The map upsampled bilinearly inside `map_box` and cut at threshold x maximum; one box a connected
// part, largest mass first, parts with less than a tenth of the largest one's mass dropped, at most
// `most`. Coordinates are map_box's.
std::vector<Box> find_regions(const AttentionMap& map, const Box& map_box, double threshold_of_max,
                              size_t most = 4);

// Which tokens of `spans` (bytes of the text, half-open) overlap [begin, end).
std::vector<size_t> tokens_within(const std::vector<std::pair<size_t, size_t>>& spans, size_t begin,
                                  size_t end);

}  // namespace radgen
