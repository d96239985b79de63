// Each set as it lies on its users' disks: the layouts that public descriptions, READMEs and
// loaders name, and what happens to its tables on the way. Rows are made here under the public
// headers.
#include <gtest/gtest.h>

#include "data/listing.h"
#include "data/prepare_study.h"
#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/data/source.h"

namespace radgen {
namespace {

using Files = std::map<std::string, std::string>;

// One way in which a set lies on a disk: what to name as --input, and the images that have to be
// found, by image_id, with their place below the folder.
struct Layout {
  std::string name, source, input;
  Files files;
  std::map<std::string, std::string> images;
};

const char* const kChexpertRows =
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Pleural Effusion\n"
    "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,,1.0\n"
    "CheXpert-v1.0/train/patient43017/study2/view1_frontal.jpg,Male,41,Frontal,PA,1.0,\n";
const char* const kChexpertValid =
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Pleural Effusion\n"
    "CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,PA,0.0,1.0\n";
const std::string kFirst = "/patient00001/study1/view1_frontal.jpg",
                  kSecond = "/patient43017/study2/view1_frontal.jpg",
                  kThird = "/patient64541/study1/view1_frontal.jpg";
const std::string kId1 = "patient00001-study1-view1_frontal",
                  kId2 = "patient43017-study2-view1_frontal",
                  kId3 = "patient64541-study1-view1_frontal";

// A folder that holds train/ and valid/, and where its three images lie.
Layout chexpert_joined(const std::string& name, const std::string& root) {
  return {name,
          "chexpert",
          "",
          {{root + "train.csv", kChexpertRows},
           {root + "valid.csv", kChexpertValid},
           {root + "train" + kFirst, "x"},
           {root + "train" + kSecond, "x"},
           {root + "valid" + kThird, "x"}},
          {{kId1, root + "train" + kFirst},
           {kId2, root + "train" + kSecond},
           {kId3, root + "valid" + kThird}}};
}

// Stanford AIMI's download: four archives, each unpacked into a folder.
Layout chexpert_batches(const std::string& name, const std::string& input, const std::string& root,
                        const std::string& tables) {
  const std::string first = root + "CheXpert-v1.0 batch 1 (validate & csv)/valid" + kThird,
                    second = root + "CheXpert-v1.0 batch 2 (train 1)" + kFirst,
                    last = root + "CheXpert-v1.0 batch 4 (train 3)" + kSecond;
  return {name,
          "chexpert",
          input,
          {{tables + "train.csv", kChexpertRows},
           {tables + "valid.csv", kChexpertValid},
           {first, "x"},
           {second, "x"},
           {last, "x"}},
          {{kId1, second}, {kId2, last}, {kId3, first}}};
}

std::vector<Layout> chexpert_layouts() {
  const std::string cloud = "chexpertchestxrays-u20210408/",
                    first = "CheXpert-v1.0 batch 1 (validate & csv)/",
                    second = "CheXpert-v1.0 batch 2 (train 1)/";
  std::vector<Layout> layouts{
      chexpert_joined("splits in the input", ""),
      chexpert_joined("CheXpert-v1.0", "CheXpert-v1.0/"),
      chexpert_joined("Kaggle's small edition", "CheXpert-v1.0-small/"),
      chexpert_joined("a folder above", "data/raw/CheXpert-v1.0/"),
      chexpert_batches("four batches", "", "", first),
      chexpert_batches("four batches, tables moved beside them", "", "", ""),
      chexpert_batches("as azcopy nests them", "", cloud, cloud + first),
      chexpert_batches("the first batch named as the input", cloud + first, cloud, cloud + first)};
  // CheXbert's labels in place of train.csv, as the download has them, too.
  Layout labels = chexpert_batches("labels of CheXbert", cloud, cloud, cloud + first);
  labels.files[cloud + "train_cheXbert.csv"] = labels.files.at(cloud + first + "train.csv");
  labels.files.erase(cloud + first + "train.csv");
  layouts.push_back(labels);
  // An archive that was unpacked into a folder of its name.
  Layout twice = chexpert_batches("a batch in a folder of its name", "", "", first);
  twice.files.erase(second.substr(0, second.size() - 1) + kFirst);
  twice.images[kId1] = second + second.substr(0, second.size() - 1) + kFirst;
  twice.files[twice.images[kId1]] = "x";
  layouts.push_back(twice);
  // CheXlocalize: the folder of the validation split is val/, its table has no sex and no view.
  layouts.push_back(
      {"CheXlocalize",
       "chexpert",
       "",
       {{"chexlocalize/CheXpert/val_labels.csv",
         "Path,Pleural Effusion\nCheXpert-v1.0/valid" + kThird + ",1\n"},
        {"chexlocalize/CheXpert/test_labels.csv", "Path,Edema\ntest" + kFirst + ",0\n"},
        {"chexlocalize/CheXpert/val" + kThird, "x"},
        {"chexlocalize/CheXpert/test" + kFirst, "x"}},
       {{kId3, "chexlocalize/CheXpert/val" + kThird},
        {kId1, "chexlocalize/CheXpert/test" + kFirst}}});
  const std::string png = "PNG/PNG/train/patient00001/study1/view1_frontal.png";
  layouts.push_back({"CheXpert Plus",
                     "chexpert",
                     "",
                     {{"df_chexpert_plus_240401.csv",
                       "path_to_image,section_findings,section_impression,split\ntrain" + kFirst +
                           ",Clear.,Normal.,train\n"},
                      {png, "x"}},
                     {{kId1, png}}});
  return layouts;
}

std::vector<Layout> vindr_layouts() {
  const std::string rows =
                        "image_id,rad_id,class_name,x_min,y_min,x_max,y_max\na,R1,Cardiomegaly,"
                        "10,20,30,40\n",
                    kaggle =
                        "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max\na,"
                        "Cardiomegaly,3,R1,10,20,30,40\n",
                    test = "image_id,class_name,x_min,y_min,x_max,y_max\nc,Edema,1,2,11,22\n";
  const auto physionet = [&](const std::string& root) {
    return Layout{root.empty() ? "PhysioNet" : "PhysioNet by wget -r",
                  "vindr-cxr",
                  "",
                  {{root + "annotations/annotations_train.csv", rows},
                   {root + "annotations/annotations_test.csv", test},
                   {root + "train/a.dicom", "x"},
                   {root + "test/c.dicom", "x"}},
                  {{"a", root + "train/a.dicom"}, {"c", root + "test/c.dicom"}}};
  };
  const auto kaggle_with = [&](const std::string& name, const std::string& image) {
    return Layout{name, "vindr-cxr", "", {{"train.csv", kaggle}, {image, "x"}}, {{"a", image}}};
  };
  return {physionet(""), physionet("physionet.org/files/vindr-cxr/1.0.0/"),
          kaggle_with("Kaggle's competition", "train/a.dicom"),
          kaggle_with("resized, in a folder of its name", "train/train/a.png"),
          kaggle_with("resized, in images/", "images/a.jpg")};
}

std::vector<Layout> nih_layouts() {
  const std::string rows =
      "Image Index,Finding Labels,Follow-up #,Patient ID\n"
      "00000001_000.png,Cardiomegaly,0,1\n";
  std::vector<Layout> layouts;
  for (const auto& [name, table, image] : std::vector<std::array<std::string, 3>>{
           {"Box: archives unpacked together", "Data_Entry_2017_v2020.csv",
            "images/00000001_000.png"},
           {"Box: one folder an archive", "CXR8/Data_Entry_2017_v2020.csv",
            "CXR8/images/images_01/images/00000001_000.png"},
           {"Kaggle", "archive/Data_Entry_2017.csv", "archive/images_001/images/00000001_000.png"},
           {"resized beside the table", "Data_Entry_2017.csv", "images-224/00000001_000.png"}}) {
    layouts.push_back({name, "nih", "", {{table, rows}, {image, "x"}}, {{"00000001_000", image}}});
  }
  return layouts;
}

std::vector<Layout> mimic_layouts() {
  const std::string study = "p10/p10000001/s50000001", dicom = "d1";
  const std::string records = "subject_id,study_id,dicom_id,path\n10000001,50000001,d1,files/" +
                              study + "/d1.dcm\n",
                    split = "dicom_id,study_id,subject_id,split\nd1,50000001,10000001,train\n",
                    metadata =
                        "dicom_id,subject_id,study_id,ViewPosition\nd1,10000001,50000001,PA\n";
  const auto jpg = [&](const std::string& name, const std::string& root, const std::string& below,
                       const std::string& end) {
    const std::string image = root + below + "/" + study + "/d1" + end;
    return Layout{name,
                  "mimic-cxr",
                  "",
                  {{root + "mimic-cxr-2.0.0-split.csv", split},
                   {root + "mimic-cxr-2.0.0-metadata.csv", metadata},
                   {image, "x"}},
                  {{"d1", image}}};
  };
  Layout dicoms = jpg("the DICOM edition with the split table of the other", "", "files", ".dcm");
  dicoms.files["cxr-record-list.csv"] = records;
  // Both editions by wget -r: records and reports in one, splits and views in the other.
  Layout both =
      jpg("both editions by wget -r", "physionet.org/files/mimic-cxr-jpg/2.0.0/", "files", ".jpg");
  both.files["physionet.org/files/mimic-cxr/2.0.0/cxr-record-list.csv"] = records;
  both.files["physionet.org/files/mimic-cxr/2.0.0/files/" + study + ".txt"] = " FINDINGS: Clear.";
  return {dicoms,
          jpg("the JPG edition", "", "files", ".jpg"),
          jpg("the JPG edition by wget -r", "physionet.org/files/mimic-cxr-jpg/2.1.0/", "files",
              ".jpg"),
          jpg("R2Gen's images/", "mimic_cxr/", "images", ".jpg"),
          jpg("resized PNGs", "", "files", ".png"),
          both};
}

std::vector<Layout> other_layouts() {
  const std::string xml =
      "<eCitation><uId id=\"CXR1\"/><AbstractText Label=\"FINDINGS\">Clear."
      "</AbstractText><parentImage id=\"CXR1_1_IM-0001-3001\"/></eCitation>";
  const std::string reports =
                        "uid,MeSH,Problems,image,indication,comparison,findings,impression\n"
                        "1,normal,normal,Xray,Cough,None.,Clear.,Normal.\n",
                    projections = "uid,filename,projection\n1,1_IM-0001-4001.dcm.png,Frontal\n";
  const std::string grounded =
      "[{\"StudyID\": \"s\", \"ImageID\": \"i.png\", \"findings\": "
      "[{\"sentence_en\": \"Clear.\"}]}]";
  const auto open_i = [&](const std::string& name, const std::string& report,
                          const std::string& image) {
    return Layout{
        name, "open-i", "", {{report, xml}, {image, "x"}}, {{"CXR1_1_IM-0001-3001", image}}};
  };
  const auto kaggle = [&](const std::string& root) {
    const std::string image = root + "images/images_normalized/1_IM-0001-4001.dcm.png";
    return Layout{"Kaggle's edition in " + root,
                  "open-i",
                  "",
                  {{root + "indiana_reports.csv", reports},
                   {root + "indiana_projections.csv", projections},
                   {image, "x"}},
                  {{"CXR1_IM-0001-4001", image}}};
  };
  const auto padchest = [&](const std::string& root, const std::string& image) {
    return Layout{"PadChest-GR in " + root,
                  "padchest-gr",
                  "",
                  {{root + "grounded_reports_20240819.json", grounded}, {root + image, "x"}},
                  {{"i", root + image}}};
  };
  return {open_i("reports and PNGs unpacked", "NLMCXR_reports/ecgen-radiology/1.xml",
                 "NLMCXR_png/CXR1_1_IM-0001-3001.png"),
          open_i("reports and DICOMs by study", "ecgen-radiology/1.xml",
                 "NLMCXR_dcm/1/1_1_IM-0001-3001.dcm"),
          kaggle(""),
          kaggle("archive/"),
          padchest("", "Padchest_GR_files/PadChest_GR/i.png"),
          padchest("BIMCV-Padchest-GR/", "i.png")};
}

std::vector<Layout> all_layouts() {
  std::vector<Layout> all;
  for (const auto& some :
       {chexpert_layouts(), vindr_layouts(), nih_layouts(), mimic_layouts(), other_layouts()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

TEST(DownloadedSets, AreFoundInEveryLayoutOfTheirUsers) {
  std::map<std::string, int> layouts;
  for (const Layout& layout : all_layouts()) {
    SCOPED_TRACE(layout.source + ": " + layout.name);
    ++layouts[layout.source];
    const TemporaryFolder folder;
    for (const auto& [name, text] : layout.files) write_file_atomic(folder.path() / name, text);
    const SourceListing listing =
        open_source(layout.source, {.input = folder.path() / layout.input})->list();
    EXPECT_TRUE(listing.problems.empty()) << listing.problems.front().message;
    EXPECT_EQ(listing.images.size(), layout.images.size());
    for (const SourceImage& image : listing.images) {
      ASSERT_TRUE(layout.images.contains(image.image_id)) << image.image_id;
      EXPECT_EQ(fs::path(image.image_path).lexically_normal(),
                (folder.path() / layout.images.at(image.image_id)).lexically_normal());
      EXPECT_NE(image.split, "");
      EXPECT_EQ(image.relative_path.find(".."), std::string::npos) << image.relative_path;
    }
  }
  EXPECT_EQ(layouts.size(), source_names().size() - 1);  // all but jsonl, which has one
}

class DownloadedTables : public ::testing::Test {
 protected:
  void file(const std::string& name, const std::string& text) {
    write_file_atomic(folder_.path() / name, text);
  }
  SourceListing list(const std::string& source) {
    return open_source(source, {.input = folder_.path()})->list();
  }
  TemporaryFolder folder_;
};

TEST_F(DownloadedTables, KaggleTextsOfOpenIAreRead) {
  file("indiana_reports.csv",
       "uid,indication,comparison,findings,impression\n1.0,Cough,,Clear.,Ok.\n");
  file("indiana_projections.csv",
       "uid,filename,projection\n1,1_IM-0001-4001.dcm.png,Lateral\n7,7_IM.dcm.png,Frontal\n");
  const SourceListing listing = list("open-i");
  ASSERT_EQ(listing.images.size(), 1u);
  EXPECT_EQ(listing.images[0].report->findings, "Clear.");
  EXPECT_EQ(listing.images[0].report->indication, "Cough");
  EXPECT_EQ(listing.images[0].view, "LATERAL");
  EXPECT_EQ(listing.images[0].study_id, "CXR1");
  ASSERT_EQ(listing.problems.size(), 1u);
  EXPECT_EQ(listing.problems[0].reason, "no_report");
  fs::remove(folder_.path() / "indiana_projections.csv");
  EXPECT_EQ(
      open_source("open-i", {.input = folder_.path(), .text_only = true})->list().images.size(),
      1u);
}

TEST_F(DownloadedTables, VindrKnowsTheSizeItsBoxesWereDrawnOn) {
  file("train.csv",
       "image_id,class_name,rad_id,x_min,y_min,x_max,y_max\na,Cardiomegaly,R1,100,200,300,400\n");
  file("train_meta.csv", "image_id,dim0,dim1\na,2400,2000\nb,1,1\n");
  SourceListing listing = list("vindr-cxr");
  ASSERT_EQ(listing.images.size(), 1u);
  ASSERT_EQ(listing.images[0].boxes.size(), 1u);
  EXPECT_EQ(listing.images[0].boxes[0].image_width, 2000);  // dim0 counts rows
  EXPECT_EQ(listing.images[0].boxes[0].image_height, 2400);
  fs::remove(folder_.path() / "train_meta.csv");
  file("train.csv",
       "image_id,class_name,rad_id,x_min,y_min,x_max,y_max,width,height\n"
       "a,Cardiomegaly,R1,100,200,300,400,2000,2400\n");
  listing = list("vindr-cxr");
  EXPECT_EQ(listing.images[0].boxes[0].image_width, 2000);
  EXPECT_EQ(listing.images[0].boxes[0].image_height, 2400);
}

TEST_F(DownloadedTables, VindrTakesItsTableFromElsewhere) {
  const std::string rows =
      "image_id,class_name,rad_id,x_min,y_min,x_max,y_max\na,Cardiomegaly,R1,1,2,3,4\n";
  file("tables/boxes.csv", rows);
  file("small/train/a.png", "x");
  const SourceListing listing =
      open_source("vindr-cxr",
                  {.input = folder_.path() / "small", .boxes = folder_.path() / "tables/boxes.csv"})
          ->list();
  ASSERT_EQ(listing.images.size(), 1u);
  EXPECT_EQ(listing.images[0].relative_path, "train/a.png");
}

TEST_F(DownloadedTables, IdsThatDataFramesMadeFloatsArePlainAgain) {
  EXPECT_EQ(plain_id("50414267.0"), "50414267");
  EXPECT_EQ(plain_id(" 50414267\t"), "50414267");
  EXPECT_EQ(plain_id("1.5"), "1.5");
  EXPECT_EQ(plain_id("1.2.840.0"), "1.2.840.0");
  EXPECT_EQ(plain_id(".0"), ".0");
  EXPECT_EQ(plain_id("  "), "");
  file("cxr-record-list.csv", "subject_id,study_id,dicom_id\n10000001.0,50000001.0,d1\n");
  file("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\n d1 ,1,1,test\n");
  const SourceListing listing = list("mimic-cxr");
  ASSERT_EQ(listing.images.size(), 1u);
  EXPECT_EQ(listing.images[0].patient_id, "10000001");
  EXPECT_EQ(listing.images[0].study_id, "50000001");
  EXPECT_EQ(listing.images[0].split, "test");
}

TEST_F(DownloadedTables, OnesThatNameNoListedImageAreSaidToBeWrittenOtherwise) {
  file("cxr-record-list.csv", "subject_id,study_id,dicom_id\n10000001,50000001,ab-12\n");
  file("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\nab_12.dcm,1,1,test\n");
  try {
    list("mimic-cxr");
    FAIL() << "a split table of other pictures was accepted";
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("'aa_99.aaa' there, 'aa-99' here"), std::string::npos)
        << error.hint();
  }
  file("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\nab-12,1,1,test\n");
  file("MS_CXR_Local_Alignment_v1.1.0.csv",
       "dicom_id,category_name,label_text,x,y,w,h\nab_12,Edema,edema,1,2,3,4\n");
  const SourceListing listing = list("mimic-cxr");
  ASSERT_EQ(listing.problems.size(), 1u);
  EXPECT_EQ(listing.problems[0].reason, "no_box_matches");
}

TEST_F(DownloadedTables, SceneGraphsAreInPixelsOfTheOriginalFilm) {
  file("cxr-record-list.csv", "subject_id,study_id,dicom_id\n10000001,50000001,d1\n");
  file("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\nd1,1,1,test\n");
  file("mimic-cxr-2.0.0-metadata.csv",
       "dicom_id,subject_id,study_id,ViewPosition,Rows,Columns\nd1,10000001,50000001,PA,3056,"
       "2544\n");
  file("graphs/d1_SceneGraph.json",
       R"({"objects": [{"bbox_name": "left lung", "original_x1": 10, "original_y1": 20,
           "original_x2": 2600, "original_y2": 40}], "attributes": [{"bbox_name": "left lung",
           "attributes": [["anatomicalfinding|yes|pleural effusion"]], "phrases": ["effusion"]}]})");
  const auto source =
      open_source("mimic-cxr", {.input = folder_.path(), .boxes = folder_.path() / "graphs"});
  const SourceListing listing = source->list();
  ASSERT_EQ(listing.images.size(), 1u);
  ASSERT_EQ(listing.images[0].boxes.size(), 1u);
  EXPECT_EQ(listing.images[0].boxes[0].image_width, 2544);
  EXPECT_EQ(listing.images[0].boxes[0].image_height, 3056);
  const std::vector<SourceRegion> regions = source->read_regions(listing.images[0]);
  ASSERT_EQ(regions.size(), 1u);
  EXPECT_EQ(regions[0].image_width, 2544);
  EXPECT_EQ(regions[0].image_height, 3056);
}

// --- boxes and the image that is there ---

class BoxesOnImages : public ::testing::Test {
 protected:
  // Of a stored image of 256 x 320 (columns x rows) that was prepared as it is.
  MappedBoxes map(const std::vector<SourceBox>& boxes) {
    SourceImage image;
    for (SourceBox box : boxes) {
      box.finding = "Edema";
      image.boxes.push_back(box);
    }
    return map_boxes(image, prepared(), labeler_);
  }
  static FinishedImage prepared() {
    FinishedImage image;
    image.width = image.source_columns = 256;
    image.height = image.source_rows = 320;
    return image;
  }
  const Labeler labeler_;
};

TEST_F(BoxesOnImages, AreScaledWhereTheirSizeIsKnown) {
  const MappedBoxes mapped =
      map({{.box = {1000, 1500, 200, 300}, .image_width = 2560, .image_height = 3200}});
  ASSERT_EQ(mapped.boxes.size(), 1u);
  EXPECT_EQ(mapped.boxes[0].box, (Box{100, 150, 20, 30}));
  EXPECT_EQ(mapped.of_another_size, "");
  const auto regions = map_regions({{.anatomy = "left lung",
                                     .box = {1000, 1500, 200, 300},
                                     .image_width = 2560,
                                     .image_height = 3200}},
                                   prepared());
  ASSERT_EQ(regions.size(), 1u);
  EXPECT_EQ(regions[0].box, (Box{100, 150, 20, 30}));
}

TEST_F(BoxesOnImages, OfAnotherSizeThatNobodyNamesAreAllLeftOut) {
  // The first lies inside the small image by chance and is as wrong as the second.
  const MappedBoxes mapped = map({{.box = {100, 100, 50, 50}}, {.box = {1000, 1500, 200, 300}}});
  EXPECT_TRUE(mapped.boxes.empty());
  EXPECT_EQ(mapped.outside, 2u);
  EXPECT_NE(mapped.of_another_size.find("256 x 320"), std::string::npos) << mapped.of_another_size;
}

TEST_F(BoxesOnImages, ThatReachALittleOverTheEdgeAreClipped) {
  const MappedBoxes mapped = map({{.box = {200, 300, 60, 30}}});
  ASSERT_EQ(mapped.boxes.size(), 1u);
  EXPECT_EQ(mapped.boxes[0].box, (Box{200, 300, 56, 20}));
}

TEST_F(BoxesOnImages, InPixelsWhereSharesAreExpectedAreLeftOut) {
  EXPECT_NE(map({{.box = {10, 10, 50, 50}, .image_width = 1, .image_height = 1}}).of_another_size,
            "");
  EXPECT_EQ(map({{.box = {.5, .5, .5, .5}, .image_width = 1, .image_height = 1}}).boxes.size(), 1u);
}

TEST_F(BoxesOnImages, OfATurnedImageAreLeftOut) {
  EXPECT_NE(
      map({{.box = {10, 10, 50, 50}, .image_width = 320, .image_height = 256}}).of_another_size,
      "");
}

}  // namespace
}  // namespace radgen
