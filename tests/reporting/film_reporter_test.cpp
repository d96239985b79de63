#include "radgen/reporting/film_reporter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/temporary_folder.h"
#include "imaging/edited_films.h"
#include "imaging/synthetic_films.h"
#include "inference/tiny_model.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

class FilmReporterTest : public ::testing::Test {
 protected:
  FilmReporter reporter(const PreparationConfig& preparation = {.size_px = 64}) {
    LoadedModel model = tiny_model(folder_.path());
    model.config.model_input.preparation = preparation;
    model.calibration.abstain_below = 0;
    return FilmReporter(std::make_shared<const Predictor>(std::move(model)));
  }
  fs::path write(const FilmToWrite& film, const char* name = "film.dcm") {
    write_dicom_film(folder_.path() / name, film);
    return folder_.path() / name;
  }
  TemporaryFolder folder_;
};

FilmToWrite chest_film() {
  FilmToWrite film = testing::small_film();
  film.stored = testing::drawn_chest(400) / 16;
  return film;
}

TEST_F(FilmReporterTest, DraftsAChestFilmAndTellsWhatItTook) {
  const Result<FilmReport> report = reporter().report(write(chest_film()), {.name = "a/film.dcm"});
  ASSERT_TRUE(report) << report.failure().message;
  EXPECT_FALSE(report->refusal);
  EXPECT_EQ(report->draft.study_id, "a/film.dcm");
  EXPECT_EQ(report->draft.status, "drafted");
  EXPECT_FALSE(report->draft.sentences.empty());
  EXPECT_EQ(report->prepared_width_px, 64);
  for (const char* stage : {"load", "encode", "decode", "post"})
    EXPECT_TRUE(report->draft.timing_ms.contains(stage)) << stage;
}

TEST_F(FilmReporterTest, VerifiesRegionsByThePixelsWhateverTheFilmIsCalled) {
  const fs::path film = write(chest_film());
  const FilmReporter r = reporter();
  const Result<FilmReport> plain = r.report(film, {.name = "a"});
  const Result<FilmReport> a = r.report(film, {.name = "a", .verifying_regions = 9});
  const Result<FilmReport> b = r.report(film, {.name = "b", .verifying_regions = 9});
  ASSERT_TRUE(plain && a && b);
  EXPECT_FALSE(plain->draft.timing_ms.contains("verify"));
  EXPECT_TRUE(a->draft.timing_ms.contains("verify"));
  EXPECT_EQ(a->draft.text(), plain->draft.text());
  for (size_t i = 0; i < a->draft.sentences.size(); ++i) {
    EXPECT_FALSE(plain->draft.sentences[i].is_verified);
    EXPECT_EQ(a->draft.sentences[i].is_verified, b->draft.sentences[i].is_verified) << i;
  }
  EXPECT_THROW(r.report(film, {.name = "a", .verifying_regions = 3}), Error);
}

TEST_F(FilmReporterTest, RefusesWhatShowsNoChestAndFailsOnWhatCannotBeRead) {
  FilmToWrite ramp = testing::small_film(300, 300);
  const Result<FilmReport> refused = reporter().report(write(ramp), {.name = "ramp"});
  ASSERT_TRUE(refused);
  ASSERT_TRUE(refused->refusal);
  EXPECT_EQ(refused->draft.status, "not_reportable");
  EXPECT_TRUE(refused->draft.sentences.empty());
  EXPECT_FALSE(reportable_image(folder_.path() / "film.dcm", {.size_px = 64}));

  write_file_atomic(folder_.path() / "text.dcm", "no film");
  const Result<FilmReport> failed = reporter().report(folder_.path() / "text.dcm", {.name = "t"});
  ASSERT_FALSE(failed);
  EXPECT_FALSE(failed.failure().reason.empty());
  EXPECT_FALSE(reporter().report(folder_.path() / "absent.dcm", {.name = "t"}));
}

TEST_F(FilmReporterTest, DraftsADetectorsRawFilmOnlyWhenAllowedAndWithAWarning) {
  const fs::path path = folder_.path() / "raw.dcm";
  write_file_atomic(
      path, testing::with(encode_dicom_film(chest_film()), 0x00080068, "CS", "FOR PROCESSING"));
  const Result<FilmReport> refused = reporter().report(path, {.name = "raw"});
  ASSERT_TRUE(refused && refused->refusal);
  EXPECT_EQ(refused->refusal->code, "for_processing");
  const Result<FilmReport> drafted =
      reporter().report(path, {.name = "raw", .takes_for_processing = true});
  ASSERT_TRUE(drafted);
  EXPECT_EQ(drafted->draft.status, "drafted");
  EXPECT_EQ(std::ranges::count(drafted->draft.warnings, "for_processing"), 1);
}

// A mark that only one place of the stored image has: where it is seen in the prepared image, taken
// back by the one mapping, is where it is stored.
TEST_F(FilmReporterTest, BoxesLeaveInStoredPixelsWhateverTheWay) {
  const cv::Rect mark(60, 300, 24, 16);  // columns, rows of the stored image
  for (const char* orientation : {"L\\F", "R\\F", "L\\H", "R\\H", "F\\L", "F\\R", "H\\L", "H\\R"}) {
    for (const bool is_cropped : {false, true}) {
      for (const int64_t size_px : {64, 200, 400}) {
        FilmToWrite film = testing::small_film();
        film.patient_orientation = orientation;
        film.stored = cv::Mat(400, 320, CV_16UC1, cv::Scalar(1000));
        film.stored.rowRange(0, 40).setTo(0);  // the collimator's border
        film.stored(mark).setTo(4000);
        const Result<FilmReport> report =
            reporter({.size_px = size_px, .crop_collimation = is_cropped})
                .report(write(film), {.name = "film"});
        ASSERT_TRUE(report) << report.failure().message;
        const PreparationConfig preparation{.size_px = size_px, .crop_collimation = is_cropped};
        const PreparedImage prepared = prepare_image(report->film, preparation);
        const cv::Rect seen = cv::boundingRect(cv::Mat(prepared.image > 50000));
        ASSERT_FALSE(seen.empty());
        const Box stored = report->prepared_to_stored().apply(
            Box{static_cast<double>(seen.x), static_cast<double>(seen.y),
                static_cast<double>(seen.width), static_cast<double>(seen.height)});
        const double pixel = 400.0 / static_cast<double>(size_px);  // of the prepared image, stored
        SCOPED_TRACE(std::string(orientation) + (is_cropped ? " cropped " : " ") +
                     std::to_string(size_px));
        EXPECT_NEAR(stored.x, mark.x, 1.5 * pixel);
        EXPECT_NEAR(stored.y, mark.y, 1.5 * pixel);
        EXPECT_NEAR(stored.x + stored.w, mark.x + mark.width, 1.5 * pixel);
        EXPECT_NEAR(stored.y + stored.h, mark.y + mark.height, 1.5 * pixel);
        const Affine back = report->prepared_to_stored().inverse();
        const Box again = back.apply(stored);
        EXPECT_NEAR(again.x, seen.x, 1e-6);
        EXPECT_NEAR(again.h, seen.height, 1e-6);
      }
    }
  }
}

TEST_F(FilmReporterTest, FhirNamesTheImageAndItsStoredPixels) {
  FilmToWrite film = chest_film();
  film.sop_uid = make_uid("film reporter");
  Result<FilmReport> report =
      reporter().report(write(film), {.name = "film", .may_write_synthetic_fhir = true});
  ASSERT_TRUE(report);
  // What a network of random weights does not say is put into its mouth.
  report->draft.findings = "Small effusion.";
  report->draft.impression.clear();
  DraftSentence sentence{.text = "Small effusion.", .begin = 0, .end = 15, .is_grounded = true};
  sentence.boxes = {{8, 16, 4, 2}};
  report->draft.sentences = {sentence};
  report->draft.mentions = {{.finding = Finding::kPleuralEffusion, .begin = 6, .end = 14}};
  const nlohmann::ordered_json fhir = fhir_report(report->draft, fhir_context(*report));
  const std::string text = fhir.dump();
  EXPECT_NE(text.find("urn:oid:" + film.sop_uid), std::string::npos);
  for (const auto& resource : fhir["contained"]) {
    if (!resource.contains("extension")) continue;
    const auto& parts = resource["extension"][0]["extension"];
    EXPECT_NEAR(parts[0]["valueDecimal"].get<double>(), 8 * 400.0 / 64, 1e-6);
    EXPECT_NEAR(parts[1]["valueDecimal"].get<double>(), 16 * 400.0 / 64, 1e-6);
    EXPECT_NEAR(parts[2]["valueDecimal"].get<double>(), 4 * 400.0 / 64, 1e-6);
    return;
  }
  FAIL() << "no observation has a box";
}

}  // namespace
}  // namespace radgen
