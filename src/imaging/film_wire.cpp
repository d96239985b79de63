#include "imaging/film_wire.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace radgen {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little);

constexpr size_t kLengthBytes = 8;
constexpr size_t kMaxWarnings = 1000;

// Calls `use` with each tag and its name. The binding names every member: one that is added to
// FilmTags and not here does not compile.
template <class Tags, class Use>
void for_each_tag(Tags& tags, const Use& use) {
  auto& [modality, body_part, view_position, patient_orientation, sop_class, study_uid, series_uid,
         sop_uid, patient_id, patient_sex, accession, study_date, study_time, patient_name,
         patient_birth_date, study_id, referring_physician, patient_age_years, is_for_processing,
         is_synthetic] = tags;
  use("modality", modality);
  use("body_part", body_part);
  use("view_position", view_position);
  use("patient_orientation", patient_orientation);
  use("sop_class", sop_class);
  use("study_uid", study_uid);
  use("series_uid", series_uid);
  use("sop_uid", sop_uid);
  use("patient_id", patient_id);
  use("patient_sex", patient_sex);
  use("accession", accession);
  use("study_date", study_date);
  use("study_time", study_time);
  use("patient_name", patient_name);
  use("patient_birth_date", patient_birth_date);
  use("study_id", study_id);
  use("referring_physician", referring_physician);
  use("patient_age_years", patient_age_years);
  use("is_for_processing", is_for_processing);
  use("is_synthetic", is_synthetic);
}

json tags_json(const FilmTags& tags) {
  json out;
  for_each_tag(tags, [&](const char* name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<double>>) {
      if (value) out[name] = *value;
    } else {
      out[name] = value;
    }
  });
  return out;
}

FilmTags tags_from_json(const json& in) {
  FilmTags tags;
  for_each_tag(tags, [&](const char* name, auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<double>>) {
      if (in.contains(name)) value = in.at(name).get<double>();
    } else {
      in.at(name).get_to(value);
    }
  });
  return tags;
}

bool is_length(double value) { return std::isfinite(value) && value >= 0; }

// As FilmTags, numbers and names of a film from the child. Throws json::exception for what is not
// there or of another type.
Film described_film(const json& header) {
  Film film;
  header.at("stored_to_upright").get_to(film.stored_to_upright);
  header.at("spacing_x_mm").get_to(film.spacing_x_mm);
  header.at("spacing_y_mm").get_to(film.spacing_y_mm);
  film.spacing_kind = static_cast<SpacingKind>(std::clamp(
      header.at("spacing_kind").get<int>(), 0, static_cast<int>(SpacingKind::kCalibrated)));
  film.tags = tags_from_json(header.at("tags"));
  header.at("is_dicom").get_to(film.is_dicom);
  header.at("photometric").get_to(film.photometric);
  header.at("warnings").get_to(film.warnings);
  return film;
}

bool is_sound(const Film& film) {
  return std::all_of(film.stored_to_upright.m.begin(), film.stored_to_upright.m.end(),
                     [](double value) { return std::isfinite(value); }) &&
         is_length(film.spacing_x_mm) && is_length(film.spacing_y_mm) &&
         film.warnings.size() <= kMaxWarnings &&
         (film.photometric == "voi" || film.photometric == "mimic-jpg");
}

}  // namespace

std::string film_wire_header(const Result<Film>& film) {
  json header;
  if (!film) {
    header = {{"reason", film.failure().reason}, {"message", film.failure().message}};
  } else {
    header = {{"rows", film->pixels.rows},
              {"columns", film->pixels.cols},
              {"stored_to_upright", film->stored_to_upright},
              {"spacing_x_mm", film->spacing_x_mm},
              {"spacing_y_mm", film->spacing_y_mm},
              {"spacing_kind", static_cast<int>(film->spacing_kind)},
              {"tags", tags_json(film->tags)},
              {"is_dicom", film->is_dicom},
              {"photometric", film->photometric},
              {"warnings", film->warnings}};
  }
  const std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto length = static_cast<uint64_t>(text.size());
  std::string bytes(kLengthBytes, '\0');
  std::memcpy(bytes.data(), &length, kLengthBytes);
  return bytes + text;
}

std::optional<Result<Film>> film_from_wire(std::string_view bytes, size_t max_pixels) {
  uint64_t length = 0;
  if (bytes.size() < kLengthBytes) return std::nullopt;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  bytes.remove_prefix(kLengthBytes);
  if (length > bytes.size() || length > kMaxFilmHeaderBytes) return std::nullopt;
  try {
    const json header = json::parse(bytes.substr(0, length));
    bytes.remove_prefix(length);
    if (header.contains("reason")) {
      Failure failure{header.at("reason"), header.at("message")};
      if (failure.reason.empty() || !bytes.empty()) return std::nullopt;
      return Result<Film>(std::move(failure));
    }
    const auto rows = header.at("rows").get<int64_t>(),
               columns = header.at("columns").get<int64_t>();
    constexpr int64_t kLongest = 1 << 20;
    if (rows < 1 || columns < 1 || rows > kLongest || columns > kLongest ||
        static_cast<uint64_t>(rows * columns) > max_pixels ||
        bytes.size() != static_cast<size_t>(rows * columns) * sizeof(uint16_t))
      return std::nullopt;
    Film film = described_film(header);
    if (!is_sound(film)) return std::nullopt;
    film.pixels.create(static_cast<int>(rows), static_cast<int>(columns), CV_16UC1);
    std::memcpy(film.pixels.data, bytes.data(), bytes.size());
    return Result<Film>(std::move(film));
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace radgen
