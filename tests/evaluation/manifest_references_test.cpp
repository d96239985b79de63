#include "radgen/evaluation/manifest_references.h"

#include <gtest/gtest.h>

#include <fstream>

#include "data/temporary_folder.h"
#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

ManifestEntry boxed_entry() {
  ManifestEntry entry;
  entry.study_id = "s1", entry.image_id = "i1", entry.patient_id = "p1", entry.split = "test";
  entry.image = "images/i1.png";
  entry.width = 100, entry.height = 120, entry.pixel_spacing_mm = 0.5;
  entry.indication = "Cough.", entry.findings = "Small left effusion.", entry.impression = "It.";
  entry.labels = {{Finding::kPleuralEffusion, 1}};
  entry.has_boxes = true;
  entry.boxes = {{"Pleural Effusion", "left", "left effusion", {60, 80, 20, 30}},
                 {"Gallstone", "", "a stone", {1, 1, 1, 1}}};
  entry.regions = {{"spine", "one sentence", {40, 0, 20, 100}},
                   {"spine", "another sentence", {40, 0, 20, 100}}};
  return entry;
}

TEST(ReferenceOf, TakesOverWhatTheManifestKnows) {
  const Reference r = reference_of(boxed_entry(), "data");
  EXPECT_EQ(r.study_id, "s1");
  EXPECT_EQ(r.image_id, "i1");
  EXPECT_EQ(r.patient_id, "p1") << "resamples take patients whole";
  EXPECT_EQ(r.split, "test");
  EXPECT_EQ(r.image, std::filesystem::path("data/images/i1.png"));
  EXPECT_EQ(r.width, 100);
  EXPECT_EQ(r.height, 120);
  EXPECT_EQ(r.pixel_spacing_mm, 0.5);
  EXPECT_EQ(r.indication, "Cough.");
  EXPECT_EQ(r.text(), "Small left effusion.\nIt.");
  EXPECT_EQ(r.labels, boxed_entry().labels);
  EXPECT_TRUE(r.has_boxes);
}

TEST(ReferenceOf, LeavesOutUnknownFindingsAndCountsAPlaceOnce) {
  const Reference r = reference_of(boxed_entry(), "data");
  ASSERT_EQ(r.boxes.size(), 1u);
  EXPECT_EQ(r.boxes[0].finding, Finding::kPleuralEffusion);
  EXPECT_EQ(r.boxes[0].side, Side::kLeft);
  EXPECT_EQ(r.boxes[0].box, (Box{60, 80, 20, 30}));
  ASSERT_EQ(r.regions.size(), 1u);
  EXPECT_EQ(r.regions[0].anatomy, "spine");
}

TEST(AttachTruth, ReadsLabelsOfPeopleAndTheTruthOfPhantoms) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "labels.csv") << "study_id,Edema,Fracture\ns1,1,0\n";
  std::ofstream(folder.path() / "truth.jsonl")
      << R"({"study_id": "s1", "findings": [{"finding": "Edema", "box": {"x": 1, "y": 1, "w": 4, "h": 2}}]})"
      << "\n";
  std::vector<Reference> references{reference_of(boxed_entry(), "data")};
  EXPECT_EQ(attach_truth("", references, {}), 0u);
  EXPECT_FALSE(references[0].has_truth);
  EXPECT_EQ(attach_truth(folder.path() / "labels.csv", references, {}), 1u);
  ASSERT_EQ(references[0].truth.size(), 1u);
  EXPECT_EQ(references[0].boxes.size(), 1u) << "boxes stay as they are";
  EXPECT_EQ(attach_truth(folder.path() / "truth.jsonl", references,
                         {{"i1", Affine::scale_shift(10, 10, 0, 0)}}),
            1u);
  ASSERT_EQ(references[0].boxes.size(), 1u);
  EXPECT_EQ(references[0].boxes[0].box, (Box{10, 10, 40, 20})) << "in prepared pixels";
}

}  // namespace
}  // namespace radgen::evaluation
