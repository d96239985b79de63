#include "radgen/data/source.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "data/small_mimic.h"
#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/data/csv.h"

namespace radgen {
namespace {

std::map<std::string, SourceImage> by_id(const StudySource& source) {
  std::map<std::string, SourceImage> images;
  for (SourceImage& image : source.images()) images[image.image_id] = image;
  return images;
}

class MimicSource : public ::testing::Test {
 protected:
  void table(const std::string& name, const std::string& text) {
    write_file_atomic(folder_.path() / name, text);
  }
  std::unique_ptr<StudySource> open() {
    return open_source("mimic-cxr", {.input = folder_.path()});
  }
  TemporaryFolder folder_;
};

TEST_F(MimicSource, JoinsSplitViewAgeSexRaceAndBoxes) {
  SmallMimic set(folder_.path());
  set.add({.patient = "10000001",
           .study = "50000001",
           .dicom = "a",
           .split = "validate",
           .view = "AP",
           .bright = Box{10, 20, 30, 40},
           .boxes = {{"Pleural Effusion", "small, left effusion"}}},
          kEffusionReport);
  set.add({.patient = "10000002", .study = "50000002", .dicom = "b", .view = "ll"}, kNormalReport);
  set.write_tables();
  table("hosp/patients.csv",
        "subject_id,gender,anchor_age,anchor_year\n10000001,F,60,2175\n10000002,M,88,2170\n");
  table("hosp/admissions.csv",
        "subject_id,hadm_id,race\n10000001,1,WHITE\n10000001,2,WHITE - "
        "RUSSIAN\n10000001,3,UNKNOWN\n10000002,4,ASIAN\n");
  table("ed/edstays.csv", "subject_id,gender,race\n10000002,M,BLACK/AFRICAN AMERICAN\n");
  const auto images = by_id(*open());
  ASSERT_EQ(images.size(), 2u);
  const SourceImage& a = images.at("a");
  EXPECT_EQ(a.split, "validate");
  EXPECT_EQ(a.view, "AP");
  EXPECT_EQ(a.age, 65);
  EXPECT_EQ(a.sex, "F");
  EXPECT_EQ(a.race, "WHITE");
  ASSERT_EQ(a.boxes.size(), 1u);
  EXPECT_EQ(a.boxes[0].box, (Box{10, 20, 30, 40}));
  EXPECT_EQ(a.boxes[0].phrase, "small, left effusion");
  EXPECT_TRUE(a.has_boxes);
  EXPECT_EQ(a.relative_path, "files/p10/p10000001/s50000001/a.png");
  const SourceImage& b = images.at("b");
  EXPECT_EQ(b.view, "LATERAL");
  EXPECT_EQ(b.age, 91);  // 98 is over 89
  EXPECT_EQ(b.race, "conflicting");
  EXPECT_FALSE(b.has_boxes);
}

TEST_F(MimicSource, WorksWithoutTheOptionalTables) {
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  for (const char* name : {"mimic-cxr-2.0.0-metadata.csv", "MS_CXR_Local_Alignment_v1.1.0.csv"}) {
    fs::remove(folder_.path() / name);
  }
  const auto images = open()->images();
  ASSERT_EQ(images.size(), 1u);
  EXPECT_EQ(images[0].view, "");
  EXPECT_FALSE(images[0].age);
  fs::remove(folder_.path() / "cxr-record-list.csv");  // as in the JPG edition: paths from the ids
  EXPECT_EQ(open()->images().at(0).relative_path, "files/p10/p10000001/s50000001/a.png");
}

TEST_F(MimicSource, SaysWhatIsMissing) {
  EXPECT_THROW(open_source("nowhere", {.input = folder_.path()}), Error);
  EXPECT_THROW(open_source("mimic-cxr", {.input = folder_.path() / "gone"}), Error);
  EXPECT_THROW(open()->images(), Error);  // no table at all
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  table("mimic-cxr-2.0.0-split.csv", "dicom_id,fold\na,1\n");
  try {
    open()->images();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no column 'split'"), std::string::npos)
        << error.what();
  }
}

TEST_F(MimicSource, RefusesIdsThatAreNoPlainNames) {
  table("cxr-record-list.csv",
        "subject_id,study_id,dicom_id,path\n10000001,50000001,../../a,x.dcm\n");
  table("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\n");
  EXPECT_THROW(open()->images(), Error);
}

TEST_F(MimicSource, RefusesABoxRowThatIsNoBox) {
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  table("MS_CXR_Local_Alignment_v1.1.0.csv",
        "dicom_id,category_name,label_text,x,y,w,h\na,Pneumonia,words,1,2,3,\n");
  EXPECT_THROW(open()->images(), Error);
  table("MS_CXR_Local_Alignment_v1.1.0.csv",
        "dicom_id,category_name,label_text,x,y,w,h\na,,,,,,\n");
  EXPECT_TRUE(open()->images().at(0).has_boxes);  // looked at, nothing found
}

TEST(NormalisedView, FoldsTheWaysOfWritingIt) {
  EXPECT_EQ(normalised_view("pa"), "PA");
  EXPECT_EQ(normalised_view(" "), "");
  EXPECT_EQ(normalised_view("XTABLE LATERAL"), "LATERAL");
  EXPECT_EQ(normalised_view("LL"), "LATERAL");
  EXPECT_EQ(normalised_view("AP AXIAL"), "OTHER");
}

// The real tables' header lines: every column that is read by name is there.
TEST(MimicTables, HaveTheColumnsThatAreRead) {
  const char* given = std::getenv("RADGEN_REFERENCE_DIR");
  const fs::path root =
      given != nullptr ? fs::path(given) : fs::path(RADGEN_SOURCE_DIR) / "../shared/reference";
  const fs::path folder = root / "images" / "layouts_header_only";
  if (!fs::is_directory(folder)) GTEST_SKIP() << "no reference folder with the tables' layouts";
  const std::vector<std::pair<std::string, std::vector<std::string>>> needed{
      {"record-list", {"subject_id", "study_id", "dicom_id", "path"}},
      {"-split", {"dicom_id", "split"}},
      {"-metadata", {"dicom_id", "ViewPosition", "StudyDate"}},
      {"MS_CXR",
       {"dicom_id", "category_name", "label_text", "x", "y", "w", "h", "image_width",
        "image_height"}},
      {"patients", {"subject_id", "gender", "anchor_age", "anchor_year"}},
      {"admissions", {"subject_id", "race"}},
      {"edstays", {"subject_id", "gender", "race"}}};
  size_t seen = 0;
  for (const auto& item : fs::directory_iterator(folder)) {
    for (const auto& [part, columns] : needed) {
      if (item.path().filename().string().find(part) == std::string::npos) continue;
      std::cout << "reference case: " << item.path().string() << "\n";
      const CsvReader reader(item.path());
      for (const std::string& column : columns)
        EXPECT_TRUE(reader.find_column(column)) << item.path() << column;
      ++seen;
    }
  }
  EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace radgen
