#include "data/prepare_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/image_hash.h"
#include "data/quality_flags.h"
#include "radgen/core/files.h"
#include "radgen/data/box_phrase_matching.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/preparation.h"
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

// The stored image's size: the upright one turned back.
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
  return image.photometric.empty() ? config.preparation.photometric : image.photometric;
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
FinishedImage describe_image(const SourceImage& image, const Film& film,
                             const PreparedImage& made) {
  const Box stored = stored_frame(film);
  FinishedImage prepared;
  prepared.image_id = image.image_id;
  prepared.image = prepared_image_path(image);
  prepared.source_path = image.relative_path;
  prepared.source_sha256 = sha256_file(image.image_path);
  prepared.view = known_view(image, film);
  prepared.width = made.image.cols;
  prepared.height = made.image.rows;
  prepared.source_rows = static_cast<int>(std::lround(stored.h));
  prepared.source_columns = static_cast<int>(std::lround(stored.w));
  prepared.source_transform = film.stored_to_upright.then(made.upright_to_prepared);
  const double spacing_x = film.spacing_x_mm * made.exposed.width / made.image.cols;
  const double spacing_y = film.spacing_y_mm * made.exposed.height / made.image.rows;
  prepared.pixel_spacing_mm = std::sqrt(spacing_x * spacing_y);
  prepared.spacing_kind =
      spacing_kind_name(prepared.pixel_spacing_mm > 0 ? film.spacing_kind : SpacingKind::kNone);
  prepared.warnings = film.warnings;
  prepared.hash = hash_hex(image_hash(made.image));
  prepared.header_age = film.tags.patient_age_years;
  prepared.header_sex = normalised_sex(film.tags.patient_sex);
  return prepared;
}

}  // namespace

Result<FinishedImage> prepare_image(const SourceImage& image, const PrepareConfig& config,
                                    const std::filesystem::path& output, bool must_look_frontal) {
  if (!fs::is_regular_file(image.image_path)) {
    return Failure{"no_picture", "the picture's file is not there"};
  }
  Result<Film> film = read_film(image.image_path, read_options(config.preparation));
  if (!film) return film.failure();
  const std::string view = known_view(image, *film);
  if (!is_accepted(view, config.views)) {
    return Failure{
        view == "LATERAL" ? "lateral_view" : "other_view",
        "the tables name no view, and the picture's header names one that is not asked for"};
  }
  const PreparedImage made = prepare_image(*film, config.preparation);
  Film exposed = *film;
  exposed.pixels = film->pixels(made.exposed);
  const std::vector<std::string> flags = quality_flags(exposed);
  if (const auto failure = why_rejected(flags, config, must_look_frontal)) return *failure;
  FinishedImage prepared = describe_image(image, *film, made);
  prepared.quality = flags;
  remove_half_written(output / prepared.image);
  write_png(output / prepared.image, made.image, static_cast<int>(config.png_compression));
  return prepared;
}

FinishedImage absent_image(const SourceImage& image) {
  FinishedImage prepared;
  prepared.image_id = image.image_id;
  prepared.source_path = image.relative_path;
  prepared.spacing_kind = spacing_kind_name(SpacingKind::kNone);
  prepared.view = image.view;
  for (const SourceBox& box : image.boxes) {
    if (box.image_width <= 1 || box.image_height <= 1) continue;
    prepared.width = prepared.source_columns = static_cast<int>(std::lround(box.image_width));
    prepared.height = prepared.source_rows = static_cast<int>(std::lround(box.image_height));
  }
  return prepared;
}

namespace {

// Drawn on an image of another size than the stored one: same image, other scale. Sizes of 0: on
// the stored one.
Box to_stored(const Box& box, double width, double height, const FinishedImage& prepared) {
  if (width <= 0 || height <= 0) return box;
  return Affine::scale_shift(prepared.source_columns / width, prepared.source_rows / height, 0, 0)
      .apply(box);
}

// A box that reaches further out than this, as a share of the image, is no sloppy drawing.
constexpr double kMostOverhang = 0.1;

std::string why_of_another_size(const SourceImage& image, const FinishedImage& prepared) {
  const double columns = prepared.source_columns, rows = prepared.source_rows;
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

MappedBoxes map_boxes(const SourceImage& image, const FinishedImage& prepared,
                      const Labeler& labeler) {
  MappedBoxes mapped;
  // Without an image and its size there is nothing that boxes could lie in.
  if (prepared.width <= 0 || prepared.height <= 0) return mapped;
  mapped.of_another_size = why_of_another_size(image, prepared);
  if (!mapped.of_another_size.empty()) {
    mapped.outside = image.boxes.size();
    return mapped;
  }
  for (const SourceBox& source : image.boxes) {
    Box box = to_stored(source.box, source.image_width, source.image_height, prepared);
    box = clip(prepared.source_transform.apply(box), prepared.width, prepared.height);
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

std::vector<AnatomyRegion> map_regions(const std::vector<SourceRegion>& regions,
                                       const FinishedImage& prepared) {
  std::vector<AnatomyRegion> mapped;
  // To a hundredth of a pixel: there are dozens an image.
  const auto rounded = [](double v) { return std::round(v * 100) / 100; };
  for (const SourceRegion& region : regions) {
    const Box stored = to_stored(region.box, region.image_width, region.image_height, prepared);
    const Box box = clip(prepared.source_transform.apply(stored), prepared.width, prepared.height);
    if (box.area() <= 0) continue;
    mapped.push_back({region.anatomy,
                      clean_text(region.phrase),
                      {rounded(box.x), rounded(box.y), rounded(box.w), rounded(box.h)}});
  }
  return mapped;
}

ManifestEntry make_entry(const SourceImage& image, const StudyText& text,
                         const FinishedImage& prepared, const PrepareConfig& config,
                         const Labeler& labeler) {
  ManifestEntry entry;
  entry.study_id = image.study_id;
  entry.image_id = image.image_id;
  entry.patient_id = image.patient_id;
  entry.split = image.split;
  entry.image = prepared.image;
  entry.width = prepared.width;
  entry.height = prepared.height;
  entry.pixel_spacing_mm = prepared.pixel_spacing_mm;
  entry.spacing_kind = prepared.spacing_kind;
  entry.photometric = photometric_of(image, config);
  entry.view = prepared.view == "OTHER" ? "" : prepared.view;
  entry.age = image.age ? image.age : prepared.header_age;
  entry.sex = image.sex.empty() ? prepared.header_sex : image.sex;
  entry.race = image.race;
  entry.indication = text.indication;
  entry.findings = text.findings;
  entry.impression = text.impression;
  const bool has_text = !entry.findings.empty() || !entry.impression.empty();
  const bool are_of_source = !has_text || (config.source_labels && !image.labels.empty());
  entry.labels = are_of_source ? image.labels : labeler.labels(entry.text());
  if (are_of_source) entry.labels_from = "source";
  entry.has_boxes = image.has_boxes;
  entry.quality = prepared.quality;
  entry.hash = prepared.hash;
  entry.source_path = prepared.source_path;
  entry.source_sha256 = prepared.source_sha256;
  entry.source_rows = prepared.source_rows;
  entry.source_columns = prepared.source_columns;
  entry.source_transform = prepared.source_transform;
  return entry;
}

}  // namespace radgen
