#include "radgen/data/manifest.h"

#include <gtest/gtest.h>

#include "data/temporary_folder.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

ManifestEntry full_entry() {
  ManifestEntry entry;
  entry.study_id = "s1";
  entry.image_id = "i1";
  entry.patient_id = "p1";
  entry.split = "train";
  entry.image = "images/i1.png";
  entry.width = 160;
  entry.height = 200;
  entry.pixel_spacing_mm = 1.25;
  entry.spacing_kind = "imager";
  entry.photometric = "voi";
  entry.view = "AP";
  entry.age = 71;
  entry.sex = "F";
  entry.race = "conflicting";
  entry.indication = "Cough.";
  entry.findings = "Clear lungs.";
  entry.impression = "Normal.";
  entry.labels = {{Finding::kEdema, -1}, {Finding::kNoFinding, 1}};
  entry.boxes = {{"Edema", "left", "left edema", {1.5, 2, 3, 4}}};
  entry.has_boxes = true;
  entry.regions = {{"left lung", "Clear lungs.", {5, 6, 7, 8}}, {"spine", "", {1, 2, 3, 4}}};
  entry.source_path = "files/i1.dcm";
  entry.source_sha256 = "00";
  entry.source_rows = 400;
  entry.source_columns = 320;
  entry.source_transform = Affine::scale_shift(0.5, 0.5, 0, 0);
  return entry;
}

TEST(Manifest, ALineReadsBackAsItWasWritten) {
  const nlohmann::ordered_json line = manifest_entry_to_json(full_entry());
  const ManifestEntry again = manifest_entry_from_json(nlohmann::json::parse(line.dump()), "here");
  EXPECT_EQ(manifest_entry_to_json(again).dump(), line.dump());
  EXPECT_EQ(again.boxes.at(0).box, (Box{1.5, 2, 3, 4}));
  ASSERT_EQ(again.regions.size(), 2u);
  EXPECT_EQ(again.regions[0].anatomy, "left lung");
  EXPECT_EQ(again.regions[0].phrase, "Clear lungs.");
  EXPECT_EQ(again.regions[1].box, (Box{1, 2, 3, 4}));
  EXPECT_EQ(again.text(), "Clear lungs.\nNormal.");
  EXPECT_EQ(line["labels"].dump(), R"({"Edema":-1,"No Finding":1})");
}

TEST(Manifest, AnUnknownPlaceIsAnError) {
  auto line = nlohmann::json::parse(manifest_entry_to_json(full_entry()).dump());
  line["regions"][0]["anatomy"] = "left foot";
  EXPECT_THROW(manifest_entry_from_json(line, "here"), Error);
}

TEST(Manifest, AnUnknownAgeStaysUnknown) {
  ManifestEntry entry = full_entry();
  entry.age.reset();
  const auto line = nlohmann::json::parse(manifest_entry_to_json(entry).dump());
  EXPECT_FALSE(manifest_entry_from_json(line, "here").age);
}

TEST(Manifest, ErrorsNameFileLineAndKey) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "manifest.jsonl";
  const auto error_of = [&](const std::string& key, const nlohmann::json& value) {
    const std::string good = manifest_entry_to_json(full_entry()).dump();
    nlohmann::json bad = nlohmann::json::parse(good);
    if (value.is_null())
      bad.erase(key);
    else
      bad[key] = value;
    write_file_atomic(path, good + "\n" + bad.dump() + "\n");
    try {
      read_manifest(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  for (const auto& [key, value] : std::vector<std::pair<std::string, nlohmann::json>>{
           {"image", nullptr},
           {"width", "wide"},
           {"height", 0},
           {"labels", {{"Cold", 1}}},
           {"labels", {{"Edema", 2}}},
           {"boxes", {{{"finding", "Edema"}, {"x", 1}}}},
           {"boxes", 3}}) {
    const std::string error = error_of(key, value);
    EXPECT_NE(error.find("line 2"), std::string::npos) << key << ": " << error;
    EXPECT_NE(error.find("manifest.jsonl"), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace radgen
