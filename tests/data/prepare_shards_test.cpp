// Shards and their merge, and runs without images.
#include <gtest/gtest.h>

#include "data/small_mimic.h"
#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/data/manifest.h"
#include "radgen/data/prepare.h"

namespace radgen {
namespace {

class Shards : public ::testing::Test {
 protected:
  Shards() : set_(root_.path() / "in") {
    config_.preparation.size_px = 160;
    config_.vocabulary_size = 120;
    set_.add_normals(9, "train");
    set_.add_normals(2, "test");
    set_.add({.patient = "10000001", .study = "50000001", .dicom = "broken", .is_broken = true},
             kNormalReport);
    set_.add({.patient = "10000002", .study = "50000002", .dicom = "side", .view = "LATERAL"},
             kNormalReport);
    set_.add({.patient = "10000003",
              .study = "50000003",
              .dicom = "boxed",
              .bright = Box{200, 100, 60, 80},
              .boxes = {{"Pleural Effusion", "small left pleural effusion"}}},
             kEffusionReport);
    set_.write_tables();
  }
  std::unique_ptr<StudySource> source(bool text_only = false) {
    return open_source("mimic-cxr", {.input = set_.folder(), .text_only = text_only});
  }
  void run(const std::string& output, size_t shard, size_t shards) {
    prepare_dataset(config_, *source(), root_.path() / output,
                    {.threads = 2, .shard = shard, .shards = shards});
  }
  PrepareSummary merge(const std::string& output) {
    return merge_shards(config_, *source(), root_.path() / output, {.threads = 2});
  }
  std::string merge_error(const std::string& output) {
    try {
      merge(output);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      return error.what();
    }
    return "no error";
  }
  std::string bytes(const std::string& path) { return read_file(root_.path() / path); }
  TemporaryFolder root_;
  SmallMimic set_;
  PrepareConfig config_;
};

TEST_F(Shards, MergeIntoWhatOneRunWrites) {
  run("one", 0, 0);
  for (const size_t i : {3, 1, 2, 4, 5}) run("many", i, 5);
  const PrepareSummary summary = merge("many");
  EXPECT_EQ(summary.prepared, 12u);
  EXPECT_EQ(summary.splits.at("test"), 2u);
  for (const char* name : {"manifest.jsonl", "rejected.jsonl", "tokenizer.model"}) {
    EXPECT_EQ(bytes(std::string("many/") + name), bytes(std::string("one/") + name)) << name;
  }
  const nlohmann::json one = nlohmann::json::parse(bytes("one/prepare.json")),
                       many = nlohmann::json::parse(bytes("many/prepare.json"));
  for (const char* key :
       {"candidates", "selected", "prepared", "splits", "rejected", "linked_mentions"}) {
    EXPECT_EQ(many["summary"][key], one["summary"][key]) << key;
  }
  EXPECT_EQ(many["summary"]["linked_mentions"], 2);
  EXPECT_EQ(many["merged_shards"], 5);
  EXPECT_EQ(merge("many").prepared, 12u);  // again, at any time
}

TEST_F(Shards, MergeNamesWhatIsMissing) {
  EXPECT_NE(merge_error("none").find("no finished shard"), std::string::npos);
  run("parts", 1, 4);
  run("parts", 3, 4);
  EXPECT_NE(merge_error("parts").find("2 of 4 shards are not finished: 2, 4"), std::string::npos);
  run("parts", 2, 4);
  run("parts", 4, 4);
  const auto lost = read_manifest(root_.path() / "parts/shards/0002-of-0004/manifest.jsonl");
  fs::remove(root_.path() / "parts" / lost.at(0).image);
  EXPECT_NE(merge_error("parts").find("1 pictures"), std::string::npos);
  EXPECT_FALSE(fs::exists(root_.path() / "parts/manifest.jsonl"));
  run("parts", 2, 4);  // goes on where it stopped
  EXPECT_EQ(merge("parts").prepared, 12u);
}

TEST_F(Shards, PartsOfDifferentWholesAreNotMerged) {
  run("parts", 1, 2);
  config_.min_words = 12;
  run("parts", 2, 2);
  EXPECT_NE(merge_error("parts").find("differ in hash"), std::string::npos);
  config_.min_words = 10;
  run("counts", 1, 1);
  run("counts", 1, 2);
  EXPECT_NE(merge_error("counts").find("differ in shards"), std::string::npos);
  run("sets", 1, 2);
  set_.add_normals(10, "train");  // nine of them are listed twice then
  set_.write_tables();
  run("sets", 2, 2);
  EXPECT_NE(merge_error("sets").find("differ in units_sha256"), std::string::npos);
}

TEST_F(Shards, ANumberOutOfRangeIsAUsageError) {
  for (const size_t bad : {0u, 3u}) {
    try {
      run("x", bad, 2);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
}

TEST_F(Shards, MoreShardsThanStudiesLeaveSomeEmpty) {
  for (size_t i = 1; i <= 20; ++i) run("many", i, 20);
  EXPECT_EQ(merge("many").prepared, 12u);
}

TEST_F(Shards, TextOnlyOpensNoImage) {
  fs::remove_all(root_.path() / "in/files/p10/p10000001/s50000001");
  const PrepareSummary summary = prepare_dataset(config_, *source(true), root_.path() / "texts",
                                                 {.threads = 2, .text_only = true});
  EXPECT_EQ(summary.prepared, 14u);  // the broken film's and the lateral film's studies too
  EXPECT_FALSE(fs::exists(root_.path() / "texts/images"));
  const auto entries = read_manifest(root_.path() / "texts/manifest.jsonl");
  EXPECT_EQ(entries.at(0).image, "");
  EXPECT_FALSE(entries.at(0).labels.empty());
  EXPECT_GT(summary.tokenizer_pieces, 0);
}

}  // namespace
}  // namespace radgen
