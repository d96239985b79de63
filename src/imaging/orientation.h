// Turning a film upright: patient's left on the right of the image, feet down (PatientOrientation
// L\F; PS3.3 C.7.6.1.1.1: where the rows run to, where the columns run to).
#pragma once

#include <opencv2/core.hpp>
#include <string>

#include "radgen/core/geometry.h"

namespace radgen {

struct Upright {
  enum class Kind { kUpright, kTurned, kLateral, kUnknown } kind = Kind::kUnknown;
  bool is_transposed = false, is_mirrored_x = false,
       is_mirrored_y = false;  // transpose first, then mirror
};

// From "L\F", "R\F", "F\L", ... A lateral film ("A\F", "P\F", ...) and what cannot be read stay as
// they are.
Upright upright_of(const std::string& patient_orientation);

// Turns the image and tells where its pixels (edge coordinates) went.
cv::Mat turn_upright(const cv::Mat& image, const Upright& upright, Affine& stored_to_upright);

}  // namespace radgen
