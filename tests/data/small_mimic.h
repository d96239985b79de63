// A data set of a few made-up studies in MIMIC-CXR's layout, written at test time. Films are 16-bit
// PNGs: dim, with one bright rectangle, so that a box can be found again by its pixels.
#pragma once

#include <fmt/format.h>

#include <map>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/files.h"
#include "radgen/core/geometry.h"
#include "radgen/imaging/image.h"

namespace radgen {

inline constexpr const char* kNormalReport =
    " INDICATION: Cough.\n \n FINDINGS: The heart size is normal. The lungs are clear. There is no "
    "pleural "
    "effusion.\n \n IMPRESSION: No acute disease.\n";
inline constexpr const char* kEffusionReport =
    " INDICATION: Shortness of breath.\n \n FINDINGS: The heart size is normal. There is a small "
    "left pleural "
    "effusion. No pneumothorax is seen.\n \n IMPRESSION: Small left pleural effusion.\n";

struct SmallImage {
  std::string patient, study, dicom, split = "train", view = "PA";
  std::string date = "21800506";
  cv::Size size{320, 400};
  std::optional<Box> bright;  // stored pixels
  // category and phrase, each with the box `bright`
  std::vector<std::pair<std::string, std::string>> boxes;
  bool is_broken = false;                // the file holds text
  std::optional<std::string> box_split;  // of the boxes' table; as `split` where there is none
};

class SmallMimic {
 public:
  explicit SmallMimic(fs::path folder) : folder_(std::move(folder)) {}

  void add(const SmallImage& image, const std::optional<std::string>& report) {
    images_.push_back(image);
    const fs::path study = folder_ / "files" / ("p" + image.patient.substr(0, 2)) /
                           ("p" + image.patient) / ("s" + image.study);
    if (report) write_file_atomic(study.string() + ".txt", *report);
    const fs::path file = study / (image.dicom + ".png");
    if (image.is_broken) {
      write_file_atomic(file, "this is no picture");
      return;
    }
    cv::Mat film(image.size, CV_16UC1, cv::Scalar(6000));
    for (int y = 0; y < film.rows; ++y) film.row(y) += cv::Scalar(y * 20);
    if (image.bright) {
      const Box& b = *image.bright;
      cv::rectangle(film,
                    cv::Rect(static_cast<int>(b.x), static_cast<int>(b.y), static_cast<int>(b.w),
                             static_cast<int>(b.h)),
                    cv::Scalar(65535), cv::FILLED);
    }
    write_png(file, film);
  }

  // Some normal studies of patients of their own, so that the tokenizer has something to learn
  // from.
  void add_normals(int count, const std::string& split) {
    for (int i = 0; i < count; ++i) {
      const std::string number = fmt::format("{}{:04}", split == "train" ? "19" : "18", i);
      add({"10" + number, "50" + number, fmt::format("normal-{}-{}", split, i), split},
          kNormalReport);
    }
  }

  void write_tables() const {
    std::string
        records = "subject_id,study_id,dicom_id,path\n",
        splits = "dicom_id,study_id,subject_id,split\n",
        metadata = "dicom_id,subject_id,study_id,ViewPosition,StudyDate\n",
        boxes = "dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height,split\n";
    for (const SmallImage& i : images_) {
      records += fmt::format("{0},{1},{2},files/p{3}/p{0}/s{1}/{2}.dcm\n", i.patient, i.study,
                             i.dicom, i.patient.substr(0, 2));
      if (!i.split.empty())
        splits += fmt::format("{},{},{},{}\n", i.dicom, i.study, i.patient, i.split);
      metadata += fmt::format("{},{},{},{},{}\n", i.dicom, i.patient, i.study, i.view, i.date);
      for (const auto& [category, phrase] : i.boxes) {
        const Box& b = i.bright.value();
        boxes +=
            fmt::format("{},{},\"{}\",x,{},{},{},{},{},{},{}\n", i.dicom, category, phrase, b.x,
                        b.y, b.w, b.h, i.size.width, i.size.height, i.box_split.value_or(i.split));
      }
    }
    write_file_atomic(folder_ / "cxr-record-list.csv", records);
    write_file_atomic(folder_ / "mimic-cxr-2.0.0-split.csv", splits);
    write_file_atomic(folder_ / "mimic-cxr-2.0.0-metadata.csv", metadata);
    write_file_atomic(folder_ / "MS_CXR_Local_Alignment_v1.1.0.csv", boxes);
  }

  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
  std::vector<SmallImage> images_;
};

// The middle of the pixels above half of the largest value, in pixel-edge coordinates.
inline cv::Point2d bright_middle(const cv::Mat& image) {
  cv::Mat values;
  image.convertTo(values, CV_64F);
  double least = 0, most = 0;
  cv::minMaxLoc(values, &least, &most);
  const cv::Moments m = cv::moments(values > (least + most) / 2, /*binaryImage=*/true);
  return {m.m10 / m.m00 + 0.5, m.m01 / m.m00 + 0.5};
}

}  // namespace radgen
