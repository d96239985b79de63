#include <fmt/format.h>

#include <cmath>

#include "radgen/clinical/report_folder.h"
#include "radgen/clinical/shown_report.h"
#include "radgen/core/tool.h"
#include "radgen/imaging/image.h"
#include "radgen/pages/report_page.h"
#include "radgen/report/anatomy.h"

namespace radgen {
namespace {

using pages::Grounding;
using pages::ReportPageData;
using pages::ReportSentence;

// higher ones cost more than all else on the page
constexpr int kPageFilmSidePx = 1400, kPageFilmCompression = 2;

std::string film_png(const Film& film) {
  cv::Mat gray;
  resize_long_side(film.pixels, kPageFilmSidePx).image.convertTo(gray, CV_8U, 1 / 257.0);
  return encode_png(gray, kPageFilmCompression);
}

Grounding page_grounding(SentenceGrounding grounding) {
  switch (grounding) {
    case SentenceGrounding::kGrounded:
      return Grounding::kRegions;
    case SentenceGrounding::kExamined:
      return Grounding::kExamined;
    case SentenceGrounding::kUnsupported:
      return Grounding::kUnsupported;
    case SentenceGrounding::kNone:
      return Grounding::kNone;
  }
  return Grounding::kNone;
}

// Below these the samples among which a draft was chosen disagree too much to pass it over.
constexpr double kStableSide = 0.9, kStableStatement = 0.5;

// The side first: a wrong one is the worse mistake.
std::string stability_words(const DraftSentence& sentence) {
  if (sentence.side_stability && *sentence.side_stability < kStableSide)
    return fmt::format("unstable side: {:.0f} % of the samples that name one agree",
                       100 * *sentence.side_stability);
  if (sentence.stability && *sentence.stability < kStableStatement)
    return fmt::format("unstable: {:.0f} % of the samples state this", 100 * *sentence.stability);
  return "";
}

// What a reader must be told of a sentence beside its region.
std::string remarks(const DraftSentence& sentence) {
  std::string words = stability_words(sentence);
  const auto add = [&](const char* remark) {
    words += (words.empty() ? "" : "; ") + std::string(remark);
  };
  if (sentence.is_verified == false)
    add("region not verified: hiding it changes the words no more than hiding other places");
  if (sentence.has_unsupported_size) add("size not borne out by the region");
  return words;
}

ReportSentence page_sentence(const FilmReport& report, size_t index, const Affine& to_film) {
  const DraftSentence& sentence = report.draft.sentences[index];
  const SentenceGrounding kind = sentence_grounding(report.draft, index);
  ReportSentence out{.text = sentence.text,
                     .number = index + 1,
                     .grounding = page_grounding(kind),
                     .words = kind == SentenceGrounding::kExamined
                                  ? anatomy_words(sentence.anatomies)
                                  : reason_words(sentence.no_region_reason),
                     .confidence = sentence.confidence,
                     .score = sentence.score,
                     .stability = remarks(sentence)};
  if (kind != SentenceGrounding::kGrounded && kind != SentenceGrounding::kExamined) return out;
  for (const Box& box : sentence.boxes) {
    out.boxes.push_back(clip(to_film.apply(box), report.film.pixels.cols, report.film.pixels.rows));
  }
  out.map_rows = sentence.map.rows;
  out.map_columns = sentence.map.columns;
  out.map = sentence.map.values;
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string timing(const Draft& draft) {
  std::string text;
  for (const char* key : {"load", "encode", "decode", "verify", "post"}) {
    const auto it = draft.timing_ms.find(key);
    if (it != draft.timing_ms.end()) {
      text += fmt::format("{}{} {:.0f} ms", text.empty() ? "" : ", ", key, it->second);
    }
  }
  return text;
}

std::string film_words(const Film& film) {
  std::string text = fmt::format("{} x {} px", film.pixels.cols, film.pixels.rows);
  if (film.spacing_x_mm > 0) {
    text += fmt::format(", {:.3g} mm a pixel{}", film.spacing_x_mm,
                        film.spacing_kind == SpacingKind::kImager ? " at the detector" : "");
  }
  return text;
}

std::string threshold_words(const ModelFacts& model) {
  return fmt::format(
      "A sentence counts as grounded from an evidence score of {:.2f} on; boxes are drawn where "
      "its "
      "attention is above {:.0f} % of its maximum. {}",
      model.abstain_below, 100 * model.region_share,
      model.calibration_studies > 0
          ? fmt::format("Both were chosen on {} validation studies.", model.calibration_studies)
          : std::string("Both are defaults: this model was never calibrated."));
}

std::string examined_words(const ModelFacts& model) {
  if (model.examined_share <= 0)
    return "This model's examined regions were never checked: none is shown.";
  return fmt::format(
      "A sentence that rules something out shows where the model looked: the part of its attention "
      "above {:.0f} % of the maximum, from a score of {:.2f} on. It is no evidence of a finding.",
      100 * model.examined_share, model.examined_abstain_below);
}

void add_facts(const FilmReport& report, ReportPageData& data) {
  const Draft& draft = report.draft;
  const bool is_drafted = draft.status == "drafted";
  data.facts.emplace_back(
      "Model",
      report.model.has_random_weights
          ? draft.model_version + ", random weights: nobody trained it"
          : fmt::format("{}, trained on {}", draft.model_version,
                        report.model.is_phantom_trained ? "synthetic films" : "patients' films"));
  data.facts.emplace_back("SHA-256", draft.model_sha256);
  data.facts.emplace_back("Film", film_words(report.film));
  if (is_drafted) {
    data.facts.emplace_back(
        "Told", report.model.context.empty() ? "the film alone" : joined(report.model.context));
    data.facts.emplace_back(
        "Confidence",
        report.model.calibration_studies > 0
            ? "Probability that what a sentence states is there, on that side, as "
              "calibrated on the validation studies."
            : "Mean probability of the sentence's words: this model was never calibrated.");
    data.facts.emplace_back("Evidence", threshold_words(report.model));
    data.facts.emplace_back("Examined", examined_words(report.model));
  }
  data.facts.emplace_back("Time", timing(draft));
  if (!draft.warnings.empty()) data.facts.emplace_back("Notes", joined(draft.warnings));
}

void add_banner(const FilmReport& report, ReportPageData& data) {
  if (is_meaningless(report) && report.draft.status == "drafted") {
    data.alarm_title = "These words mean nothing for a patient.";
    data.alarm =
        report.model.has_random_weights
            ? "The model has random weights, nobody trained it. Its sentences and regions are a "
              "test of the software, nothing else."
            : "The model has only seen synthetic films. On a real film its sentences and regions "
              "are a test of the software, nothing else.";
  } else if (report.film.tags.is_synthetic) {
    data.remark = "Synthetic film, drawn by a program: this is no person.";
  }
}

}  // namespace

std::string report_html(const FilmReport& report) {
  const Film& film = report.film;
  const Draft& draft = report.draft;
  ReportPageData data{.notice = kResearchNotice,
                      .version = "RadGen " + version_text() + ".",
                      .film_png = film_png(film),
                      .film_width_px = static_cast<double>(film.pixels.cols),
                      .film_height_px = static_cast<double>(film.pixels.rows)};
  // One bar stands for both directions, so only where they agree.
  if (film.spacing_x_mm > 0 && std::abs(film.spacing_x_mm / film.spacing_y_mm - 1) < 0.01) {
    data.mm_per_px = film.spacing_x_mm;
    if (film.spacing_kind == SpacingKind::kImager) data.spacing_note = " at the detector";
  }
  data.is_orientation_stated = !film.tags.patient_orientation.empty();
  if (draft.status != "drafted") {
    data.refusal_title = "No report for this picture";
    data.refusal_code = draft.reason.substr(0, draft.reason.find(':'));
    data.refusal = draft.reason.substr(std::min(draft.reason.size(), data.refusal_code.size() + 2));
    if (!data.refusal.empty()) {
      data.refusal[0] =
          static_cast<char>(std::toupper(static_cast<unsigned char>(data.refusal[0])));
      if (data.refusal.back() != '.') data.refusal += '.';
    }
  }
  const Affine to_film = report.upright_to_prepared.inverse();
  data.map_box = to_film.apply(draft.map_box);
  const size_t impression_begin = draft.findings.size() + 1;
  for (size_t i = 0; i < draft.sentences.size(); ++i) {
    auto& part = is_left_out(draft, i, report.keeps_unsupported) ? data.left_out
                 : draft.sentences[i].begin >= impression_begin  ? data.impression
                                                                 : data.findings;
    part.push_back(page_sentence(report, i, to_film));
  }
  add_facts(report, data);
  add_banner(report, data);
  return pages::report_page_html(data);
}

}  // namespace radgen
