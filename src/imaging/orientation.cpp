#include "imaging/orientation.h"

#include <opencv2/core.hpp>

namespace radgen {

Upright upright_of(const std::string& patient_orientation) {
  Upright upright;
  const size_t bar = patient_orientation.find('\\');
  if (bar == std::string::npos || bar == 0 || bar + 1 >= patient_orientation.size()) return upright;
  // The first letter is the main direction; further ones say how it is tilted.
  const char row = patient_orientation[0], column = patient_orientation[bar + 1];
  const auto is_side = [](char c) { return c == 'L' || c == 'R'; };
  const auto is_height = [](char c) { return c == 'F' || c == 'H'; };
  const auto is_depth = [](char c) { return c == 'A' || c == 'P'; };
  if ((is_depth(row) && is_height(column)) || (is_height(row) && is_depth(column))) {
    upright.kind = Upright::Kind::kLateral;
    return upright;
  }
  const bool is_transposed = is_height(row) && is_side(column);
  if (!is_transposed && !(is_side(row) && is_height(column))) return upright;
  upright.is_transposed = is_transposed;
  upright.is_mirrored_x = (is_transposed ? column : row) == 'R';
  upright.is_mirrored_y = (is_transposed ? row : column) == 'H';
  const bool is_turned = is_transposed || upright.is_mirrored_x || upright.is_mirrored_y;
  upright.kind = is_turned ? Upright::Kind::kTurned : Upright::Kind::kUpright;
  return upright;
}

cv::Mat turn_upright(const cv::Mat& image, const Upright& upright, Affine& stored_to_upright) {
  stored_to_upright = Affine{};
  if (upright.kind != Upright::Kind::kTurned) return image;
  cv::Mat turned = image;
  if (upright.is_transposed) {
    turned = turned.t();
    stored_to_upright = Affine{{0, 1, 0, 1, 0, 0}};
  }
  if (upright.is_mirrored_x || upright.is_mirrored_y) {
    cv::Mat mirrored;
    cv::flip(turned, mirrored, upright.is_mirrored_x ? (upright.is_mirrored_y ? -1 : 1) : 0);
    turned = mirrored;
    stored_to_upright = stored_to_upright.then(Affine::scale_shift(
        upright.is_mirrored_x ? -1 : 1, upright.is_mirrored_y ? -1 : 1,
        upright.is_mirrored_x ? turned.cols : 0, upright.is_mirrored_y ? turned.rows : 0));
  }
  return turned;
}

}  // namespace radgen
