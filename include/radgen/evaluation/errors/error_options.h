// What counts as an error of attention, and how much of it a page shows.
#pragma once

#include <cstdint>

#include "radgen/core/config.h"

namespace radgen::evaluation {

struct ErrorOptions {
  int64_t images = 8;      // of a kind on the page, at most; 0: none
  int64_t image_px = 512;  // longer side of a film on the page
  // Spreads: the share of the image that an even map of the same entropy covers.
  double diffuse_spread = 0.35;      // from which on attention is diffuse
  double whole_chest_spread = 0.35;  // from which on cardiomegaly's attention is on the whole chest
  double small_spread = 0.15;        // the same for a small finding
  double small_box = 0.03;           // share of the image below which a finding is small
  double border_margin = 0.08;       // of the image's sides
};
void describe(Fields& f, ErrorOptions& options);

}  // namespace radgen::evaluation
