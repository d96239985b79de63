// Own small films for tests: DICOM files written by write_dicom_film, and images that only look a
// little like anatomy.
#pragma once

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "radgen/imaging/dicom_write.h"

namespace radgen::testing {

// Smooth, asymmetric in every direction, all values different from 0: mirrored, turned and cut
// copies are seen.
inline cv::Mat ramp_image(int width, int height, int bits) {
  cv::Mat image(height, width, CV_16UC1);
  const double highest = std::ldexp(1.0, bits) - 1;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      image.at<uint16_t>(y, x) = static_cast<uint16_t>(
          1 + (highest - 1) * (0.7 * x / width + 0.3 * y * y / (height * height)));
  return image;
}

inline FilmToWrite small_film(int width = 40, int height = 30) {
  FilmToWrite film;
  film.stored = ramp_image(width, height, 12);
  film.patient_id = "T1";
  film.study_id = "S1";
  film.study_date = "20200102";
  film.study_time = "030405";
  film.view_position = "PA";
  film.patient_sex = "F";
  film.patient_age_years = 45;
  film.window_center = 2048;
  film.window_width = 4096;
  return film;
}

// Two dark ellipses in a bright trunk, a brighter column between them, bright below.
inline cv::Mat drawn_chest(int side) {
  cv::Mat image(side, side, CV_16UC1, cv::Scalar(6000));
  const auto at = [side](double share) { return static_cast<int>(share * side); };
  cv::rectangle(image, {at(.08), at(.12)}, {at(.92), at(1)}, cv::Scalar(42000), cv::FILLED);
  cv::rectangle(image, {at(.08), at(.72)}, {at(.92), at(1)}, cv::Scalar(56000), cv::FILLED);
  cv::ellipse(image, {at(.30), at(.48)}, {at(.15), at(.3)}, 0, 0, 360, cv::Scalar(14000),
              cv::FILLED);
  cv::ellipse(image, {at(.70), at(.48)}, {at(.15), at(.3)}, 0, 0, 360, cv::Scalar(15000),
              cv::FILLED);
  cv::ellipse(image, {at(.55), at(.62)}, {at(.13), at(.13)}, 0, 0, 360, cv::Scalar(54000),
              cv::FILLED);
  cv::rectangle(image, {at(.46), 0}, {at(.54), at(1)}, cv::Scalar(58000), cv::FILLED);
  cv::GaussianBlur(image, image, {}, side / 60.0);
  return image;
}

}  // namespace radgen::testing
