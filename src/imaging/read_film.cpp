#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "imaging/dicom_header.h"
#include "imaging/dicom_outline.h"
#include "imaging/gray_pipeline.h"
#include "imaging/orientation.h"
#include "imaging/pixel_decode.h"
#include "imaging/raster_read.h"
#include "radgen/imaging/film.h"

namespace radgen {
namespace {

// A film of the largest size that is read, and room for its header.
constexpr uintmax_t kMaxFileBytes = uintmax_t{320} << 20;

bool is_mimic_jpg(const ReadOptions& options) {
  RADGEN_CHECK(options.photometric == "voi" || options.photometric == "mimic-jpg",
               "ReadOptions::photometric is \"voi\" or \"mimic-jpg\"");
  return options.photometric == "mimic-jpg";
}

void append(std::vector<std::string>& warnings, const std::vector<std::string>& more) {
  warnings.insert(warnings.end(), more.begin(), more.end());
}

// Upright pixels, and the spacing turned with them.
void place(cv::Mat image, const DicomHeader& header, const ReadOptions& options, Film& film) {
  Upright upright = upright_of(header.tags.patient_orientation);
  if (upright.kind == Upright::Kind::kLateral) film.warnings.push_back("lateral_orientation");
  if (!options.honour_orientation) upright = {};
  film.pixels = turn_upright(image, upright, film.stored_to_upright);
  film.spacing_x_mm = header.column_spacing_mm;
  film.spacing_y_mm = header.row_spacing_mm;
  if (upright.is_transposed) std::swap(film.spacing_x_mm, film.spacing_y_mm);
  film.spacing_kind = header.spacing_kind;
}

Result<Film> read_dicom(std::string_view bytes, const ReadOptions& options) {
  const OutlineLimits limits{.max_inflated_bytes = std::min<size_t>(
                                 options.max_pixels * 2 + (size_t{16} << 20), kMaxFileBytes)};
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
  place(std::move(*image), *header, options, film);
  return film;
}

Result<Film> read_raster(std::string_view bytes, const ReadOptions& options) {
  Result<cv::Mat> image = looks_like_png(bytes) ? read_png(bytes, options.max_pixels)
                                                : read_jpeg(bytes, options.max_pixels);
  if (!image) return image.failure();
  Film film;
  film.photometric = options.photometric;
  film.pixels = std::move(*image);
  if (is_mimic_jpg(options)) {
    // Such images are what that convention made: nothing is done a second time.
    film.warnings.push_back("photometric_as_stored");
  }
  return film;
}

// The whole file in memory; a size above the limit is refused before it is read.
Result<std::string> read_bounded(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return Failure{"unreadable_file", "the file cannot be opened"};
  struct ::stat status {};
  std::string bytes;
  std::optional<Failure> failure;
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    failure = Failure{"unreadable_file", "not a regular file"};
  } else if (static_cast<uintmax_t>(status.st_size) > kMaxFileBytes) {
    failure = Failure{"too_large", fmt::format("the file has {} bytes, at most {} are read",
                                               status.st_size, kMaxFileBytes)};
  } else {
    bytes.resize(static_cast<size_t>(status.st_size));
    size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t n = ::read(file, bytes.data() + filled, bytes.size() - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) failure = Failure{"unreadable_file", "the file cannot be read"};
      if (n <= 0) break;
      filled += static_cast<size_t>(n);
    }
    bytes.resize(filled);
  }
  ::close(file);
  if (failure) return *failure;
  return bytes;
}

}  // namespace

const std::string& spacing_kind_name(SpacingKind kind) {
  static const std::string kNames[] = {"none", "imager", "calibrated"};
  return kNames[static_cast<int>(kind)];
}

Result<Film> read_film_bytes(std::string_view bytes, const ReadOptions& options) {
  if (bytes.empty()) return Failure{"empty_file", "the file is empty"};
  if (bytes.size() > kMaxFileBytes)
    return Failure{"too_large",
                   fmt::format("{} bytes, at most {} are read", bytes.size(), kMaxFileBytes)};
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
  const Result<std::string> bytes = read_bounded(path);
  if (!bytes) return bytes.failure();
  return read_film_bytes(*bytes, options);
}

}  // namespace radgen
