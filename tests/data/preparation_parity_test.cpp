// The image that inference makes of a film is the prepared dataset's, pixel for pixel.
#include <gtest/gtest.h>

#include <iostream>

#include "data/prepare_study.h"
#include "data/temporary_folder.h"
#include "imaging/reference_images.h"
#include "imaging/synthetic_films.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/preparation.h"

namespace radgen {
namespace {

// A collimated film, darker at the border than anything that is exposed.
FilmToWrite framed_film(const std::string& orientation, bool is_monochrome1) {
  FilmToWrite film = testing::small_film(300, 240);
  cv::Mat shown(240, 300, CV_16UC1, cv::Scalar(0));
  testing::ramp_image(220, 180, 12).copyTo(shown(cv::Rect(50, 40, 220, 180)));
  shown(cv::Rect(50, 40, 220, 180)) += cv::Scalar(400);
  cv::min(shown, 4095, shown);
  if (is_monochrome1) shown = 4095 - shown;
  film.stored = shown;
  film.is_monochrome1 = is_monochrome1;
  film.patient_orientation = orientation;
  return film;
}

std::vector<PreparationConfig> every_setting() {
  std::vector<PreparationConfig> all;
  for (const char* photometric : {"voi", "mimic-jpg"})
    for (const bool is_cropped : {false, true})
      for (const double clip_limit : {0.0, 2.0})
        for (const int64_t size_px : {96, 2048})
          all.push_back({.size_px = size_px,
                         .photometric = photometric,
                         .crop_collimation = is_cropped,
                         .clahe_clip_limit = clip_limit});
  return all;
}

// Returns whether the film could be read at all.
bool expect_equal_images(const std::filesystem::path& path, const PreparationConfig& preparation) {
  TemporaryFolder folder;
  SourceImage source;
  source.study_id = source.image_id = source.patient_id = "p10";
  source.relative_path = "film";
  source.image_path = path.string();
  PrepareConfig config;
  config.preparation = preparation;
  config.views = {"PA", "AP", "LATERAL", "OTHER", "unknown"};
  config.reject_flags = {};
  const Result<FinishedImage> learnt = prepare_image(source, config, folder.path());
  const Result<Film> film = read_film(path, read_options(preparation));
  EXPECT_EQ(learnt.has_value(), film.has_value());
  if (!learnt || !film) return false;
  const PreparedImage asked = prepare_image(*film, preparation);
  const Result<cv::Mat> stored = read_png16(folder.path() / learnt->image);
  if (!stored || stored->size() != asked.image.size()) {
    ADD_FAILURE() << "the prepared image cannot be read or has another size";
    return true;
  }
  EXPECT_EQ(cv::countNonZero(*stored != asked.image), 0);
  EXPECT_EQ(learnt->source_transform, film->stored_to_upright.then(asked.upright_to_prepared));
  return true;
}

TEST(PreparationParity, SyntheticFilmsOfEveryOrientationAndSetting) {
  TemporaryFolder folder;
  for (const char* orientation : {"L\\F", "R\\F", "L\\H", "F\\L", "H\\R", ""}) {
    for (const bool is_monochrome1 : {false, true}) {
      const auto path = folder.path() / "film.dcm";
      write_dicom_film(path, framed_film(orientation, is_monochrome1));
      for (const PreparationConfig& preparation : every_setting()) {
        SCOPED_TRACE(std::string(orientation) + (is_monochrome1 ? " MONOCHROME1 " : " ") +
                     dump_config(preparation).dump());
        EXPECT_TRUE(expect_equal_images(path, preparation));
      }
    }
  }
}

// One film of each folder of the reference images that can be read, in every setting.
TEST(PreparationParity, ReferenceFilms) {
  const auto root = testing::reference_images();
  if (root.empty()) GTEST_SKIP() << "no reference images";
  size_t films = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (!entry.is_directory()) continue;
    size_t seen = 0;
    for (const auto& path : testing::files_below(entry.path())) {
      if (seen == 1) break;
      if (!read_film(path)) continue;
      std::cout << "reference case: " << path.string() << "\n";
      ++seen;
      ++films;
      for (PreparationConfig preparation : every_setting()) {
        preparation.size_px = std::min<int64_t>(preparation.size_px, 512);
        SCOPED_TRACE(path.string() + " " + dump_config(preparation).dump());
        EXPECT_TRUE(expect_equal_images(path, preparation));
      }
    }
  }
  EXPECT_GT(films, 0);
}

TEST(PreparationParity, AnOldDataSetWasPreparedWithoutWhatCameLater) {
  const PreparationConfig old = dataset_preparation(
      {{"config", {{"size_px", 320}, {"photometric", "voi"}, {"min_words", 10}}}});
  EXPECT_EQ(old, (PreparationConfig{.size_px = 320}));
  EXPECT_THROW(dataset_preparation({{"config", {{"photometric", "voi"}}}}), Error);
  EXPECT_THROW(dataset_preparation(nlohmann::json::object()), Error);
}

}  // namespace
}  // namespace radgen
