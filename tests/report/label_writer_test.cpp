#include "radgen/report/label_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "radgen/core/files.h"

namespace radgen {
namespace {

class LabelWriterTest : public ::testing::Test {
 protected:
  LabelWriterTest() {
    folder_ = fs::temp_directory_path() /
              ("label-writer-" + std::to_string(::getpid()) + "-" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  ~LabelWriterTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(LabelWriterTest, KeepsTheOrderWhateverTheNumberOfThreads) {
  const auto write = [&](int threads) {
    const fs::path table = folder_ / ("labels-" + std::to_string(threads) + ".csv");
    LabelWriter writer({.labels = table, .threads = threads});
    for (int i = 0; i < 9000; ++i) {
      writer.add({.study_id = std::to_string(i), .text = i % 3 == 0 ? "Effusion." : "No edema."});
    }
    EXPECT_EQ(writer.finish(), 9000u);
    return read_file(table);
  };
  const std::string one = write(1);
  EXPECT_EQ(one, write(3));
  EXPECT_NE(one.find("\n,8999,"), std::string::npos);
}

TEST_F(LabelWriterTest, GivesTheWordsThatDecidedAndWhereTheyStand) {
  const std::string text = "No edema. There may be a hernia. Left effusion.";
  LabelWriter writer({.mentions = folder_ / "mentions.jsonl", .threads = 1});
  writer.add({.study_id = "1", .text = text});
  writer.add({.study_id = "2", .text = " \n"});
  EXPECT_EQ(writer.finish(), 2u);
  EXPECT_EQ(writer.empty(), 1u);
  std::vector<nlohmann::json> lines;
  read_jsonl(folder_ / "mentions.jsonl",
             [&](const nlohmann::json& line, size_t) { lines.push_back(line); });
  ASSERT_EQ(lines.size(), 2u);
  const auto& mentions = lines[0]["mentions"];
  ASSERT_EQ(mentions.size(), 2u);  // a hernia is none of the 13, but cancels No Finding
  EXPECT_EQ(mentions[0]["words"], "edema");
  EXPECT_EQ(mentions[0]["decided_by"]["words"], "No");
  const size_t begin = mentions[1]["begin"], end = mentions[1]["end"];
  EXPECT_EQ(text.substr(begin, end - begin), mentions[1]["words"]);
  EXPECT_FALSE(mentions[1].contains("decided_by"));
  EXPECT_FALSE(lines[0]["labels"].contains("No Finding"));
  EXPECT_TRUE(lines[1]["labels"].empty());
}

TEST_F(LabelWriterTest, WithoutReportsWritesNothing) {
  LabelWriter writer({.labels = folder_ / "none.csv", .mentions = folder_ / "none.jsonl"});
  EXPECT_EQ(writer.finish(), 0u);
  EXPECT_FALSE(fs::exists(folder_ / "none.csv") || fs::exists(folder_ / "none.jsonl"));
}

}  // namespace
}  // namespace radgen
