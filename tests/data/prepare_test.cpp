#include "radgen/data/prepare.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>

#include "data/small_mimic.h"
#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/data/manifest.h"
#include "radgen/imaging/image.h"
#include "radgen/report/tokenizer.h"

namespace radgen {
namespace {

class Prepare : public ::testing::Test {
 protected:
  Prepare() : set_(root_.path() / "in"), output_(root_.path() / "out") {
    config_.preparation.size_px = 200;
    config_.vocabulary_size = 120;
  }
  PrepareSummary run(const PrepareOptions& options = {.threads = 2}) {
    set_.write_tables();
    return prepare_dataset(config_, *open_source("mimic-cxr", {.input = set_.folder()}), output_,
                           options);
  }
  std::map<std::string, ManifestEntry> manifest() {
    std::map<std::string, ManifestEntry> entries;
    for (ManifestEntry& entry : read_manifest(output_ / "manifest.jsonl"))
      entries[entry.image_id] = entry;
    return entries;
  }
  std::map<std::string, std::string> rejected() {  // by the image's file name
    std::map<std::string, std::string> reasons;
    read_jsonl(output_ / "rejected.jsonl", [&](const nlohmann::json& line, size_t) {
      reasons[fs::path(line["source"].get<std::string>()).stem()] = line["reason"];
    });
    return reasons;
  }
  TemporaryFolder root_;
  SmallMimic set_;
  fs::path output_;
  PrepareConfig config_;
};

TEST_F(Prepare, WritesImagesManifestAndTokenizer) {
  set_.add_normals(12, "train");
  set_.add({.patient = "10000001",
            .study = "50000001",
            .dicom = "boxed",
            .split = "test",
            .bright = Box{200, 100, 60, 80},
            .boxes = {{"Pleural Effusion", "small left pleural effusion"}}},
           kEffusionReport);
  const PrepareSummary summary = run();
  EXPECT_EQ(summary.prepared, 13u);
  EXPECT_EQ(summary.splits, (std::map<std::string, size_t>{{"test", 1}, {"train", 12}}));
  EXPECT_EQ(summary.linked_mentions, 2u);  // the effusion, in findings and impression
  EXPECT_EQ(summary.ambiguous_mentions + summary.boxes_without_words, 0u);
  const ManifestEntry entry = manifest().at("boxed");
  EXPECT_EQ(entry.width, 160);
  EXPECT_EQ(entry.height, 200);
  EXPECT_EQ(entry.source_columns, 320);
  EXPECT_EQ(entry.source_rows, 400);
  EXPECT_EQ(entry.view, "PA");
  EXPECT_EQ(entry.indication, "Shortness of breath.");
  EXPECT_EQ(entry.impression, "Small left pleural effusion.");
  EXPECT_EQ(entry.labels.at(Finding::kPleuralEffusion), 1);
  ASSERT_EQ(entry.boxes.size(), 1u);
  EXPECT_EQ(entry.boxes[0].side, "left");
  EXPECT_TRUE(entry.has_boxes);
  EXPECT_EQ(entry.source_sha256, sha256_file(set_.folder() / entry.source_path));

  const auto image = read_png16(output_ / entry.image);
  ASSERT_TRUE(image);
  const Box& box = entry.boxes[0].box;
  const cv::Point2d middle = bright_middle(*image);
  EXPECT_NEAR(middle.x, box.x + box.w / 2, 0.5);
  EXPECT_NEAR(middle.y, box.y + box.h / 2, 0.5);
  EXPECT_NEAR(box.w, 30, 0.01);

  const nlohmann::json info = read_json(output_ / "prepare.json");
  EXPECT_EQ(info["summary"]["prepared"], 13);
  EXPECT_EQ(info["config"]["size_px"], 200);
  EXPECT_GT(Tokenizer(output_ / "tokenizer.model").vocabulary_size(), 13);
}

TEST_F(Prepare, RejectsWithReasonsAndGoesOn) {
  set_.add_normals(3, "train");
  set_.add({"10000001", "50000001", "short"}, " FINDINGS: Normal chest.\n");
  std::string words = " FINDINGS:";
  for (int i = 0; i < 201; ++i) words += " clear";
  set_.add({"10000002", "50000002", "long"}, words + ".\n");
  set_.add({"10000003", "50000003", "reportless"}, std::nullopt);
  set_.add({.patient = "10000004", .study = "50000004", .dicom = "broken", .is_broken = true},
           kNormalReport);
  set_.add({.patient = "10000005", .study = "50000005", .dicom = "side", .view = "LATERAL"},
           kNormalReport);
  set_.add({.patient = "10000006", .study = "50000006", .dicom = "nosplit", .split = ""},
           kNormalReport);
  set_.add({"10000007", "50000007", "empty"}, "\n");
  set_.add({"10000008", "50000008", "gone"}, kNormalReport);
  fs::remove(set_.folder() / "files/p10/p10000008/s50000008/gone.png");
  const PrepareSummary summary = run();
  EXPECT_EQ(summary.prepared, 3u);
  const auto reasons = rejected();
  EXPECT_EQ(reasons.at("short"), "too_short");
  EXPECT_EQ(reasons.at("long"), "too_long");
  EXPECT_EQ(reasons.at("reportless"), "no_report");
  EXPECT_EQ(reasons.at("side"), "no_accepted_view");
  EXPECT_EQ(reasons.at("nosplit"), "no_split");
  EXPECT_EQ(reasons.at("empty"), "no_text");
  EXPECT_EQ(reasons.at("gone"), "no_picture");
  EXPECT_EQ(reasons.count("broken"), 1u);
  EXPECT_EQ(reasons.size(), 8u);
}

TEST_F(Prepare, WordLimitsAreInclusive) {
  const auto report = [](int count) {
    std::string words = " FINDINGS:";
    for (int i = 0; i < count; ++i) words += " clear";
    return words + ".\n";
  };
  for (const int count : {9, 10, 200, 201}) {
    const std::string number = fmt::format("{:04}", count);
    set_.add({"1000" + number, "5000" + number, "w" + std::to_string(count)}, report(count));
  }
  run();
  const auto entries = manifest();
  EXPECT_EQ(entries.size(), 2u);
  EXPECT_TRUE(entries.contains("w10") && entries.contains("w200"));
}

TEST_F(Prepare, TakesTheLastParagraphOfAReportWithoutHeaders) {
  set_.add({"10000001", "50000001", "plain"},
           "Portable chest film.\n \n Heart size is normal and the lungs are clear without "
           "effusion or edema.\n");
  run();
  EXPECT_EQ(manifest().at("plain").findings,
            "Heart size is normal and the lungs are clear without effusion or edema.");
}

TEST_F(Prepare, PrefersThePaViewAndAnAnnotatedImage) {
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "a-ap", .view = "AP"},
           kNormalReport);
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "b-pa", .view = "PA"},
           kNormalReport);
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "c-lateral", .view = "LL"},
           kNormalReport);
  set_.add({.patient = "10000002", .study = "50000002", .dicom = "d-pa", .view = "PA"},
           kEffusionReport);
  set_.add({.patient = "10000002",
            .study = "50000002",
            .dicom = "e-ap",
            .view = "AP",
            .bright = Box{200, 100, 60, 80},
            .boxes = {{"Pleural Effusion", "left effusion"}}},
           kEffusionReport);
  run();
  auto entries = manifest();
  EXPECT_EQ(entries.size(), 2u);
  EXPECT_TRUE(entries.contains("b-pa") && entries.contains("e-ap"));

  config_.views = {"AP"};
  output_ = root_.path() / "ap";
  run();
  EXPECT_TRUE(manifest().contains("a-ap"));
  config_.views = {"PA", "AP"};
  config_.all_views = true;
  output_ = root_.path() / "all";
  EXPECT_EQ(run().prepared, 4u);
}

TEST_F(Prepare, RefusesAPatientInTwoSplits) {
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "a", .split = "train"},
           kNormalReport);
  set_.add({.patient = "10000001", .study = "50000002", .dicom = "b", .split = "test"},
           kNormalReport);
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    EXPECT_EQ(std::string(error.what()).find("10000001"), std::string::npos)
        << "no ids in messages";
  }
  EXPECT_FALSE(fs::exists(output_));
  config_.allow_leakage = true;
  EXPECT_EQ(run().leaking_patients, 1u);
}

TEST_F(Prepare, TakesTwinsOfTestFilmsForNoLeakage) {
  set_.add_normals(3, "train");
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "a", .split = "test"},
           kNormalReport);
  set_.add({.patient = "10000001", .study = "60000001", .dicom = "b", .split = "twin"},
           kNormalReport);
  EXPECT_EQ(run().leaking_patients, 0u);
  EXPECT_EQ(manifest().at("b").split, "twin");
}

TEST_F(Prepare, NoUsableImageIsADataErrorAndRejectedSaysWhy) {
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "broken", .is_broken = true},
           kNormalReport);
  EXPECT_THROW(run(), Error);
  EXPECT_EQ(rejected().size(), 1u);
  EXPECT_FALSE(fs::exists(output_ / "manifest.jsonl"));
  EXPECT_FALSE(fs::exists(output_ / "prepare.json"));
}

TEST_F(Prepare, TakesAStudysNextImageWhereTheFirstCannotBeUsed) {
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "a-pa", .is_broken = true},
           kNormalReport);
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "b-ap", .view = "AP"},
           kNormalReport);
  const PrepareSummary summary = run();
  EXPECT_TRUE(manifest().contains("b-ap"));
  EXPECT_EQ(summary.prepared, 1u);
  EXPECT_EQ(rejected().count("a-pa"), 1u);
}

TEST_F(Prepare, RefusesBoxesOfAnotherSplitUnlessToldWhatToDo) {
  set_.add_normals(3, "train");
  set_.add({.patient = "10000001",
            .study = "50000001",
            .dicom = "a",
            .split = "train",
            .bright = Box{200, 100, 60, 80},
            .boxes = {{"Pleural Effusion", "left effusion"}},
            .box_split = "val"},
           kEffusionReport);
  set_.add({.patient = "10000001", .study = "50000002", .dicom = "b", .split = "train"},
           kNormalReport);
  EXPECT_THROW(run(), Error);
  EXPECT_FALSE(fs::exists(output_));
  config_.box_split = "ignore";
  run();
  EXPECT_EQ(manifest().at("a").split, "train");
  config_.box_split = "follow";
  output_ = root_.path() / "follow";
  EXPECT_EQ(run().box_split_conflicts, 1u);
  EXPECT_EQ(manifest().at("a").split, "validate");
  EXPECT_EQ(manifest().at("b").split, "validate");  // the whole patient moves
  config_.box_split = "check";
  config_.allow_leakage = true;
  output_ = root_.path() / "allowed";
  run();
  EXPECT_EQ(manifest().at("a").split, "train");
}

TEST_F(Prepare, ImagesOfTheJpgEditionKeepTheirConvention) {
  set_.add_normals(3, "train");
  set_.write_tables();
  for (const auto& item : fs::recursive_directory_iterator(set_.folder() / "files")) {
    if (item.path().extension() == ".png") {
      fs::rename(item.path(), fs::path(item.path()).replace_extension(".jpg"));
    }
  }
  run();
  EXPECT_EQ(manifest().begin()->second.photometric, "mimic-jpg");
  // What training compares its frame with.
  EXPECT_EQ(read_json(output_ / "prepare.json")["config"]["photometric"], "mimic-jpg");
}

TEST_F(Prepare, BoxesOutsideTheImageAreLeftOutAndNamed) {
  set_.add({.patient = "10000001",
            .study = "50000001",
            .dicom = "a",
            .bright = Box{900, 900, 60, 80},
            .boxes = {{"Pleural Effusion", "left effusion"}}},
           kEffusionReport);
  const PrepareSummary summary = run();
  EXPECT_EQ(summary.boxes_outside, 1u);
  EXPECT_TRUE(manifest().at("a").boxes.empty());
  EXPECT_EQ(rejected().at("a"), "box_outside");
}

// A PNG whose header says `side` x `side`, with nothing behind it.
std::string png_header(uint32_t side) {
  const auto big_endian = [](uint32_t v) {
    return std::string{static_cast<char>(v >> 24), static_cast<char>(v >> 16),
                       static_cast<char>(v >> 8), static_cast<char>(v)};
  };
  std::string chunk = "IHDR" + big_endian(side) + big_endian(side);
  chunk += std::string{8, 0, 0, 0, 0};
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(chunk.data()), 17);
  return "\x89PNG\r\n\x1a\n" + big_endian(13) + chunk + big_endian(static_cast<uint32_t>(sum)) +
         big_endian(64) + "IDAT" + std::string(64, 'x');
}

TEST_F(Prepare, OddImagesAndReportsAreRejectedAndTheRestGoesOn) {
  set_.add_normals(3, "train");
  set_.add({.patient = "10000001", .study = "50000001", .dicom = "dot", .size = {1, 1}},
           kNormalReport);
  set_.add({.patient = "10000002", .study = "50000002", .dicom = "huge"}, kNormalReport);
  write_file_atomic(set_.folder() / "files/p10/p10000002/s50000002/huge.png", png_header(20000));
  set_.add({.patient = "10000003", .study = "50000003", .dicom = "small", .size = {90, 60}},
           kNormalReport);
  std::string words = " FINDINGS:";
  while (words.size() < 100 * 1024) words += " the lungs are clear.";
  set_.add({"10000004", "50000004", "wordy"}, words);
  EXPECT_EQ(run().prepared, 3u);
  const auto reasons = rejected();
  EXPECT_EQ(reasons.count("dot"), 1u);
  EXPECT_EQ(reasons.at("huge"), "too_large");
  EXPECT_EQ(reasons.at("small"), "tiny");
  EXPECT_EQ(reasons.at("wordy"), "too_long");
  config_.reject_flags = {};
  output_ = root_.path() / "all";
  EXPECT_EQ(run().quality.at("tiny"), 1u);
  EXPECT_EQ(manifest().at("small").quality.front(), "tiny");
}

TEST_F(Prepare, TheCropMovesTheBoxesAlong) {
  config_.preparation.crop_collimation = true;
  set_.add({.patient = "10000001",
            .study = "50000001",
            .dicom = "a",
            .bright = Box{200, 100, 60, 80},
            .boxes = {{"Pleural Effusion", "left effusion"}}},
           kEffusionReport);
  const fs::path film = set_.folder() / "files/p10/p10000001/s50000001/a.png";
  cv::Mat framed = *read_png16(film);
  framed.colRange(0, 40).setTo(0);
  framed.rowRange(380, 400).setTo(0);
  write_png(film, framed);
  run();
  const ManifestEntry entry = manifest().at("a");
  const auto image = read_png16(output_ / entry.image);
  ASSERT_TRUE(image);
  EXPECT_EQ(entry.height, 200);  // 280 x 380 are left
  EXPECT_EQ(entry.width, 147);
  const cv::Point2d middle = bright_middle(*image);
  const Box& box = entry.boxes.at(0).box;
  EXPECT_NEAR(middle.x, box.x + box.w / 2, 0.5);
  EXPECT_NEAR(middle.y, box.y + box.h / 2, 0.5);
}

TEST_F(Prepare, CountsThroughputAndExtrapolates) {
  set_.add_normals(3, "train");
  const PrepareSummary summary = run();
  EXPECT_GT(summary.images_per_second(), 0);
  EXPECT_NEAR(summary.hours_for_mimic_cxr() * summary.images_per_second() * 3600, 377110, 1);
  EXPECT_EQ(run().images_per_second(), 0);  // all were there already
}

// The journal's key of the configuration before `split_validate` and what follows it came.
TEST_F(Prepare, GoesOnInAFolderOfTheFirstVersion) {
  set_.add_normals(3, "train");
  run();
  std::string journal = read_file(output_ / "prepare.journal.jsonl");
  nlohmann::ordered_json old = dump_config(config_);
  for (const char* field : kFieldsAfterFormat1) old.erase(field);
  const nlohmann::ordered_json key{{"format", 1}, {"source", "mimic-cxr"}, {"config", old}};
  EXPECT_NE(journal.find(sha256_hex(key.dump())), std::string::npos);
}

// A kill leaves images, a journal whose last line may be cut, and no manifest.
TEST_F(Prepare, GoesOnAfterAKillWithoutRedoingFinishedImages) {
  set_.add_normals(8, "train");
  run();
  const std::string whole = read_file(output_ / "manifest.jsonl");
  const fs::path journal = output_ / "prepare.journal.jsonl";
  std::vector<std::string> lines;
  std::ifstream file(journal);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 9u);
  std::string cut;
  for (size_t i = 0; i < 5; ++i) cut += lines[i] + "\n";
  write_file_atomic(journal, cut + lines[5].substr(0, 40));
  for (const char* name : {"manifest.jsonl", "rejected.jsonl", "prepare.json", "tokenizer.model"}) {
    fs::remove(output_ / name);
  }
  std::map<std::string, fs::file_time_type> times;
  for (const auto& item : fs::recursive_directory_iterator(output_ / "images")) {
    if (item.is_regular_file()) times[item.path()] = item.last_write_time();
  }
  const PrepareSummary summary = run();
  EXPECT_EQ(summary.prepared, 8u);
  EXPECT_EQ(summary.reused, 4u);
  EXPECT_EQ(read_file(output_ / "manifest.jsonl"), whole);
  size_t untouched = 0;
  for (const auto& [path, time] : times) untouched += fs::last_write_time(path) == time ? 1 : 0;
  EXPECT_EQ(untouched, 4u);
  EXPECT_EQ(run().reused, 8u);  // and a finished one again, at no cost
}

TEST_F(Prepare, LeavesNothingOfAKilledRunBehind) {
  set_.add_normals(3, "train");
  set_.write_tables();
  // Killed at its first line, and while an image and the last file were written.
  write_file_atomic(output_ / "prepare.journal.jsonl.tmp", "{\"config");
  write_file_atomic(output_ / ".prepare.json.tmp-77-0", "{");
  run();
  const fs::path image = output_ / manifest().begin()->second.image;
  fs::remove(image);
  write_file_atomic(image.parent_path() / ("." + image.filename().string() + ".tmp-77-3"), "x");
  run();
  for (const auto& item : fs::recursive_directory_iterator(output_)) {
    EXPECT_EQ(item.path().string().find(".tmp"), std::string::npos) << item.path();
  }
}

TEST_F(Prepare, MakesAImageAgainThatIsGone) {
  set_.add_normals(3, "train");
  run();
  fs::remove(output_ / manifest().begin()->second.image);
  EXPECT_EQ(run().reused, 2u);
  EXPECT_TRUE(fs::exists(output_ / manifest().begin()->second.image));
}

TEST_F(Prepare, RefusesAnotherConfigurationAndAStrangersFolder) {
  set_.add_normals(3, "train");
  run();
  config_.preparation.size_px = 100;
  try {
    run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
  }
  EXPECT_EQ(run({.threads = 1, .may_overwrite = true}).prepared, 3u);
  EXPECT_EQ(manifest().begin()->second.height, 100);

  output_ = root_.path() / "stranger";
  write_file_atomic(output_ / "thesis.txt", "mine");
  EXPECT_THROW(run(), Error);
  EXPECT_EQ(read_file(output_ / "thesis.txt"), "mine");
}

TEST_F(Prepare, IsTheSameForEveryNumberOfThreads) {
  set_.add_normals(9, "train");
  set_.add_normals(3, "test");
  run({.threads = 1});
  const std::string one = read_file(output_ / "manifest.jsonl");
  output_ = root_.path() / "again";
  run({.threads = 4});
  EXPECT_EQ(read_file(output_ / "manifest.jsonl"), one);
}

TEST_F(Prepare, ADryRunWritesNothing) {
  set_.add_normals(3, "train");
  const PrepareSummary summary = run({.is_dry_run = true});
  EXPECT_EQ(summary.selected, 3u);
  EXPECT_FALSE(fs::exists(output_));
}

TEST_F(Prepare, TheTokenizerSeesTheTrainingSplitOnly) {
  config_.vocabulary_size = 400;  // room for whole words beside the single bytes
  const auto pieces = [&](const std::string& name, const std::string& split) {
    SmallMimic set(root_.path() / name);
    set.add_normals(12, "train");
    for (int k = 0; k < 12; ++k) {
      const std::string number = fmt::format("{:04}", k);
      set.add({.patient = "1000" + number,
               .study = "5000" + number,
               .dicom = "a" + number,
               .split = split},
              " FINDINGS: The zyzzyva is large. There is a left zyzzyva and a right zyzzyva.\n");
    }
    set.write_tables();
    const fs::path output = root_.path() / (name + "-out");
    prepare_dataset(config_, *open_source("mimic-cxr", {.input = set.folder()}), output,
                    {.threads = 1});
    const Tokenizer tokenizer(output / "tokenizer.model");
    std::vector<std::string> all;
    for (int64_t id = 0; id < tokenizer.vocabulary_size(); ++id)
      all.push_back(tokenizer.decode({id}));
    return all;
  };
  const auto has_it = [](const std::vector<std::string>& all) {
    return std::ranges::any_of(
        all, [](const std::string& piece) { return piece.find("zz") != std::string::npos; });
  };
  EXPECT_FALSE(has_it(pieces("in-test", "test")));
  EXPECT_TRUE(has_it(pieces("in-train", "train")));
}

}  // namespace
}  // namespace radgen
