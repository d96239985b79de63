#include "radgen/data/report_table.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

class ReportTable : public ::testing::Test {
 protected:
  ReportTableCounts read(const std::string& name, const std::string& bytes) {
    write_file_atomic(folder_.path() / name, bytes);
    reports_.clear();
    return read_report_table(folder_.path() / name, options_,
                             [&](TableReport report) { reports_.push_back(std::move(report)); });
  }
  TemporaryFolder folder_;
  ReportTableOptions options_;
  std::vector<TableReport> reports_;
};

TEST_F(ReportTable, GivesIdsAndTheSectionsThatAreLabelled) {
  options_.text_columns = {"history", "report"};
  read("a.csv",
       "subject_id,study_id,history,report\n"
       "7,1,\"cough, fever\",\" FINDINGS: Clear.\n IMPRESSION: Normal.\"\n"
       "8,2,,Small effusion.\n");
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_EQ(reports_[0].subject_id, "7");
  EXPECT_EQ(reports_[0].text, "Clear.\n\nNormal.");
  EXPECT_EQ(reports_[1].study_id, "2");
  EXPECT_EQ(reports_[1].text, "Small effusion.");
}

TEST_F(ReportTable, PassesOverRowsThatCannotBeRead) {
  const auto counts = read("a.csv", "study_id,report\n1,one\n2\n3,\"three\"x\n4,four\n");
  EXPECT_EQ(counts.reports, 2u);
  EXPECT_EQ(counts.bad_rows, 2u);
  EXPECT_FALSE(counts.is_cut);
  EXPECT_EQ(reports_.at(1).text, "four");
}

TEST_F(ReportTable, UsesWhatStandsBeforeACut) {
  std::string table = "study_id,report\n";
  for (int i = 0; i < 5000; ++i) {
    table += std::to_string(i) + ",report " + std::to_string(i * 7919 % 5000) + "\n";
  }
  const auto path = folder_.path() / "whole.csv.gz";
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, table.data(), static_cast<unsigned>(table.size()));
  gzclose(file);
  const std::string packed = read_file(path);
  const auto counts = read("cut.csv.gz", packed.substr(0, packed.size() / 2));
  EXPECT_TRUE(counts.is_cut);
  EXPECT_GT(counts.reports, 1000u);
  EXPECT_LT(counts.reports, 5000u);
  EXPECT_EQ(reports_.size(), counts.reports);
}

TEST_F(ReportTable, NeedsTheColumnsThatAreNamed) {
  EXPECT_THROW(read("a.csv", "study_id,text\n1,one\n"), Error);
  EXPECT_THROW(read("b.csv", "id,report\n1,one\n"), Error);
  options_.id_column = "id";
  EXPECT_EQ(read("b.csv", "id,report\n1,one\n").reports, 1u);
}

TEST_F(ReportTable, GoldLabelsAreTheColumnsOfNumbers) {
  write_file_atomic(folder_.path() / "gold.csv",
                    "study_id,report,Edema,Pneumonia\na,edema,1.0,\nb,none,0,-1\n");
  const auto gold = read_gold_table(folder_.path() / "gold.csv", options_);
  ASSERT_EQ(gold.size(), 2u);
  EXPECT_EQ(gold[0].labels.at("Edema"), 1);
  EXPECT_EQ(gold[0].labels.count("Pneumonia"), 0u);
  EXPECT_EQ(gold[1].labels.at("Pneumonia"), -1);
}

}  // namespace
}  // namespace radgen
