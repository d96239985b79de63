#include "radgen/data/source.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <iostream>

#include "data/small_mimic.h"
#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/data/csv.h"

namespace radgen {
namespace {

std::vector<std::string> reasons(const SourceListing& listing) {
  std::vector<std::string> all;
  for (const Rejection& problem : listing.problems) all.push_back(problem.reason);
  return all;
}

std::map<std::string, SourceImage> by_id(const StudySource& source) {
  std::map<std::string, SourceImage> images;
  for (SourceImage& image : source.list().images) images[image.image_id] = image;
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
  const auto images = open()->list().images;
  ASSERT_EQ(images.size(), 1u);
  EXPECT_EQ(images[0].view, "");
  EXPECT_FALSE(images[0].age);
  fs::remove(folder_.path() / "cxr-record-list.csv");  // as in the JPG edition: paths from the ids
  EXPECT_EQ(open()->list().images.at(0).relative_path, "files/p10/p10000001/s50000001/a.png");
}

TEST_F(MimicSource, SaysWhatIsMissing) {
  EXPECT_THROW(open_source("nowhere", {.input = folder_.path()}), Error);
  EXPECT_THROW(open_source("mimic-cxr", {.input = folder_.path() / "gone"}), Error);
  EXPECT_THROW(open()->list(), Error);  // no table at all
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  table("mimic-cxr-2.0.0-split.csv", "dicom_id,fold\na,1\n");
  try {
    open()->list();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no column 'split'"), std::string::npos)
        << error.what();
  }
}

TEST_F(MimicSource, PassesOverIdsThatAreNoPlainNamesAndImagesListedTwice) {
  table("cxr-record-list.csv",
        "subject_id,study_id,dicom_id,path\n10000001,50000001,../../a,x.dcm\n"
        "10000001,50000001,b,x.dcm\n10000002,50000002,b,y.dcm\nshort,row\n");
  table("mimic-cxr-2.0.0-split.csv",
        "dicom_id,study_id,subject_id,split\nb,50000001,10000001,validation\n");
  const SourceListing listing = open()->list();
  ASSERT_EQ(listing.images.size(), 1u);
  EXPECT_EQ(listing.images[0].patient_id, "10000001");
  EXPECT_EQ(listing.images[0].split, "validate");
  EXPECT_EQ(reasons(listing), (std::vector<std::string>{"bad_id", "duplicate_id", "bad_row"}));
  EXPECT_EQ(listing.problems[1].source, "cxr-record-list.csv:4");
}

TEST_F(MimicSource, NeverFollowsAListedPathOutOfItsFolder) {
  for (const char* path : {"../../etc/a.dcm", "/etc/a.dcm"}) {
    table("cxr-record-list.csv",
          std::string("subject_id,study_id,dicom_id,path\n10000001,50000001,a,") + path + "\n");
    table("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\n");
    EXPECT_EQ(open()->list().images.at(0).relative_path, "files/p10/p10000001/s50000001/a.dcm");
  }
}

TEST_F(MimicSource, BoxRowsThatAreNoBoxesAreProblems) {
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  table("MS_CXR_Local_Alignment_v1.1.0.csv",
        "dicom_id,category_name,label_text,x,y,w,h\na,Pneumonia,words,1,2,3,\n"
        "a,Edema,words,1,2,0,4\na,Scoliosis,words,1,2,3,4\ngone,Edema,words,1,2,3,4\n"
        "a,Edema,words,1,2,3,4\n");
  const SourceListing listing = open()->list();
  EXPECT_EQ(reasons(listing), (std::vector<std::string>{"bad_box", "bad_box"}));
  EXPECT_EQ(listing.counts.at("boxes_of_other_findings"), 1u);
  EXPECT_EQ(listing.counts.at("boxes_of_unlisted_pictures"), 1u);
  EXPECT_EQ(listing.images.at(0).boxes.size(), 1u);
  table("MS_CXR_Local_Alignment_v1.1.0.csv",
        "dicom_id,category_name,label_text,x,y,w,h\na,,,,,,\n");
  EXPECT_TRUE(open()->list().images.at(0).has_boxes);  // looked at, nothing found
}

TEST_F(MimicSource, AnOptionalTableOfNoUseIsAProblemAndNotTheEnd) {
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  table("MS_CXR_Local_Alignment_v1.1.0.csv", "dicom_id,category_name\na,Edema\n");
  table("mimic-cxr-2.0.0-metadata.csv", "dicom_id,Rows\na,10\n");
  const SourceListing listing = open()->list();
  EXPECT_EQ(listing.images.size(), 1u);
  EXPECT_EQ(reasons(listing), (std::vector<std::string>{"bad_table", "bad_table"}));
}

TEST_F(MimicSource, ReadsMsCxrAsCoco) {
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  fs::remove(folder_.path() / "MS_CXR_Local_Alignment_v1.1.0.csv");
  table("MS_CXR_Local_Alignment_v1.0.0.json", R"({
    "categories": [{"id": 4, "name": "Pleural Effusion"}],
    "images": [{"id": 7, "file_name": "a.jpg", "width": 640, "height": 800}],
    "annotations": [
      {"id": 1, "image_id": 7, "category_id": 4, "bbox": [10, 20, 30, 40], "label_text": "effusion"},
      {"id": 2, "image_id": 7, "category_id": 4, "bbox": [10, 20, 30]},
      {"id": 3, "image_id": 7, "category_id": 4, "bbox": [50, 60, 30, 40], "label_text": ["small effusion"]}]})");
  const SourceListing listing = open()->list();
  const SourceImage& a = listing.images.at(0);
  ASSERT_EQ(a.boxes.size(), 2u);
  EXPECT_EQ(a.boxes[0].finding, "Pleural Effusion");
  EXPECT_EQ(a.boxes[0].phrase, "effusion");
  EXPECT_EQ(a.boxes[1].phrase, "small effusion");
  EXPECT_EQ(a.boxes[0].box, (Box{10, 20, 30, 40}));
  EXPECT_EQ(a.boxes[0].image_width, 640);
  EXPECT_TRUE(a.has_boxes);
  EXPECT_EQ(reasons(listing), (std::vector<std::string>{"bad_box"}));
}

TEST_F(MimicSource, ReadsSceneGraphs) {
  SmallMimic set(folder_.path() / "in");
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.add({"10000002", "50000002", "b"}, kNormalReport);
  set.write_tables();
  const std::string graphs = "silver_dataset/scene_graph/";
  table(graphs + "a_SceneGraph.json", R"({"objects": [
      {"bbox_name": "left lung", "original_x1": 200, "original_y1": 50, "original_x2": 300,
       "original_y2": 350, "original_width": 100, "original_height": 300},
      {"bbox_name": "spine", "original_x1": -1, "original_y1": -1, "original_x2": -1,
       "original_y2": -1}],
    "attributes": [
      {"bbox_name": "left lung", "phrases": ["Small left effusion.", "No edema."],
       "attributes": [["disease|no|pneumonia", "anatomicalfinding|yes|pleural effusion",
                       "nlp|yes|abnormal"], ["anatomicalfinding|no|pulmonary edema/hazy opacity"]]},
      {"bbox_name": "spine", "phrases": ["Fracture."],
       "attributes": [["anatomicalfinding|yes|spinal fracture"]]}]})");
  table(graphs + "b_SceneGraph.json", "{\"objects\": [");
  const auto source = open_source("mimic-cxr", {.input = set.folder(), .boxes = folder_.path()});
  const SourceListing listing = source->list();
  const SourceImage& a = listing.images.at(0);
  ASSERT_EQ(a.boxes.size(), 1u);
  EXPECT_EQ(a.boxes[0].finding, "Pleural Effusion");
  EXPECT_EQ(a.boxes[0].phrase, "Small left effusion.");
  EXPECT_EQ(a.boxes[0].box, (Box{200, 50, 100, 300}));
  EXPECT_EQ(a.boxes[0].image_width, 0);  // original_width is the region's own
  EXPECT_FALSE(listing.images.at(1).has_boxes);
  EXPECT_EQ(reasons(listing), (std::vector<std::string>{"bad_scene_graph"}));
}

TEST_F(MimicSource, ReadsPackedTablesAsFarAsTheyGo) {
  SmallMimic set(folder_.path());
  set.add({"10000001", "50000001", "a"}, kNormalReport);
  set.write_tables();
  const fs::path plain = folder_.path() / "mimic-cxr-2.0.0-split.csv",
                 packed = plain.string() + ".gz";
  std::string rows = "dicom_id,study_id,subject_id,split\na,50000001,10000001,test\n";
  for (int i = 0; i < 40000; ++i) rows += std::to_string(i * 7919) + ",x,y,train\n";
  gzFile file = gzopen(packed.c_str(), "wb");
  gzwrite(file, rows.data(), static_cast<unsigned>(rows.size()));
  gzclose(file);
  fs::remove(plain);
  EXPECT_EQ(open()->list().images.at(0).split, "test");
  const std::string bytes = read_file(packed);
  write_file_atomic(packed, bytes.substr(0, bytes.size() * 3 / 4));
  const SourceListing cut = open()->list();
  EXPECT_EQ(cut.images.at(0).split, "test");
  EXPECT_EQ(reasons(cut), (std::vector<std::string>{"cut_table"}));
}

TEST_F(MimicSource, TheJpgEditionsReportsAndPhotometrics) {
  SmallMimic set(folder_.path() / "jpg");
  set.add({"10000001", "50000001", "a"}, std::nullopt);
  set.write_tables();
  const fs::path study = set.folder() / "files/p10/p10000001/s50000001";
  fs::rename(study / "a.png", study / "a.jpg");
  fs::remove(set.folder() / "cxr-record-list.csv");
  table("mimic-cxr-reports/files/p10/p10000001/s50000001.txt", kEffusionReport);
  const auto source = open_source(
      "mimic-cxr", {.input = set.folder(), .reports = folder_.path() / "mimic-cxr-reports"});
  const SourceImage image = source->list().images.at(0);
  EXPECT_EQ(image.photometric, "mimic-jpg");
  const auto report = source->read_report(image);
  ASSERT_TRUE(report);
  EXPECT_NE(report->findings.find("left pleural effusion"), std::string::npos);
  write_file_atomic(folder_.path() / "mimic-cxr-reports/files/p10/p10000001/s50000001.txt",
                    std::string(2 << 20, 'x'));
  EXPECT_EQ(source->read_report(image).failure().reason, "report_too_large");
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
