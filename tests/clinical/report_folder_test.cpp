#include "radgen/clinical/report_folder.h"

#include <gtest/gtest.h>

#include <set>

#include "clinical/reports_of_tests.h"
#include "data/temporary_folder.h"
#include "imaging/codecs_of_tests.h"
#include "radgen/clinical/refusal.h"
#include "radgen/core/files.h"
#include "radgen/imaging/image.h"

namespace radgen {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

using testing::draft_with_map;
using testing::film;
using testing::report_of;

TEST(SentenceGrounding, TellsTheTwoKindsOfRegionFromNothing) {
  const Draft d = draft_with_map();
  EXPECT_EQ(sentence_grounding(d, 0), SentenceGrounding::kGrounded);
  EXPECT_EQ(sentence_grounding(d, 1), SentenceGrounding::kExamined);
  EXPECT_EQ(sentence_grounding(d, 2), SentenceGrounding::kUnsupported);
  EXPECT_EQ(sentence_grounding(d, 3), SentenceGrounding::kNone) << "names no finding";
  EXPECT_EQ(grounding_phrase(d, 1), "examined, nothing found: both lungs");
  EXPECT_EQ(grounding_phrase(d, 2), "UNSUPPORTED: the attention is not clear enough");
  EXPECT_EQ(grounding_phrase(d, 3), "no region: it compares with another film");
}

TEST(ReportFolder, HoldsEveryFileAndMapsThatReadBack) {
  TemporaryFolder folder;
  const Film f = film();
  FilmReport report = report_of(f);
  report.model.is_phantom_trained = false;
  write_maps_and_overlays(folder.path(), report);
  write_report(folder.path(), report);
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    names.insert(entry.path().filename());
  EXPECT_EQ(names, (std::set<std::string>{"map_01.png", "map_02.png", "map_03.png", "map_04.png",
                                          "prediction.json", "report.fhir.json", "report.html",
                                          "report.txt", "sentence_01.png", "sentence_02.png",
                                          "sentence_03.png", "sentence_04.png"}));
  const json prediction = read_json(folder.path() / "prediction.json");
  const json& first = prediction["sentences"][0];
  const auto map = read_png16(folder.path() / first["map"].get<std::string>());
  ASSERT_TRUE(map);
  const double scale = first["map_scale"];
  EXPECT_NEAR(map->at<uint16_t>(1, 0) * scale, 0.4, 1e-6);
  EXPECT_NEAR(map->at<uint16_t>(0, 1) * scale, 0.2, 1e-5);
  EXPECT_EQ(draft_from_json(prediction, "prediction.json").sentences.size(), 4u);
}

TEST(ReportFolder, GivesBoxesInStoredPixelsToo) {
  const Film f = film();
  const nlohmann::ordered_json prediction = prediction_json(report_of(f));
  // Prepared x 10..20 is upright x 20..40, and stored x 80-40..80-20.
  const Box stored = json(prediction["sentences"][0]["boxes_stored"][0]).get<Box>();
  EXPECT_EQ(stored, (Box{40, 10, 20, 40}));
  EXPECT_EQ(json(prediction["transform"]["stored_to_upright"]).get<Affine>(), f.stored_to_upright);
}

TEST(ReportFolder, OnlyTheFhirFileNamesThePatient) {
  TemporaryFolder folder;
  const Film f = film();
  FilmReport report = report_of(f);
  report.model.is_phantom_trained = false;
  write_maps_and_overlays(folder.path(), report);
  write_report(folder.path(), report);
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    const bool is_fhir = entry.path().filename() == "report.fhir.json";
    const std::string bytes = read_file(entry.path());
    EXPECT_EQ(bytes.find("SECRET-ID") != std::string::npos, is_fhir) << entry.path();
    EXPECT_EQ(bytes.find("SECRET-ACC") != std::string::npos, is_fhir) << entry.path();
    EXPECT_EQ(bytes.find("1.2.3.99977") != std::string::npos, is_fhir) << entry.path();
  }
}

TEST(ReportFolder, EveryTextSaysThatItIsResearch) {
  TemporaryFolder folder;
  const Film f = film();
  FilmReport report = report_of(f);
  report.model.is_phantom_trained = false;
  write_maps_and_overlays(folder.path(), report);
  write_report(folder.path(), report);
  for (const char* name : {"prediction.json", "report.txt", "report.html", "report.fhir.json"}) {
    EXPECT_NE(read_file(folder.path() / name).find("not for clinical use"), std::string::npos)
        << name;
  }
}

TEST(ReportFolder, RandomWeightsAreSaidInEveryOutputOnAnyFilm) {
  Film f = film();
  f.tags.is_synthetic = true;  // where a model of phantoms means something
  FilmReport report = report_of(f);
  report.model.has_random_weights = true;
  EXPECT_TRUE(is_meaningless(report));
  EXPECT_FALSE(writes_fhir(report));
  const std::string page = report_html(report);
  EXPECT_NE(page.find("role=\"alert\""), std::string::npos);
  EXPECT_NE(page.find("random weights, nobody trained it"), std::string::npos);
  EXPECT_EQ(page.find("trained on synthetic films"), std::string::npos);
  EXPECT_NE(report_text(report).find(kRandomWeightsNotice), std::string::npos);
  EXPECT_EQ(prediction_json(report)["warning"], kRandomWeightsNotice);
  EXPECT_EQ(prediction_json(report)["random_weights"], true);
  EXPECT_FALSE(prediction_json(report).contains("phantom_trained"));
  EXPECT_TRUE(fhir_context(report).has_random_weights);
}

TEST(ReportFolder, ASyntheticModelOnARealFilmWarnsAndWritesNoFhirUnasked) {
  Film f = film();
  FilmReport report = report_of(f);
  EXPECT_TRUE(is_meaningless(report));
  EXPECT_FALSE(writes_fhir(report));
  EXPECT_NE(report_html(report).find("role=\"alert\""), std::string::npos);
  EXPECT_NE(report_text(report).find(kPhantomNotice), std::string::npos);
  EXPECT_EQ(prediction_json(report)["warning"], kPhantomNotice);
  report.may_write_synthetic_fhir = true;
  EXPECT_TRUE(writes_fhir(report));

  f.tags.is_synthetic = true;
  const FilmReport on_phantom = report_of(f);
  EXPECT_FALSE(is_meaningless(on_phantom));
  EXPECT_TRUE(writes_fhir(on_phantom));
  EXPECT_EQ(report_html(on_phantom).find("role=\"alert\""), std::string::npos);
}

TEST(ReportFolder, AnUnsupportedStatementIsMovedOutOfTheImpression) {
  const Film f = film();
  FilmReport report = report_of(f);
  report.draft.impression = "Left effusion. Stable.";
  report.draft.sentences[3] = {.text = "Left effusion.",
                               .begin = 42,
                               .end = 56,
                               .no_region_reason = "wrong_side",
                               .is_unsupported = true};
  report.draft.sentences.push_back({.text = "Stable.", .begin = 57, .end = 64});
  report.draft.mentions.push_back({.finding = Finding::kPleuralEffusion,
                                   .side = Side::kLeft,
                                   .begin = 47,
                                   .end = 55,
                                   .sentence = 3});
  const std::string text = report_text(report);
  const size_t impression = text.find("\nIMPRESSION\n"), left_out = text.find("\nLEFT OUT");
  ASSERT_LT(impression, left_out);
  ASSERT_NE(left_out, std::string::npos);
  EXPECT_GT(text.find("  4. Left effusion.", impression), left_out);
  EXPECT_LT(text.find("  5. Stable.", impression), left_out);
  EXPECT_NE(report_html(report).find("Left out of the impression"), std::string::npos);
  const auto fhir = fhir_report(report.draft, fhir_context(report));
  EXPECT_EQ(fhir["conclusion"], "[SYNTHETIC MODEL] Stable.");
  report.keeps_unsupported = true;
  EXPECT_EQ(report_text(report).find("LEFT OUT"), std::string::npos);
  EXPECT_EQ(report_html(report).find("Left out of the impression"), std::string::npos);
  EXPECT_EQ(fhir_report(report.draft, fhir_context(report))["conclusion"],
            "[SYNTHETIC MODEL] Left effusion. [not supported by the picture] Stable.");
}

TEST(ReportFolder, OverlaysShowARegionOrNothing) {
  TemporaryFolder folder;
  const Film f = film();
  FilmReport report = report_of(f);
  write_maps_and_overlays(folder.path(), report);
  const auto colourful = [&](const char* name) {
    const cv::Mat image = testing::png_as_it_is(read_file(folder.path() / name));
    int count = 0;
    for (int y = 0; y < 60; ++y) {  // the film, without the caption
      for (int x = 0; x < image.cols; ++x) {
        const auto pixel = image.at<cv::Vec3b>(y, x);
        count += pixel[0] != pixel[2];
      }
    }
    return count;
  };
  EXPECT_GT(colourful("sentence_01.png"), 100);
  EXPECT_GT(colourful("sentence_02.png"), 100);
  EXPECT_EQ(colourful("sentence_04.png"), 0);
  EXPECT_EQ(colourful("sentence_03.png"), 0) << "not grounded, although it has boxes";
}

TEST(ReportFolder, TextPartsFindingsFromImpression) {
  const Film f = film();
  const std::string text = report_text(report_of(f));
  const size_t impression = text.find("\nIMPRESSION\n");
  ASSERT_NE(impression, std::string::npos);
  EXPECT_LT(text.find("  1. Left effusion.\n     [evidence: 1 region, score 0.80"), impression);
  EXPECT_LT(text.find("[examined, nothing found: both lungs"), impression);
  EXPECT_NE(text.find("  4. Stable.", impression), std::string::npos);
  EXPECT_NE(text.find(std::string(64, 'b')), std::string::npos);
}

TEST(ReportFolder, ARefusedFilmHasAReasonAndNoReport) {
  TemporaryFolder folder;
  const Film f = film();
  FilmReport report = report_of(f);
  report.draft = refused_draft({"lateral_view", "a lateral film"});
  report.draft.study_id = "x";
  write_maps_and_overlays(folder.path(), report);
  write_report(folder.path(), report);
  EXPECT_FALSE(fs::exists(folder.path() / "report.fhir.json"));
  const json prediction = read_json(folder.path() / "prediction.json");
  EXPECT_EQ(prediction["status"], "not_reportable");
  EXPECT_EQ(prediction["reason"], "lateral_view: a lateral film");
  EXPECT_TRUE(prediction["sentences"].empty());
  EXPECT_NE(read_file(folder.path() / "report.html").find("A lateral film."), std::string::npos);
}

TEST(Refusal, JudgesByThePixelsThenByTheAge) {
  ChestJudgement good;
  good.is_reportable = true;
  EXPECT_FALSE(refuse(good, std::nullopt));
  EXPECT_FALSE(refuse(good, 16));
  EXPECT_EQ(refuse(good, 15.9)->code, "not_adult");
  ChestJudgement bad;
  bad.reason = "blank";
  EXPECT_EQ(refuse(bad, 3)->code, "blank");
}

TEST(Refusal, CountsAFilmWhoseTagsClaimAFrontalChestOfAnAdult) {
  FilmTags tags;
  tags.body_part = "CHEST";
  EXPECT_FALSE(claims_frontal_chest(tags));
  tags.view_position = "PA";
  EXPECT_TRUE(claims_frontal_chest(tags));
  tags.patient_age_years = 3;
  EXPECT_FALSE(claims_frontal_chest(tags));
}

}  // namespace
}  // namespace radgen
