#include "radgen/radgen.h"

#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "data/temporary_folder.h"
#include "imaging/synthetic_films.h"
#include "inference/tiny_model.h"
#include "radgen/core/files.h"
#include "radgen/imaging/dicom_write.h"

namespace radgen {
namespace {

class CInterfaceTest : public ::testing::Test {
 protected:
  CInterfaceTest() {
    const LoadedModel model = tiny_model(folder_.path());
    save_model_folder(folder_.path() / "model", model, {{"version", "t"}});
    FilmToWrite film = testing::small_film();
    film.stored = testing::drawn_chest(400) / 16;
    write_dicom_film(folder_.path() / "film.dcm", film);
    options_.device = "cpu";
    options_.threads = 1;
  }
  ~CInterfaceTest() override { radgen_close(model_); }

  std::string path(const char* name) const { return (folder_.path() / name).string(); }
  radgen_model* open() {
    model_ = radgen_open(path("model").c_str(), &options_);
    EXPECT_NE(model_, nullptr) << radgen_last_error();
    return model_;
  }
  // The last call failed with this code and says so.
  static void expect_error(int code, const char* words) {
    EXPECT_EQ(radgen_last_error_code(), code) << radgen_last_error();
    EXPECT_NE(std::strstr(radgen_last_error(), words), nullptr) << radgen_last_error();
  }

  TemporaryFolder folder_;
  radgen_open_options options_ = RADGEN_OPEN_OPTIONS;
  radgen_model* model_ = nullptr;
};

TEST_F(CInterfaceTest, DraftsAFilmAndWritesItsFolder) {
  EXPECT_EQ(radgen_api_version(), RADGEN_API_VERSION);
  EXPECT_NE(std::strstr(radgen_version(), "LibTorch"), nullptr);
  open();
  EXPECT_EQ(nlohmann::json::parse(radgen_model_card(model_))["version"], "t");
  radgen_report* report = nullptr;
  ASSERT_EQ(radgen_draft(model_, path("film.dcm").c_str(), nullptr, &report), RADGEN_OK)
      << radgen_last_error();
  EXPECT_STREQ(radgen_last_error(), "");
  EXPECT_STREQ(radgen_report_status(report), "drafted");
  EXPECT_STREQ(radgen_report_reason(report), "");
  const auto json = nlohmann::json::parse(radgen_report_json(report));
  EXPECT_EQ(json["study_id"], "film.dcm") << "the file's name, where no other is given";
  EXPECT_FALSE(json["sentences"].empty());
  ASSERT_EQ(radgen_report_write(report, path("out").c_str()), RADGEN_OK) << radgen_last_error();
  EXPECT_EQ(read_file(folder_.path() / "out" / "report.txt"), radgen_report_text(report));
  EXPECT_TRUE(fs::exists(folder_.path() / "out" / "report.html"));
  EXPECT_EQ(radgen_report_write(report, path("out").c_str()), RADGEN_USAGE);
  expect_error(RADGEN_USAGE, "exists");
  radgen_close(model_);
  model_ = nullptr;
  EXPECT_STREQ(radgen_report_status(report), "drafted") << "a report outlives its model";
  radgen_report_free(report);
}

TEST_F(CInterfaceTest, AFilmThatShowsNoChestIsAReportWithAReason) {
  write_dicom_film(folder_.path() / "ramp.dcm", testing::small_film(300, 300));
  radgen_report* report = nullptr;
  ASSERT_EQ(radgen_draft(open(), path("ramp.dcm").c_str(), nullptr, &report), RADGEN_OK);
  EXPECT_STREQ(radgen_report_status(report), "not_reportable");
  EXPECT_STRNE(radgen_report_reason(report), "");
  radgen_report_free(report);
}

TEST_F(CInterfaceTest, WhatCannotBeReadIsAnErrorInWords) {
  EXPECT_EQ(radgen_open(path("none").c_str(), &options_), nullptr);
  expect_error(RADGEN_DATA, "model folder not found");
  EXPECT_NE(std::strstr(radgen_last_error(), "hint: "), nullptr);
  std::string weights = read_file(folder_.path() / "model" / "model.safetensors");
  weights[weights.size() - 3] ^= 1;
  fs::copy(folder_.path() / "model", folder_.path() / "damaged");
  write_file_atomic(folder_.path() / "damaged" / "model.safetensors", weights);
  EXPECT_EQ(radgen_open(path("damaged").c_str(), &options_), nullptr);
  expect_error(RADGEN_DATA, "model.safetensors was altered");

  write_file_atomic(folder_.path() / "text.dcm", "no film");
  auto* report = reinterpret_cast<radgen_report*>(0x1);
  EXPECT_EQ(radgen_draft(open(), path("text.dcm").c_str(), nullptr, &report), RADGEN_DATA);
  EXPECT_EQ(report, nullptr) << "nothing to free after an error";
  EXPECT_STRNE(radgen_last_error(), "");
  EXPECT_EQ(radgen_draft(model_, path("absent.dcm").c_str(), nullptr, &report), RADGEN_DATA);
}

TEST_F(CInterfaceTest, WrongCallsAreRefusedInWords) {
  EXPECT_EQ(radgen_open(nullptr, nullptr), nullptr);
  expect_error(RADGEN_USAGE, "folder is NULL");
  radgen_open_options wrong = options_;
  wrong.precision = "fp8";
  EXPECT_EQ(radgen_open(path("model").c_str(), &wrong), nullptr);
  expect_error(RADGEN_USAGE, "fp8");
  wrong.precision = "int8";
  EXPECT_EQ(radgen_open(path("model").c_str(), &wrong), nullptr);
  expect_error(RADGEN_USAGE, "films to choose its scales");
  wrong = options_;
  wrong.device = "tpu";
  EXPECT_EQ(radgen_open(path("model").c_str(), &wrong), nullptr);
  expect_error(RADGEN_USAGE, "tpu");
  wrong = options_;
  wrong.threads = -1;
  EXPECT_EQ(radgen_open(path("model").c_str(), &wrong), nullptr);
  expect_error(RADGEN_USAGE, "threads");

  radgen_report* report = nullptr;
  EXPECT_EQ(radgen_draft(nullptr, "film.dcm", nullptr, &report), RADGEN_USAGE);
  EXPECT_EQ(radgen_draft(open(), path("film.dcm").c_str(), nullptr, nullptr), RADGEN_USAGE);
  radgen_draft_options odd = RADGEN_DRAFT_OPTIONS;
  odd.sex = "?";
  EXPECT_EQ(radgen_draft(model_, path("film.dcm").c_str(), &odd, &report), RADGEN_USAGE);
  odd = RADGEN_DRAFT_OPTIONS;
  odd.age_years = 400;
  EXPECT_EQ(radgen_draft(model_, path("film.dcm").c_str(), &odd, &report), RADGEN_USAGE);
  EXPECT_EQ(report, nullptr);
  EXPECT_EQ(radgen_report_write(nullptr, "x"), RADGEN_USAGE);
  EXPECT_STREQ(radgen_report_text(nullptr), "");
  expect_error(RADGEN_USAGE, "report is NULL");
  radgen_report_free(nullptr);
  radgen_close(nullptr);
}

TEST_F(CInterfaceTest, AnOlderCallersOptionsAreReadAsFarAsItKnowsThem) {
  radgen_open_options older = options_;
  older.struct_size = offsetof(radgen_open_options, int8_films);
  older.threads = -1;  // beyond what it knows
  radgen_model* model = radgen_open(path("model").c_str(), &older);
  EXPECT_NE(model, nullptr) << radgen_last_error();
  radgen_close(model);
  older.struct_size = sizeof older + 8;
  EXPECT_EQ(radgen_open(path("model").c_str(), &older), nullptr);
  expect_error(RADGEN_USAGE, "newer radgen.h");
  older.struct_size = 0;
  EXPECT_EQ(radgen_open(path("model").c_str(), &older), nullptr);
  expect_error(RADGEN_USAGE, "struct_size is 0");
}

TEST_F(CInterfaceTest, ThreadsShareAModelAndHaveTheirOwnErrors) {
  open();
  std::string texts[2];
  const auto draft = [&](int i) {
    radgen_report* report = nullptr;
    if (radgen_draft(model_, path("film.dcm").c_str(), nullptr, &report) == RADGEN_OK)
      texts[i] = radgen_report_text(report);
    radgen_report_free(report);
    radgen_open(nullptr, nullptr);
    EXPECT_STRNE(radgen_last_error(), "");
  };
  std::thread other([&] { draft(1); });
  draft(0);
  other.join();
  EXPECT_FALSE(texts[0].empty());
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_NE(radgen_last_error_code(), RADGEN_OK);
  std::thread([] { EXPECT_EQ(radgen_last_error_code(), RADGEN_OK); }).join();
}

}  // namespace
}  // namespace radgen
