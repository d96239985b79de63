// Secondary Capture (PS3.3 A.8.1): film and boxes on the left, every sentence on the right.
#include <fmt/format.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <vector>

#include "clinical/dicom_file.h"
#include "radgen/clinical/dicom_results.h"
#include "radgen/clinical/shown_report.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/overlay.h"

namespace radgen {
namespace {

constexpr ResultObject kCapture{"sc", "OT", 9003, "AI draft: film with regions (not verified)"};
constexpr const char* kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";
constexpr int kFilmSidePx = 1280, kPanelPx = 640, kMarginPx = 24, kLinePx = 24;

// Blue, green, red.
const cv::Scalar kPaper(26, 20, 16), kInk(236, 232, 226), kFaint(168, 160, 150);
const cv::Scalar kEvidence(255, 211, 111), kExamined(150, 222, 158), kWarning(92, 128, 255);

std::string ascii(std::string text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) out.push_back(byte < 32 ? ' ' : c);
    if (byte >= 0xC0) out.push_back('?');  // the first byte of a character
  }
  return out;
}

// Lines of text from top to bottom of the panel; counts only as long as it has no image.
class Panel {
 public:
  void draw_on(cv::Mat& image, int left) {
    image_ = &image;
    left_ = left;
    y_ = kMarginPx;
  }
  void paragraph(const std::string& text, const cv::Scalar& color, double scale = 0.5,
                 int weight = 1) {
    std::istringstream words(ascii(text));
    std::string line, word;
    while (words >> word) {
      const std::string longer = line.empty() ? word : line + " " + word;
      int baseline = 0;
      const int width =
          cv::getTextSize(longer, cv::FONT_HERSHEY_SIMPLEX, scale, weight, &baseline).width;
      if (!line.empty() && width > kPanelPx - 2 * kMarginPx) {
        put_line(line, color, scale, weight);
        line = word;
      } else {
        line = longer;
      }
    }
    if (!line.empty()) put_line(line, color, scale, weight);
  }
  void gap() { y_ += kLinePx / 2; }
  int height() const { return y_ + kMarginPx; }

 private:
  void put_line(const std::string& line, const cv::Scalar& color, double scale, int weight) {
    y_ += kLinePx;
    if (image_)
      cv::putText(*image_, line, {left_ + kMarginPx, y_}, cv::FONT_HERSHEY_SIMPLEX, scale, color,
                  weight, cv::LINE_AA);
  }
  cv::Mat* image_ = nullptr;
  int left_ = 0, y_ = kMarginPx;
};

cv::Scalar grounding_color(SentenceGrounding grounding) {
  switch (grounding) {
    case SentenceGrounding::kGrounded:
      return kEvidence;
    case SentenceGrounding::kExamined:
      return kExamined;
    case SentenceGrounding::kUnsupported:
      return kWarning;
    case SentenceGrounding::kNone:
      break;
  }
  return kFaint;
}

void write_sentence(Panel& panel, const Draft& draft, size_t index) {
  panel.paragraph(fmt::format("{}. {}", index + 1, draft.sentences[index].text), kInk);
  panel.paragraph("[" + grounding_phrase(draft, index) + "]",
                  grounding_color(sentence_grounding(draft, index)), 0.42);
}

void write_panel(Panel& panel, const FilmReport& report) {
  const Draft& draft = report.draft;
  const auto heading = [&](const char* text) {
    panel.gap();
    panel.paragraph(text, kFaint, 0.5, 2);
  };
  panel.paragraph("AI DRAFT, NOT VERIFIED", kWarning, 0.75, 2);
  panel.paragraph(kResearchNotice, kInk);
  if (may_mean_nothing(report.model)) panel.paragraph(meaningless_notice(report.model), kWarning);
  std::vector<size_t> findings, impression, left_out;
  for (size_t i = 0; i < draft.sentences.size(); ++i) {
    const bool is_impression = draft.sentences[i].begin > draft.findings.size();
    const bool is_out = is_left_out(draft, i, report.keeps_unsupported);
    (is_out ? left_out : is_impression ? impression : findings).push_back(i);
  }
  heading("FINDINGS");
  for (const size_t i : findings) write_sentence(panel, draft, i);
  heading("IMPRESSION");
  for (const size_t i : impression) write_sentence(panel, draft, i);
  if (impression.empty() && !left_out.empty()) panel.paragraph(kNothingSupported, kInk);
  if (!left_out.empty()) heading("LEFT OUT OF THE IMPRESSION");
  for (const size_t i : left_out) write_sentence(panel, draft, i);
  panel.gap();
  panel.paragraph("Boxes: where a sentence's finding was seen, with the sentence's number.", kFaint,
                  0.42);
  panel.paragraph(fmt::format("Model {} {}", draft.model_version, draft.model_sha256.substr(0, 16)),
                  kFaint, 0.42);
}

// The film with the boxes of evidence; examined regions are most of the chest and stay in words.
cv::Mat film_with_boxes(const FilmReport& report) {
  const Fitted film = resize_long_side(report.film.pixels, kFilmSidePx, /*may_enlarge=*/true);
  const Affine from_prepared = report.upright_to_prepared.inverse().then(film.transform);
  std::vector<LabelledBox> boxes;
  for (size_t i = 0; i < report.draft.sentences.size(); ++i)
    if (report.draft.sentences[i].is_grounded)
      for (const Box& box : report.draft.sentences[i].boxes)
        boxes.push_back({from_prepared.apply(box), std::to_string(i + 1)});
  return draw_overlay(film.image, cv::Mat(), Box{}, boxes,
                      {.max_side_px = 0, .box_color = kEvidence});
}

cv::Mat draw_capture(const FilmReport& report) {
  const cv::Mat film = film_with_boxes(report);
  Panel measured;
  write_panel(measured, report);
  cv::Mat page(std::max(film.rows, measured.height()), film.cols + kPanelPx, CV_8UC3, kPaper);
  film.copyTo(page(cv::Rect(0, 0, film.cols, film.rows)));
  Panel panel;
  panel.draw_on(page, film.cols);
  write_panel(panel, report);
  cv::cvtColor(page, page, cv::COLOR_BGR2RGB);
  return page;
}

void put_pixels(DcmItem& dataset, const cv::Mat& rgb) {
  const auto number = [&](const DcmTagKey& tag, int value) {
    dataset.putAndInsertUint16(tag, static_cast<Uint16>(value));
  };
  number(DCM_SamplesPerPixel, 3);
  put(dataset, DCM_PhotometricInterpretation, "RGB");
  number(DCM_PlanarConfiguration, 0);
  number(DCM_Rows, rgb.rows);
  number(DCM_Columns, rgb.cols);
  number(DCM_BitsAllocated, 8);
  number(DCM_BitsStored, 8);
  number(DCM_HighBit, 7);
  number(DCM_PixelRepresentation, 0);
  RADGEN_CHECK(rgb.isContinuous(), "a page in one piece");
  const size_t bytes = rgb.total() * 3;
  std::vector<Uint8> padded(rgb.data, rgb.data + bytes);
  if (bytes % 2 != 0) padded.push_back(0);
  dataset.putAndInsertUint8Array(DCM_PixelData, padded.data(), padded.size());
}

}  // namespace

std::string encode_secondary_capture(const FilmReport& report) {
  RADGEN_CHECK(report.draft.status == "drafted", "a drafted report");
  DcmFileFormat file;
  DcmDataset& dataset = *file.getDataset();
  put_common_modules(dataset, report, kCapture);
  put(dataset, DCM_SOPClassUID, kSecondaryCapture);
  put(dataset, DCM_ConversionType, "WSD");
  put(dataset, DCM_ImageType, "DERIVED\\SECONDARY");
  put(dataset, DCM_BurnedInAnnotation, "YES");
  put(dataset, DCM_LossyImageCompression, "00");
  put(dataset, DCM_PatientOrientation, "");
  put(dataset, DCM_BodyPartExamined, "CHEST");
  put(dataset, DCM_DerivationDescription,
      "Film with regions and sentences of an AI draft burned in. Not for diagnosis.");
  DcmItem& source = put_item(dataset, DCM_SourceImageSequence);
  put(source, DCM_ReferencedSOPClassUID, report.film.tags.sop_class);
  put(source, DCM_ReferencedSOPInstanceUID, report.film.tags.sop_uid);
  put_code(source, DCM_PurposeOfReferenceCodeSequence, "source image");
  put_pixels(dataset, draw_capture(report));
  return dicom_bytes(file);
}

}  // namespace radgen
