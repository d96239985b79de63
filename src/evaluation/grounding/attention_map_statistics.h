// What an attention map looks like, whatever it should point at.
#pragma once

#include "radgen/report/prediction.h"

namespace radgen::evaluation {

// Whether the values fill the grid, are finite, not below 0 and not all 0.
bool is_usable_map(const AttentionMap& map);

// Entropy over that of an even map of the grid: 0 one patch, 1 everywhere alike; 0 for a map
// without mass or with one cell. Values that are not above 0 count as 0.
double normalized_entropy(const AttentionMap& map);

// The share of a width x height image that an even map of the same entropy would cover: exp(H)
// patches, 0..1. A map that lies evenly on a box has the box's share. NaN for maps that are not
// usable. (exp(H): the perplexity, as a number of places; Hill 1973.)
double map_spread(const AttentionMap& map, const Box& map_box, int width, int height);

// Share of the map on patches whose centre is outside of the image or within `margin` (a share of
// the image's sides) of its edges; NaN for maps that are not usable.
double border_share(const AttentionMap& map, const Box& map_box, int width, int height,
                    double margin);

}  // namespace radgen::evaluation
