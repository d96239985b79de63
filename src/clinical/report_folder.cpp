#include "radgen/clinical/report_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <opencv2/imgproc.hpp>
#include <set>

#include "clinical/fhir_values.h"
#include "radgen/clinical/dicom_results.h"
#include "radgen/clinical/shown_report.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/parallel.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/overlay.h"
#include "radgen/report/anatomy.h"

namespace radgen {
namespace {

using nlohmann::ordered_json;

constexpr int kOverlaySidePx = 1600;
const cv::Scalar kBoxColor(255, 211,
                           111);  // the page's light blue; apart from the heat map's colours
const cv::Scalar kExaminedColor(150, 222, 158);  // the page's green

bool points_at_pixels(const Mention& mention) {
  return mention.assertion != Assertion::kNegative && mention.finding != Finding::kNoFinding;
}

ordered_json box_json(const Box& box) {
  return {{"x", box.x}, {"y", box.y}, {"w", box.w}, {"h", box.h}};
}

// "left Pleural Effusion, Edema": what a sentence's boxes stand for.
std::string finding_label(const Draft& draft, size_t sentence) {
  std::set<std::string> seen;
  std::string label;
  for (const Mention& mention : draft.mentions) {
    if (mention.sentence != sentence || !points_at_pixels(mention)) continue;
    const std::string side = side_name(mention.side);
    const std::string name = (side.empty() ? "" : side + " ") + finding_name(mention.finding);
    if (seen.insert(name).second) label += (label.empty() ? "" : ", ") + name;
  }
  return label;
}

// A dark strip below the image with what must never be parted from it.
cv::Mat with_caption(const cv::Mat& image, const std::string& caption) {
  constexpr int kHeightPx = 26;
  constexpr double kScale = 0.42;
  cv::Mat out;
  cv::copyMakeBorder(image, out, 0, kHeightPx, 0, 0, cv::BORDER_CONSTANT, cv::Scalar(34, 24, 18));
  std::string shown = caption;
  const auto width = [&] {
    int baseline = 0;
    return cv::getTextSize(shown, cv::FONT_HERSHEY_SIMPLEX, kScale, 1, &baseline).width;
  };
  while (shown.size() > 4 && width() > out.cols - 16) shown.pop_back();
  cv::putText(out, shown, {8, image.rows + 17}, cv::FONT_HERSHEY_SIMPLEX, kScale,
              cv::Scalar(235, 230, 220), 1, cv::LINE_AA);
  return out;
}

// The film once at the overlays' size; then each sentence on it.
struct Canvas {
  Fitted film;
  Box map_box;
  Affine from_prepared;
};

Canvas make_canvas(const FilmReport& report) {
  Fitted film = resize_long_side(report.film.pixels, kOverlaySidePx);
  const Affine from_prepared = report.upright_to_prepared.inverse().then(film.transform);
  return {film, from_prepared.apply(report.draft.map_box), from_prepared};
}

cv::Mat draw_sentence(const Canvas& canvas, const FilmReport& report, size_t index) {
  const DraftSentence& sentence = report.draft.sentences[index];
  cv::Mat map;
  std::vector<LabelledBox> boxes;
  const bool is_examined = sentence.region == RegionKind::kExamined;
  if (sentence.is_grounded || is_examined) {
    if (!sentence.map.empty()) {
      map = cv::Mat(sentence.map.rows, sentence.map.columns, CV_32FC1,
                    const_cast<float*>(sentence.map.values.data()));  // read only
    }
    const std::string label = is_examined ? "examined" : finding_label(report.draft, index);
    for (const Box& box : sentence.boxes) boxes.push_back({canvas.from_prepared.apply(box), label});
  }
  const OverlayStyle style{.max_side_px = 0, .box_color = is_examined ? kExaminedColor : kBoxColor};
  const cv::Mat image = draw_overlay(canvas.film.image, map, canvas.map_box, boxes, style);
  return with_caption(
      image, fmt::format("Sentence {}: {}. {} {}", index + 1, grounding_phrase(report.draft, index),
                         is_meaningless(report) ? "MEANS NOTHING FOR A PATIENT."
                                                : "AI draft, not verified.",
                         "Research, not for clinical use."));
}

enum class Part { kFindings, kImpression, kLeftOut };

Part part_of(const FilmReport& report, size_t sentence) {
  if (is_left_out(report.draft, sentence, report.keeps_unsupported)) return Part::kLeftOut;
  // The impression begins behind the newline that parts them in Draft::text().
  return report.draft.sentences[sentence].begin > report.draft.findings.size() ? Part::kImpression
                                                                               : Part::kFindings;
}

void append_sentences(const FilmReport& report, Part part, std::string& text) {
  const Draft& draft = report.draft;
  bool is_empty = true;
  for (size_t i = 0; i < draft.sentences.size(); ++i) {
    const DraftSentence& sentence = draft.sentences[i];
    if (part_of(report, i) != part) continue;
    text += fmt::format("{:3}. {}\n     [{}; confidence {:.2f}]\n", i + 1, sentence.text,
                        grounding_phrase(draft, i), sentence.confidence);
    is_empty = false;
  }
  if (is_empty) text += "     (no sentences)\n";
}

}  // namespace

namespace {
std::string verification_words(const DraftSentence& sentence) {
  std::string words;
  if (sentence.is_verified == true) words += ", verified";
  if (sentence.is_verified == false) words += ", NOT VERIFIED: the words do not need it";
  if (sentence.has_unsupported_size) words += ", SIZE NOT BORNE OUT";
  return words;
}
}  // namespace

SentenceGrounding sentence_grounding(const Draft& draft, size_t sentence) {
  RADGEN_CHECK(sentence < draft.sentences.size(), "a sentence of the draft");
  if (draft.sentences[sentence].is_grounded) return SentenceGrounding::kGrounded;
  for (const Mention& mention : draft.mentions) {
    if (mention.sentence == sentence && points_at_pixels(mention))
      return SentenceGrounding::kUnsupported;
  }
  return draft.sentences[sentence].region == RegionKind::kExamined ? SentenceGrounding::kExamined
                                                                   : SentenceGrounding::kNone;
}

std::string reason_words(const std::string& reason) {
  if (reason.empty()) return "";
  if (reason == "below_threshold") return "the attention is not clear enough";
  if (reason == "wrong_side") return "the attention lies mostly on the other side";
  if (reason == "not_calibrated") return "this model's examined regions were never checked";
  if (reason == "no_attention") return "no part of the picture was attended to";
  if (reason == "technique") return "it says how the film was taken";
  if (reason == "comparison") return "it compares with another film";
  return "it names no place";
}

std::string grounding_phrase(const Draft& draft, size_t sentence) {
  const DraftSentence& s = draft.sentences[sentence];
  switch (sentence_grounding(draft, sentence)) {
    case SentenceGrounding::kGrounded:
      return fmt::format("evidence: {} region{}, score {:.2f}{}", s.boxes.size(),
                         s.boxes.size() == 1 ? "" : "s", s.score, verification_words(s));
    case SentenceGrounding::kExamined:
      return fmt::format("examined, nothing found: {}", anatomy_words(s.anatomies));
    case SentenceGrounding::kUnsupported:
      return "UNSUPPORTED: " + (s.no_region_reason.empty() ? "no region bears it out"
                                                           : reason_words(s.no_region_reason));
    case SentenceGrounding::kNone:
      break;
  }
  return "no region" + (s.no_region_reason.empty() ? "" : ": " + reason_words(s.no_region_reason));
}

bool is_meaningless(const FilmReport& report) {
  return report.model.has_random_weights ||
         (report.model.is_phantom_trained && !report.film.tags.is_synthetic);
}

const char* meaningless_notice(const ModelFacts& model) {
  return model.has_random_weights ? kRandomWeightsNotice : kPhantomNotice;
}

bool writes_fhir(const FilmReport& report) {
  return report.draft.status == "drafted" &&
         (!is_meaningless(report) || report.may_write_synthetic_fhir);
}

double write_attention_map(const fs::path& path, const AttentionMap& map) {
  RADGEN_CHECK(
      map.rows > 0 && map.columns > 0 &&
          map.values.size() == static_cast<size_t>(map.rows) * static_cast<size_t>(map.columns),
      "a map has rows x columns values");
  const float highest = *std::max_element(map.values.begin(), map.values.end());
  const double scale = highest > 0 ? static_cast<double>(highest) / 65535 : 1.0 / 65535;
  cv::Mat image(map.rows, map.columns, CV_16UC1);
  for (int i = 0; i < map.rows * map.columns; ++i) {
    const double value = std::max(0.0f, map.values[static_cast<size_t>(i)]);
    image.at<uint16_t>(i / map.columns, i % map.columns) =
        cv::saturate_cast<uint16_t>(value / scale);
  }
  write_png(path, image);
  return scale;
}

void write_maps_and_overlays(const fs::path& folder, FilmReport& report) {
  if (report.draft.sentences.empty()) return;
  const Canvas canvas = make_canvas(report);
  parallel_for(report.draft.sentences.size(), 0, [&](size_t i) {
    DraftSentence& sentence = report.draft.sentences[i];
    if (!sentence.map.empty()) {
      sentence.map_file = fmt::format("map_{:02}.png", i + 1);
      sentence.map_scale = write_attention_map(folder / sentence.map_file, sentence.map);
    }
    write_png(folder / fmt::format("sentence_{:02}.png", i + 1), draw_sentence(canvas, report, i));
  });
}

ordered_json prediction_json(const FilmReport& report) {
  ordered_json out{{"notice", kResearchNotice}};
  if (report.model.has_random_weights)
    out["random_weights"] = true;
  else if (report.model.is_phantom_trained)
    out["phantom_trained"] = true;
  if (is_meaningless(report)) out["warning"] = meaningless_notice(report.model);
  out.update(draft_to_json(report.draft));
  out["prepared"] = {{"width", report.prepared_width_px}, {"height", report.prepared_height_px}};
  out["transform"] = {{"stored_to_upright", report.film.stored_to_upright.m},
                      {"upright_to_prepared", report.upright_to_prepared.m}};
  const Affine to_stored = report.prepared_to_stored();
  for (size_t i = 0; i < report.draft.sentences.size(); ++i) {
    ordered_json stored = ordered_json::array();
    for (const Box& box : report.draft.sentences[i].boxes)
      stored.push_back(box_json(to_stored.apply(box)));
    out["sentences"][i]["boxes_stored"] = std::move(stored);
    out["sentences"][i]["overlay"] = fmt::format("sentence_{:02}.png", i + 1);
  }
  return out;
}

std::string report_text(const FilmReport& report) {
  const Draft& draft = report.draft;
  std::string text = fmt::format("CHEST RADIOGRAPH, DRAFT REPORT\n{}\n", kResearchNotice);
  if (is_meaningless(report))
    text += fmt::format("WARNING: {}\n", meaningless_notice(report.model));
  text += fmt::format("\nInput:   {}\nStatus:  {}\n", draft.study_id, draft.status);
  if (draft.status != "drafted") {
    text += fmt::format("Reason:  {}\n", draft.reason);
  } else {
    text += "\nFINDINGS\n";
    append_sentences(report, Part::kFindings, text);
    text += "\nIMPRESSION\n";
    append_sentences(report, Part::kImpression, text);
    const bool has_left_out = !shown_report(draft, report.keeps_unsupported).left_out.empty();
    if (has_left_out) text += "\nLEFT OUT OF THE IMPRESSION: not supported by the picture\n";
    if (has_left_out) append_sentences(report, Part::kLeftOut, text);
  }
  for (const std::string& warning : draft.warnings) text += fmt::format("\nNote:    {}", warning);
  if (!draft.warnings.empty()) text += "\n";
  return text +
         fmt::format("\nModel:   {}\nSHA-256: {}\n", draft.model_version, draft.model_sha256);
}

FhirContext fhir_context(const FilmReport& report) {
  const FilmTags& tags = report.film.tags;
  return {.patient_id = tags.patient_id,
          .accession_number = tags.accession,
          .study_instance_uid = tags.study_uid,
          .series_instance_uid = tags.series_uid,
          .sop_class_uid = tags.sop_class,
          .modality = tags.modality,
          .study_date = tags.study_date,
          .study_time = tags.study_time,
          .view = tags.view_position,
          .sop_instance_uid = tags.sop_uid,
          .prepared_to_stored = report.prepared_to_stored(),
          .issued = fhir::instant(report.made_at),
          .is_phantom_trained = report.model.is_phantom_trained,
          .has_random_weights = report.model.has_random_weights,
          .keeps_unsupported = report.keeps_unsupported};
}

void write_film_report(const fs::path& folder, FilmReport& report) {
  const auto started = std::chrono::steady_clock::now();
  write_maps_and_overlays(folder, report);
  report.draft.timing_ms["post"] +=
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
  write_report(folder, report);
}

void write_report(const fs::path& folder, const FilmReport& report) {
  write_json_atomic(folder / "prediction.json", prediction_json(report));
  write_file_atomic(folder / "report.txt", report_text(report));
  write_file_atomic(folder / "report.html", report_html(report));
  if (writes_fhir(report)) {
    write_fhir(folder / "report.fhir.json", fhir_report(report.draft, fhir_context(report)));
  }
  if (writes_dicom(report)) write_dicom_results(folder, report);
}

}  // namespace radgen
