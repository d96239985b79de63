#include "data/prepare_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/collimation.h"
#include "data/picture_hash.h"
#include "data/quality_flags.h"
#include "radgen/core/files.h"
#include "radgen/data/linking.h"
#include "radgen/imaging/film.h"
#include "radgen/imaging/picture.h"
#include "radgen/report/text.h"

namespace radgen {
namespace {

// The header's view counts only where the tables say nothing.
std::string known_view(const SourceImage& image, const Film& film) {
  return image.view.empty() ? normalised_view(film.tags.view_position) : image.view;
}

bool is_accepted(const std::string& view, const std::vector<std::string>& views) {
  return std::ranges::find(views, view.empty() ? "unknown" : view) != views.end();
}

// The stored picture's size: the upright one turned back.
Box stored_frame(const Film& film) {
  const Box upright{0, 0, static_cast<double>(film.pixels.cols),
                    static_cast<double>(film.pixels.rows)};
  return film.stored_to_upright.inverse().apply(upright);
}

}  // namespace

Result<StudyText> prepare_text(const ReportSections& sections, const PrepareConfig& config) {
  StudyText text;
  text.indication = clean_text(sections.indication);
  text.findings = clean_text(sections.findings);
  text.impression = clean_text(sections.impression);
  if (text.findings.empty() && text.impression.empty()) {
    // Reports without headers say everything in their last paragraph.
    std::string& target = config.sections == "impression" ? text.impression : text.findings;
    target = clean_text(sections.last_paragraph);
  }
  if (config.drop_comparisons) {
    text.findings = without_comparisons(text.findings);
    text.impression = without_comparisons(text.impression);
  }
  if (config.sections == "findings") text.impression.clear();
  if (config.sections == "impression") text.findings.clear();
  const auto words =
      static_cast<int64_t>(count_words(text.findings) + count_words(text.impression));
  if (words == 0) return Failure{"no_text", "the target sections of the report are empty"};
  if (words < config.min_words) {
    return Failure{"too_short", fmt::format("{} words in the target sections, expected {} or more",
                                            words, config.min_words)};
  }
  if (words > config.max_words) {
    return Failure{"too_long", fmt::format("{} words in the target sections, expected {} or fewer",
                                           words, config.max_words)};
  }
  return text;
}

std::string prepared_image_path(const SourceImage& image) {
  return fmt::format("images/p{}/p{}/s{}/{}.png", image.patient_id.substr(0, 2), image.patient_id,
                     image.study_id, image.image_id);
}

std::string photometric_of(const SourceImage& image, const PrepareConfig& config) {
  return image.photometric.empty() ? config.photometric : image.photometric;
}

namespace {

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

std::optional<Failure> why_rejected(const std::vector<std::string>& flags,
                                    const PrepareConfig& config, bool must_look_frontal) {
  for (const std::string& flag : flags) {
    if (contains(config.reject_flags, flag)) {
      return Failure{flag, "the picture's quality flag is among reject_flags"};
    }
  }
  const bool looks_lateral =
      contains(flags, "not_frontal_guess") || contains(flags, "lateral_guess");
  if (must_look_frontal && looks_lateral) {
    return Failure{"not_frontal_guess", "another picture of the study may show more"};
  }
  return std::nullopt;
}

// What the film's header and the way from stored to prepared pixels say.
FinishedPicture describe_picture(const SourceImage& image, const Film& film, const Box& stored,
                                 const Fitted& fitted, const Affine& stored_to_prepared) {
  FinishedPicture picture;
  picture.image_id = image.image_id;
  picture.image = prepared_image_path(image);
  picture.source_path = image.relative_path;
  picture.source_sha256 = sha256_file(image.image_path);
  picture.view = known_view(image, film);
  picture.width = fitted.picture.cols;
  picture.height = fitted.picture.rows;
  picture.source_rows = static_cast<int>(std::lround(stored.h));
  picture.source_columns = static_cast<int>(std::lround(stored.w));
  picture.source_transform = stored_to_prepared;
  const double spacing_x = film.spacing_x_mm * film.pixels.cols / fitted.picture.cols;
  const double spacing_y = film.spacing_y_mm * film.pixels.rows / fitted.picture.rows;
  picture.pixel_spacing_mm = std::sqrt(spacing_x * spacing_y);
  picture.spacing_kind =
      spacing_kind_name(picture.pixel_spacing_mm > 0 ? film.spacing_kind : SpacingKind::kNone);
  picture.warnings = film.warnings;
  picture.hash = hash_hex(picture_hash(fitted.picture));
  picture.header_age = film.tags.patient_age_years;
  picture.header_sex = normalised_sex(film.tags.patient_sex);
  return picture;
}

}  // namespace

Result<FinishedPicture> prepare_picture(const SourceImage& image, const PrepareConfig& config,
                                        const std::filesystem::path& output,
                                        bool must_look_frontal) {
  if (!fs::is_regular_file(image.image_path)) {
    return Failure{"no_picture", "the picture's file is not there"};
  }
  ReadOptions options;
  options.photometric = config.photometric;
  Result<Film> film = read_film(image.image_path, options);
  if (!film) return film.failure();
  const std::string view = known_view(image, *film);
  if (!is_accepted(view, config.views)) {
    return Failure{
        view == "LATERAL" ? "lateral_view" : "other_view",
        "the tables name no view, and the picture's header names one that is not asked for"};
  }
  const Box stored = stored_frame(*film);
  Affine to_field = film->stored_to_upright;
  if (config.crop_collimation) {
    const cv::Rect field = exposed_field(film->pixels);
    film->pixels = film->pixels(field).clone();
    to_field = to_field.then(Affine::scale_shift(1, 1, -field.x, -field.y));
  }
  const std::vector<std::string> flags = quality_flags(*film);
  if (const auto failure = why_rejected(flags, config, must_look_frontal)) return *failure;
  const Fitted fitted = resize_long_side(film->pixels, static_cast<int>(config.size_px));
  FinishedPicture picture =
      describe_picture(image, *film, stored, fitted, to_field.then(fitted.transform));
  picture.quality = flags;
  remove_half_written(output / picture.image);
  write_png(output / picture.image, fitted.picture, static_cast<int>(config.png_compression));
  return picture;
}

FinishedPicture absent_picture(const SourceImage& image) {
  FinishedPicture picture;
  picture.image_id = image.image_id;
  picture.source_path = image.relative_path;
  picture.spacing_kind = spacing_kind_name(SpacingKind::kNone);
  picture.view = image.view;
  for (const SourceBox& box : image.boxes) {
    if (box.image_width <= 1 || box.image_height <= 1) continue;
    picture.width = picture.source_columns = static_cast<int>(std::lround(box.image_width));
    picture.height = picture.source_rows = static_cast<int>(std::lround(box.image_height));
  }
  return picture;
}

namespace {

// A box that reaches further out than this, as a share of the picture, is no sloppy drawing.
constexpr double kMostOverhang = 0.1;

std::string why_of_another_size(const SourceImage& image, const FinishedPicture& picture) {
  const double columns = picture.source_columns, rows = picture.source_rows;
  for (const SourceBox& source : image.boxes) {
    const bool is_share = source.image_width == 1 && source.image_height == 1;
    const bool has_size = source.image_width > 0 && source.image_height > 0;
    if (has_size && !is_share) {
      const bool is_turned = std::abs(source.image_width - rows) < 1 &&
                             std::abs(source.image_height - columns) < 1 &&
                             std::abs(columns - rows) > 1;
      if (is_turned) {
        return fmt::format("they were drawn on {} x {} pixels and the picture is turned, {} x {}",
                           source.image_width, source.image_height, columns, rows);
      }
      continue;
    }
    const double width = is_share ? 1 : columns, height = is_share ? 1 : rows;
    const double right = source.box.x + source.box.w, lower = source.box.y + source.box.h;
    if (right <= width * (1 + kMostOverhang) && lower <= height * (1 + kMostOverhang)) continue;
    return is_share
               ? fmt::format("expected shares of the picture, one reaches to {}, {}", right, lower)
               : fmt::format(
                     "one reaches to {}, {} in a picture of {} x {}: they were drawn "
                     "on another size, and no table says which",
                     right, lower, columns, rows);
  }
  return "";
}

}  // namespace

MappedBoxes map_boxes(const SourceImage& image, const FinishedPicture& picture,
                      const Labeler& labeler) {
  MappedBoxes mapped;
  // Without a picture and its size there is nothing that boxes could lie in.
  if (picture.width <= 0 || picture.height <= 0) return mapped;
  mapped.of_another_size = why_of_another_size(image, picture);
  if (!mapped.of_another_size.empty()) {
    mapped.outside = image.boxes.size();
    return mapped;
  }
  for (const SourceBox& source : image.boxes) {
    Box box = source.box;
    if (source.image_width > 0 && source.image_height > 0) {
      // Drawn on a picture of another size than the stored one: same picture, other scale.
      box = Affine::scale_shift(picture.source_columns / source.image_width,
                                picture.source_rows / source.image_height, 0, 0)
                .apply(box);
    }
    box = clip(picture.source_transform.apply(box), picture.width, picture.height);
    if (box.area() <= 0) {
      ++mapped.outside;
      continue;
    }
    const Finding finding = finding_from_name(source.finding).value();
    const Side side = side_of_phrase(labeler, finding, source.phrase);
    mapped.boxes.push_back({source.finding, side_name(side), source.phrase, box});
  }
  return mapped;
}

ManifestEntry make_entry(const SourceImage& image, const StudyText& text,
                         const FinishedPicture& picture, const PrepareConfig& config,
                         const Labeler& labeler) {
  ManifestEntry entry;
  entry.study_id = image.study_id;
  entry.image_id = image.image_id;
  entry.patient_id = image.patient_id;
  entry.split = image.split;
  entry.image = picture.image;
  entry.width = picture.width;
  entry.height = picture.height;
  entry.pixel_spacing_mm = picture.pixel_spacing_mm;
  entry.spacing_kind = picture.spacing_kind;
  entry.photometric = photometric_of(image, config);
  entry.view = picture.view == "OTHER" ? "" : picture.view;
  entry.age = image.age ? image.age : picture.header_age;
  entry.sex = image.sex.empty() ? picture.header_sex : image.sex;
  entry.race = image.race;
  entry.indication = text.indication;
  entry.findings = text.findings;
  entry.impression = text.impression;
  const bool has_text = !entry.findings.empty() || !entry.impression.empty();
  entry.labels = has_text ? labeler.labels(entry.text()) : image.labels;
  if (!has_text) entry.labels_from = "source";
  entry.has_boxes = image.has_boxes;
  entry.quality = picture.quality;
  entry.hash = picture.hash;
  entry.source_path = picture.source_path;
  entry.source_sha256 = picture.source_sha256;
  entry.source_rows = picture.source_rows;
  entry.source_columns = picture.source_columns;
  entry.source_transform = picture.source_transform;
  return entry;
}

}  // namespace radgen
