// Preparation: from an upright film to the image that a network learns from and is asked about. One
// function for the prepared dataset, for training's model folder and for inference, so that a
// network never meets images made in another way than those it learnt from.
//
//   const PreparationConfig config = model.config.model_input.preparation;
//   Result<Film> film = read_film(path, read_options(config));
//   PreparedImage prepared = prepare_image(*film, config);
//   Box in_film = prepared.upright_to_prepared.inverse().apply(box);      // and back
//
// The way: photometric convention (read_film()), collimation cropped, long side, CLAHE, 16 bits.
#pragma once

#include <opencv2/core.hpp>
#include <string>

#include "radgen/core/config.h"
#include "radgen/imaging/film.h"

namespace radgen {

// It travels: prepare.json -> config.resolved.json of a run -> config.json of a model folder.
struct PreparationConfig {
  int64_t size_px = 2048;
  std::string photometric = "voi";
  bool crop_collimation = false;
  double clahe_clip_limit = 0;
  int64_t clahe_tiles = 8;
  bool operator==(const PreparationConfig&) const = default;
};
inline void describe(Fields& f, PreparationConfig& c) {
  f.field("size_px", c.size_px,
          {.help = "long side of the prepared images; smaller films are not enlarged",
           .min = 32,
           .max = 8192,
           .unit = "px"});
  f.field("photometric", c.photometric,
          {.help = "how stored values become grey: VOI LUT or window, or as MIMIC-CXR-JPG was made",
           .choices = {"voi", "mimic-jpg"}});
  f.field("crop_collimation", c.crop_collimation,
          {.help = "cut the black border that the collimator left; boxes move along"});
  f.field("clahe_clip_limit", c.clahe_clip_limit,
          {.help = "clip limit of contrast limited adaptive histogram equalisation (Zuiderveld "
                   "1994), 2 is usual; 0: none",
           .min = 0,
           .max = 100});
  f.field("clahe_tiles", c.clahe_tiles,
          {.help = "CLAHE's tiles along each side", .min = 1, .max = 64});
}

// How the film has to be read for this preparation.
ReadOptions read_options(const PreparationConfig& config);

struct PreparedImage {
  cv::Mat image;  // CV_16UC1
  Affine upright_to_prepared;
  // the part of the upright film that it was made of: all of it, where nothing is cropped
  cv::Rect exposed;
};

// `film` must have been read with read_options(config); another photometric convention is a bug and
// ends in Error{kInternal}.
PreparedImage prepare_image(const Film& film, const PreparationConfig& config);

}  // namespace radgen
