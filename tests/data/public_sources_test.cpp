// The sources beside MIMIC-CXR, each on a few rows made here under the public tables' headers.
#include <gtest/gtest.h>

#include "data/class_names.h"
#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/data/source.h"

namespace radgen {
namespace {

class PublicSource : public ::testing::Test {
 protected:
  void file(const std::string& name, const std::string& text) {
    write_file_atomic(folder_.path() / name, text);
  }
  SourceListing list(const std::string& name, SourceOptions options = {}) {
    options.input = folder_.path() / options.input;
    const SourceListing listing = open_source(name, options)->list();
    for (const SourceImage& image : listing.images) images_[image.image_id] = image;
    for (const Rejection& problem : listing.problems) reasons_.push_back(problem.reason);
    return listing;
  }
  TemporaryFolder folder_;
  std::map<std::string, SourceImage> images_;
  std::vector<std::string> reasons_;
};

std::string open_i_xml(const std::string& id, const std::string& findings,
                       const std::string& images) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<eCitation><uId id=\"" + id +
         "\"/><MedlineCitation><Article><Abstract>"
         "<AbstractText Label=\"COMPARISON\">None.</AbstractText>"
         "<AbstractText Label=\"INDICATION\">Cough &amp; fever</AbstractText>"
         "<AbstractText Label=\"FINDINGS\">" +
         findings +
         "</AbstractText><AbstractText Label=\"IMPRESSION\">Normal chest.</AbstractText>"
         "</Abstract></Article></MedlineCitation>" +
         images + "</eCitation>";
}

TEST_F(PublicSource, OpenIJoinsReportsImagesAndProjections) {
  file("ecgen-radiology/10.xml", open_i_xml("CXR10", "Clear lungs.",
                                            "<parentImage id=\"CXR10_IM-0002-1001\"/><parentImage "
                                            "id=\"CXR10_IM-0002-2001\"/>"));
  file("ecgen-radiology/2.xml", open_i_xml("CXR2", "Clear.", ""));
  file("ecgen-radiology/3.xml", "<eCitation><uId id=\"CXR3\"/>");
  file("NLMCXR_png/CXR10_IM-0002-1001.png", "x");
  file("10/10_IM-0002-2001.dcm", "x");
  file("indiana_projections.csv",
       "uid,filename,projection\n10,10_IM-0002-1001.dcm.png,Frontal\n"
       "10,10_IM-0002-2001.dcm.png,Lateral\n");
  const SourceListing listing = list("open-i");
  EXPECT_TRUE(listing.has_reports);
  ASSERT_EQ(images_.size(), 3u);
  EXPECT_EQ(listing.images[0].study_id, "CXR2");  // by number
  EXPECT_EQ(reasons_, (std::vector<std::string>{"bad_xml"}));
  const SourceImage& frontal = images_.at("CXR10_IM-0002-1001");
  EXPECT_EQ(frontal.relative_path, "NLMCXR_png/CXR10_IM-0002-1001.png");
  EXPECT_EQ(frontal.study_id, "CXR10");
  EXPECT_EQ(frontal.view, "");
  EXPECT_EQ(frontal.split, kSplitByPatient);
  EXPECT_EQ(frontal.report->indication, "Cough & fever");
  EXPECT_EQ(frontal.report->findings, "Clear lungs.");
  EXPECT_EQ(frontal.report->impression, "Normal chest.");
  const SourceImage& lateral = images_.at("CXR10_IM-0002-2001");
  EXPECT_EQ(lateral.view, "LATERAL");
  EXPECT_EQ(lateral.relative_path, "10/10_IM-0002-2001.dcm");
}

TEST_F(PublicSource, NihReadsLabelsBoxesAndLists) {
  // The header's commas, as they are in the table.
  file("Data_Entry_2017_v2020.csv",
       "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View "
       "Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n"
       "00000001_000.png,Cardiomegaly|Emphysema,0,1,57,M,PA,2682,2749,0.143,0.143\n"
       "00000002_000.png,No Finding,0,2,414,F,AP,2500,2048,0.171,0.171\n"
       "00000003_000.png,Nodule|Infiltration,0,3,006M,F,AP,2500,2048,0.171,0.171\n");
  file("BBox_List_2017.csv",
       "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
       "00000003_000.png,Nodule,225.0,547.5,86.0,79.0\n"
       "00000003_000.png,Infiltrate,1,2,3,4,,,\n00000003_000.png,Mass,1,2,0,4\n");
  file("train_val_list.txt", "00000001_000.png\r\n00000002_000.png\n");
  file("test_list.txt", "00000003_000.png\n");
  file("images_002/images/00000003_000.png", "x");
  const SourceListing listing = list("nih");
  EXPECT_FALSE(listing.has_reports);
  ASSERT_EQ(images_.size(), 3u);
  const SourceImage& heart = images_.at("00000001_000");
  EXPECT_EQ(heart.split, kSplitTrainByPatient);
  EXPECT_EQ(heart.patient_id, "1");
  EXPECT_EQ(heart.age, 57);
  EXPECT_EQ(heart.sex, "M");
  EXPECT_EQ(heart.view, "PA");
  EXPECT_EQ(heart.labels.at(Finding::kCardiomegaly), 1);
  EXPECT_EQ(heart.labels.at(Finding::kPneumothorax), 0);
  EXPECT_EQ(heart.labels.at(Finding::kNoFinding), 0);
  EXPECT_FALSE(heart.labels.contains(Finding::kLungOpacity));  // NIH has a part of it only
  EXPECT_FALSE(images_.at("00000002_000").age);                // 414 is no age
  EXPECT_EQ(images_.at("00000002_000").labels.at(Finding::kNoFinding), 1);
  const SourceImage& nodule = images_.at("00000003_000");
  EXPECT_EQ(nodule.split, "test");
  EXPECT_EQ(nodule.age, 0.5);
  EXPECT_EQ(nodule.relative_path, "images_002/images/00000003_000.png");
  EXPECT_EQ(nodule.labels.at(Finding::kLungLesion), 1);
  EXPECT_EQ(nodule.labels.at(Finding::kLungOpacity), 1);
  ASSERT_EQ(nodule.boxes.size(), 2u);
  EXPECT_EQ(nodule.boxes[0].finding, "Lung Lesion");
  EXPECT_EQ(nodule.boxes[0].box, (Box{225, 547.5, 86, 79}));
  EXPECT_EQ(nodule.boxes[0].image_width, 1024);
  EXPECT_EQ(nodule.boxes[1].finding, "Lung Opacity");
  EXPECT_EQ(reasons_, (std::vector<std::string>{"bad_box"}));
}

constexpr const char* kChexpertHeader =
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung "
    "Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural "
    "Effusion,Pleural Other,Fracture,Support Devices\n";

TEST_F(PublicSource, ChexpertReadsItsOwnLabels) {
  file("train.csv",
       std::string(kChexpertHeader) +
           "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,,,,"
           ",,,,0.0,,,,1.0\n"
           "CheXpert-v1.0/train/patient00001/study1/view2_lateral.jpg,Unknown,0,Lateral,,,,-1.0,,,,"
           ",,,,,,,\n"
           "nonsense,Female,68,Frontal,AP,,,,,,,,,,,,,,\n");
  file("valid.csv",
       std::string(kChexpertHeader) +
           "CheXpert-v1.0/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,PA,0.0,1.0,"
           "1.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n");
  file("train/patient00001/study1/view1_frontal.jpg", "x");
  const SourceListing listing = list("chexpert");
  EXPECT_FALSE(listing.has_reports);
  ASSERT_EQ(images_.size(), 3u);
  EXPECT_EQ(reasons_, (std::vector<std::string>{"bad_id"}));
  const SourceImage& frontal = images_.at("patient00001-study1-view1_frontal");
  EXPECT_EQ(frontal.relative_path, "train/patient00001/study1/view1_frontal.jpg");
  EXPECT_EQ(frontal.patient_id, "patient00001");
  EXPECT_EQ(frontal.split, "train");
  EXPECT_EQ(frontal.view, "AP");
  EXPECT_EQ(frontal.sex, "F");
  EXPECT_EQ(frontal.age, 68);
  EXPECT_EQ(frontal.labels, (Labels{{Finding::kNoFinding, 1},
                                    {Finding::kPneumothorax, 0},
                                    {Finding::kSupportDevices, 1}}));
  const SourceImage& lateral = images_.at("patient00001-study1-view2_lateral");
  EXPECT_EQ(lateral.view, "LATERAL");
  EXPECT_EQ(lateral.sex, "");
  EXPECT_FALSE(lateral.age);
  EXPECT_EQ(lateral.labels, (Labels{{Finding::kCardiomegaly, -1}}));
  EXPECT_EQ(images_.at("patient64541-study1-view1_frontal").split, "validate");
}

TEST_F(PublicSource, ChexpertTakesItsReportsFromPlus) {
  file("train.csv",
       std::string(kChexpertHeader) +
           "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,,,,"
           ",,,,,,,,\n");
  file("df_chexpert_plus_240401.csv",
       "path_to_image,path_to_dcm,frontal_lateral,ap_pa,deid_patient_id,section_history,section_"
       "findings,section_impression,age,sex,race,split\n"
       "train/patient00001/study1/view1_frontal.jpg,x,Frontal,AP,p,Cough,\"Line one\nline, "
       "two.\",Normal.,68.0,Female,White,train\n"
       "train/patient00002/study3/view1_frontal.jpg,x,Frontal,PA,p,,,,51.0,Male,Unknown,train\n");
  const SourceListing listing = list("chexpert");
  EXPECT_TRUE(listing.has_reports);
  ASSERT_EQ(images_.size(), 2u);
  const SourceImage& first = images_.at("patient00001-study1-view1_frontal");
  ASSERT_TRUE(first.report);
  EXPECT_EQ(first.report->findings, "Line one\nline, two.");
  EXPECT_EQ(first.report->impression, "Normal.");
  EXPECT_EQ(first.report->indication, "Cough");
  EXPECT_EQ(first.race, "White");
  EXPECT_EQ(first.labels.at(Finding::kNoFinding), 1);
  const SourceImage& second = images_.at("patient00002-study3-view1_frontal");
  EXPECT_FALSE(second.report);
  EXPECT_EQ(second.view, "PA");
  EXPECT_EQ(second.age, 51);
  EXPECT_EQ(second.race, "");
}

TEST_F(PublicSource, VindrAgreesByMajorityOfItsReaders) {
  std::string rows = "image_id,rad_id,class_name,x_min,y_min,x_max,y_max\n";
  for (const char* row :
       {"a,R1,Pleural effusion,100,100,200,200", "a,R2,Pleural effusion,110,100,210,200",
        "a,R3,Cardiomegaly,10,10,50,50", "a,R3,ILD,1,1,5,5", "a,R1,Nodule/Mass,5,5,4,9",
        "b,R1,No finding,,,,", "b,R2,No finding,,,,", "b,R3,No finding,,,,"}) {
    rows += std::string(row) + "\n";
  }
  file("annotations/annotations_train.csv", rows);
  file("annotations/annotations_test.csv",
       "image_id,class_name,x_min,y_min,x_max,y_max\nc,Rib fracture,1,2,11,22\n");
  file("train/a.dicom", "x");
  const SourceListing listing = list("vindr-cxr");
  EXPECT_FALSE(listing.has_reports);
  EXPECT_EQ(listing.counts.at("boxes_of_other_findings"), 1u);
  EXPECT_EQ(reasons_, (std::vector<std::string>{"bad_box"}));
  const SourceImage& a = images_.at("a");
  EXPECT_EQ(a.split, kSplitTrainByPatient);
  EXPECT_EQ(a.labels.at(Finding::kPleuralEffusion), 1);
  EXPECT_EQ(a.labels.at(Finding::kCardiomegaly), -1);  // one of three
  EXPECT_EQ(a.labels.at(Finding::kEdema), 0);
  EXPECT_EQ(a.labels.at(Finding::kNoFinding), 0);
  ASSERT_EQ(a.boxes.size(), 1u);  // the two effusions as one; the heart had one reader
  EXPECT_EQ(a.boxes[0].box, (Box{105, 100, 100, 100}));
  EXPECT_EQ(a.relative_path, "train/a.dicom");
  EXPECT_EQ(images_.at("b").labels.at(Finding::kNoFinding), 1);
  EXPECT_TRUE(images_.at("b").boxes.empty() && images_.at("b").has_boxes);
  EXPECT_EQ(images_.at("c").split, "test");
  EXPECT_EQ(images_.at("c").boxes.at(0).finding, "Fracture");
  EXPECT_EQ(images_.at("c").boxes.at(0).box, (Box{1, 2, 10, 20}));
}

TEST_F(PublicSource, PadchestReadsSentencesWithTheirBoxes) {
  file("grounded_reports_20240819.json", R"([
    {"StudyID": "s1", "ImageID": "i1.png", "findings": [
      {"sentence_en": "Cardiomegaly.", "abnormal": true, "labels": ["cardiomegaly"],
       "boxes": [[0.25, 0.5, 0.75, 0.9]]},
      {"sentence_en": "Small right pleural effusion", "abnormal": true, "labels": ["other"],
       "boxes": [[0, 0, 0.5, 0.5], [0.1, 0.1, 0.1, 0.2], [1, 2]]},
      {"sentence_en": "Hiatal hernia.", "abnormal": true, "labels": ["hiatal hernia"],
       "boxes": [[0.1, 0.1, 0.2, 0.2]]},
      {"sentence_en": "Rest normal.", "abnormal": false}]},
    {"ImageID": 7}])");
  file("master_table.csv",
       "StudyID,ImageID,PatientID,split,PatientSex_DICOM\ns1,i1.png,p9,validation,F\n");
  file("Padchest_GR_files/i1.png", "x");
  const SourceListing listing = list("padchest-gr");
  ASSERT_EQ(images_.size(), 1u);
  const SourceImage& image = images_.at("i1");
  EXPECT_EQ(image.patient_id, "p9");
  EXPECT_EQ(image.split, "validate");
  EXPECT_EQ(image.sex, "F");
  EXPECT_EQ(image.relative_path, "Padchest_GR_files/i1.png");
  EXPECT_EQ(image.report->findings,
            "Cardiomegaly. Small right pleural effusion. Hiatal hernia. Rest normal.");
  ASSERT_EQ(image.boxes.size(), 2u);
  EXPECT_EQ(image.boxes[0].finding, "Cardiomegaly");
  EXPECT_DOUBLE_EQ(image.boxes[0].box.w, 0.5);
  EXPECT_EQ(image.boxes[0].image_width, 1);
  EXPECT_EQ(image.boxes[1].finding, "Pleural Effusion");  // by the sentence's words
  EXPECT_EQ(listing.counts.at("boxes_of_other_findings"), 1u);
  EXPECT_EQ(reasons_, (std::vector<std::string>{"bad_box", "bad_box", "bad_row"}));
}

TEST_F(PublicSource, JsonlReadsAnySet) {
  file("own/studies.jsonl",
       "{\"study_id\": \"s1\", \"image\": \"films/1.dcm\", \"report\": \"FINDINGS: Clear "
       "lungs.\\n IMPRESSION: Normal.\", \"age\": 50, \"sex\": \"male\", \"split\": \"val\"}\r\n"
       "\n"
       "{\"study_id\": 2, \"image_id\": \"i2\", \"findings\": \"Effusion.\", \"view\": \"ap\", "
       "\"boxes\": [{\"finding\": \"Pleural Effusion\", \"x\": 1, \"y\": 2, \"w\": 3, \"h\": "
       "4}]}\n"
       "{\"study_id\": \"../x\"}\n[1]\n{\"study_id\":\n{\"study_id\": \"s4\", \"boxes\": "
       "[{\"finding\": \"Edema\"}]}\n");
  const SourceListing listing = list("jsonl", {.input = "own"});
  EXPECT_TRUE(listing.has_reports);
  ASSERT_EQ(images_.size(), 3u);
  const SourceImage& first = images_.at("s1");
  EXPECT_EQ(first.report->findings, "Clear lungs.");
  EXPECT_EQ(first.report->impression, "Normal.");
  EXPECT_EQ(first.split, "validate");
  EXPECT_EQ(first.sex, "M");
  EXPECT_EQ(first.image_path, folder_.path() / "own/films/1.dcm");
  const SourceImage& second = images_.at("i2");
  EXPECT_EQ(second.study_id, "2");
  EXPECT_EQ(second.view, "AP");
  EXPECT_EQ(second.split, kSplitByPatient);
  EXPECT_EQ(second.boxes.at(0).box, (Box{1, 2, 3, 4}));
  EXPECT_EQ(reasons_, (std::vector<std::string>{"bad_id", "bad_row", "bad_row", "bad_row"}));
  EXPECT_EQ(list("jsonl", {.input = "own/studies.jsonl"}).images.size(), 3u);
}

TEST_F(PublicSource, EverySourceSaysWhatItMisses) {
  for (const std::string& name : source_names()) {
    try {
      list(name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData) << name;
      EXPECT_NE(error.hint(), "") << name;
    }
  }
}

TEST(ClassNames, FoldTheSetsNamesIntoTheFourteen) {
  EXPECT_EQ(finding_of_class("Pleural_Thickening"), Finding::kPleuralOther);
  EXPECT_EQ(finding_of_class(" EFFUSION "), Finding::kPleuralEffusion);
  EXPECT_EQ(finding_of_class("Nodule/Mass"), Finding::kLungLesion);
  for (const Finding finding : all_findings()) {
    EXPECT_EQ(finding_of_class(finding_name(finding)), finding);
  }
  EXPECT_FALSE(finding_of_class("Emphysema"));
  EXPECT_FALSE(finding_of_class(""));
}

}  // namespace
}  // namespace radgen
