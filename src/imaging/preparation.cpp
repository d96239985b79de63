#include "radgen/imaging/preparation.h"

#include "imaging/collimation.h"
#include "radgen/core/error.h"
#include "radgen/imaging/image.h"

namespace radgen {

ReadOptions read_options(const PreparationConfig& config) {
  ReadOptions options;
  options.photometric = config.photometric;
  return options;
}

PreparedImage prepare_image(const Film& film, const PreparationConfig& config) {
  RADGEN_CHECK(film.photometric == config.photometric,
               "the film was read with the photometric convention '" + film.photometric + "'");
  const cv::Rect field = config.crop_collimation
                             ? exposed_field(film.pixels)
                             : cv::Rect(0, 0, film.pixels.cols, film.pixels.rows);
  Fitted fitted = resize_long_side(film.pixels(field), static_cast<int>(config.size_px));
  PreparedImage prepared;
  prepared.exposed = field;
  prepared.upright_to_prepared =
      Affine::scale_shift(1, 1, -field.x, -field.y).then(fitted.transform);
  prepared.image = config.clahe_clip_limit > 0 ? clahe(fitted.image, config.clahe_clip_limit,
                                                       static_cast<int>(config.clahe_tiles))
                                               : fitted.image;
  return prepared;
}

}  // namespace radgen
