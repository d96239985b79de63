#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "imaging/dicom_header.h"
#include "imaging/dicom_outline.h"
#include "imaging/exif.h"
#include "imaging/film_file.h"
#include "imaging/gray_pipeline.h"
#include "imaging/orientation.h"
#include "imaging/pixel_decode.h"
#include "imaging/raster_read.h"
#include "radgen/imaging/film.h"

namespace radgen {
namespace {

bool is_mimic_jpg(const ReadOptions& options) {
  RADGEN_CHECK(options.photometric == "voi" || options.photometric == "mimic-jpg",
               "ReadOptions::photometric is \"voi\" or \"mimic-jpg\"");
  return options.photometric == "mimic-jpg";
}

void append(std::vector<std::string>& warnings, const std::vector<std::string>& more) {
  warnings.insert(warnings.end(), more.begin(), more.end());
}

// Pixels that differ less are as good as square; beyond the other limit the header is wrong.
constexpr double kSquareTolerance = 0.01, kLargestAspect = 4;

// Resamples to square pixels, the coarser direction to the finer one's spacing, so that a heart is
// as wide as it is. `aspect`: height of a pixel over its width, both of the upright image.
void make_pixels_square(double aspect, size_t max_pixels, Film& film) {
  if (std::abs(aspect - 1) <= kSquareTolerance) return;
  if (aspect > kLargestAspect || aspect < 1 / kLargestAspect) {
    film.warnings.push_back("pixel_aspect_implausible");
    return;
  }
  const cv::Size old = film.pixels.size();
  double scale_x = aspect < 1 ? 1 / aspect : 1, scale_y = aspect > 1 ? aspect : 1;
  if (scale_x * scale_y * static_cast<double>(film.pixels.total()) >
      static_cast<double>(max_pixels)) {  // the finer direction to the coarser one's instead
    scale_x = aspect > 1 ? 1 / aspect : 1;
    scale_y = aspect < 1 ? aspect : 1;
  }
  const auto scaled = [](int side, double scale) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  const cv::Size size(scaled(old.width, scale_x), scaled(old.height, scale_y));
  const bool shrinks = size.width <= old.width && size.height <= old.height;
  cv::Mat square;
  cv::resize(film.pixels, square, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  film.pixels = square;
  const double true_x = static_cast<double>(size.width) / old.width;
  const double true_y = static_cast<double>(size.height) / old.height;
  film.stored_to_upright = film.stored_to_upright.then(Affine::scale_shift(true_x, true_y, 0, 0));
  film.spacing_x_mm /= true_x;
  film.spacing_y_mm /= true_y;
  film.warnings.push_back("pixels_not_square");
}

// Upright pixels, and the spacing turned with them.
void place(const cv::Mat& image, const DicomHeader& header, const ReadOptions& options,
           Film& film) {
  Upright upright = upright_of(header.tags.patient_orientation);
  if (upright.kind == Upright::Kind::kLateral) film.warnings.push_back("lateral_orientation");
  if (!options.honour_orientation) upright = {};
  film.pixels = turn_upright(image, upright, film.stored_to_upright);
  film.spacing_x_mm = header.column_spacing_mm;
  film.spacing_y_mm = header.row_spacing_mm;
  if (upright.is_transposed) std::swap(film.spacing_x_mm, film.spacing_y_mm);
  film.spacing_kind = header.spacing_kind;
  make_pixels_square(upright.is_transposed ? 1 / header.pixel_aspect : header.pixel_aspect,
                     options.max_pixels, film);
}

Result<Film> read_dicom(std::string_view bytes, const ReadOptions& options) {
  const OutlineLimits limits{.max_inflated_bytes = std::min<size_t>(
                                 options.max_pixels * 2 + (size_t{16} << 20), kMaxFilmFileBytes)};
  const Result<DicomOutline> outline = outline_dicom(bytes, limits);
  if (!outline) return outline.failure();
  const Result<DicomHeader> header = parse_dicom_header(*outline, options.max_pixels);
  if (!header) return header.failure();
  Result<StoredPixels> stored = decode_pixels(*outline, header->format);
  if (!stored) return stored.failure();

  Film film;
  film.photometric = options.photometric;
  film.is_dicom = true;
  film.tags = header->tags;
  append(film.warnings, outline->warnings);
  append(film.warnings, header->warnings);
  append(film.warnings, stored->warnings);
  Result<cv::Mat> image =
      is_mimic_jpg(options)
          ? mimic_jpg_from_stored(*stored, header->format, header->gray.is_inverse)
          : gray_from_stored(*stored, header->format, header->gray, film.warnings);
  if (!image) return image.failure();
  stored->words.release();
  place(*image, *header, options, film);
  return film;
}

Result<Film> read_raster(std::string_view bytes, const ReadOptions& options) {
  Result<RasterImage> image = looks_like_png(bytes) ? read_png(bytes, options.max_pixels)
                                                    : read_jpeg(bytes, options.max_pixels);
  if (!image) return image.failure();
  if (is_mirrored_orientation(image->exif_orientation))
    return Failure{"mirrored_image",
                   "its EXIF orientation says that it is stored mirrored: left and right of the "
                   "patient cannot be told"};
  Film film;
  film.photometric = options.photometric;
  film.warnings = std::move(image->warnings);
  Upright upright = upright_of_exif(image->exif_orientation);
  if (upright.kind == Upright::Kind::kTurned) film.warnings.push_back("exif_orientation");
  if (!options.honour_orientation) upright = {};
  film.pixels = turn_upright(image->pixels, upright, film.stored_to_upright);
  if (is_mimic_jpg(options)) {
    // Such images are what that convention made: nothing is done a second time.
    film.warnings.push_back("photometric_as_stored");
  }
  return film;
}

}  // namespace

const std::string& spacing_kind_name(SpacingKind kind) {
  static const std::string kNames[] = {"none", "imager", "calibrated"};
  return kNames[static_cast<int>(kind)];
}

Result<Film> read_film_bytes(std::string_view bytes, const ReadOptions& options) {
  if (bytes.empty()) return Failure{"empty_file", "the file is empty"};
  if (bytes.size() > kMaxFilmFileBytes)
    return Failure{"too_large",
                   fmt::format("{} bytes, at most {} are read", bytes.size(), kMaxFilmFileBytes)};
  if (bytes.starts_with("\x1f\x8b") || bytes.starts_with("PK\x03\x04"))
    return Failure{"compressed_file", "a gzip or zip file: unpack it first"};
  try {
    return looks_like_png(bytes) || looks_like_jpeg(bytes) ? read_raster(bytes, options)
                                                           : read_dicom(bytes, options);
  } catch (const std::bad_alloc&) {
    return Failure{"too_large", "not enough memory for this picture"};
  } catch (const cv::Exception&) {
    return Failure{"corrupt_compressed_data", "the picture cannot be processed"};
  }
}

Result<Film> read_film(const std::filesystem::path& path, const ReadOptions& options) {
  const Result<Descriptor> file = open_film_file(path);
  if (!file) return file.failure();
  const Result<std::string> bytes = read_film_file(file->get());
  if (!bytes) return bytes.failure();
  return read_film_bytes(*bytes, options);
}

}  // namespace radgen
