// Where the lungs and the mediastinum roughly lie, read off the film itself: enough to compare a
// place with places of the same organ, no segmentation to measure anything by.
//
//   const cv::Mat organs = organ_map(image, body_mask(image));
//   organs.at<uchar>(y, x) == static_cast<uchar>(Organ::kLung)
//
// Lungs are the large dark parts inside the body that do not reach its outline (Otsu's threshold of
// the body's grey values, Otsu 1979). Where one side has much less of it than the other (a lung
// that is white or has collapsed), the other side's outline is mirrored about the body's middle: a
// place in an opaque lung is a place in a lung. The mediastinum is what lies between the two lungs
// in each row.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

namespace radgen {

enum class Organ : uint8_t { kNone, kLung, kMediastinum, kOther };
inline constexpr int kOrgans = 4;

// CV_8UC1 of the image's size; kNone outside of the body, kOther in the rest of it. All of the
// body is kOther where no two lungs can be told. `image` CV_16UC1, `body` body_mask() of it.
cv::Mat organ_map(const cv::Mat& image, const cv::Mat& body);

}  // namespace radgen
