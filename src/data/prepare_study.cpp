#include "data/prepare_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

Result<FinishedPicture> prepare_picture(const SourceImage& image, const PrepareConfig& config,
                                        const std::filesystem::path& output) {
  if (!fs::is_regular_file(image.image_path)) {
    return Failure{"no_picture", "the picture's file is not there"};
  }
  ReadOptions options;
  options.photometric = config.photometric;
  const Result<Film> film = read_film(image.image_path, options);
  if (!film) return film.failure();
  const std::string view = known_view(image, *film);
  if (!is_accepted(view, config.views)) {
    return Failure{
        view == "LATERAL" ? "lateral_view" : "other_view",
        "the tables name no view, and the picture's header names one that is not asked for"};
  }
  const Fitted fitted = resize_long_side(film->pixels, static_cast<int>(config.size_px));
  FinishedPicture picture;
  picture.image_id = image.image_id;
  picture.image = prepared_image_path(image);
  picture.source_path = image.relative_path;
  picture.source_sha256 = sha256_file(image.image_path);
  picture.view = view;
  picture.width = fitted.picture.cols;
  picture.height = fitted.picture.rows;
  const Box stored = stored_frame(*film);
  picture.source_rows = static_cast<int>(std::lround(stored.h));
  picture.source_columns = static_cast<int>(std::lround(stored.w));
  picture.source_transform = film->stored_to_upright.then(fitted.transform);
  const double spacing_x = film->spacing_x_mm * film->pixels.cols / fitted.picture.cols;
  const double spacing_y = film->spacing_y_mm * film->pixels.rows / fitted.picture.rows;
  picture.pixel_spacing_mm = std::sqrt(spacing_x * spacing_y);
  picture.spacing_kind =
      spacing_kind_name(picture.pixel_spacing_mm > 0 ? film->spacing_kind : SpacingKind::kNone);
  picture.warnings = film->warnings;
  write_png(output / picture.image, fitted.picture, static_cast<int>(config.png_compression));
  return picture;
}

MappedBoxes map_boxes(const SourceImage& image, const FinishedPicture& picture,
                      const Labeler& labeler) {
  MappedBoxes mapped;
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
  entry.photometric = config.photometric;
  entry.view = picture.view == "OTHER" ? "" : picture.view;
  entry.age = image.age;
  entry.sex = image.sex;
  entry.race = image.race;
  entry.indication = text.indication;
  entry.findings = text.findings;
  entry.impression = text.impression;
  entry.labels = labeler.labels(entry.text());
  entry.has_boxes = image.has_boxes;
  entry.source_path = picture.source_path;
  entry.source_sha256 = picture.source_sha256;
  entry.source_rows = picture.source_rows;
  entry.source_columns = picture.source_columns;
  entry.source_transform = picture.source_transform;
  return entry;
}

}  // namespace radgen
