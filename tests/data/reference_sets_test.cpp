// Real reports, tables and films, where the reference folder is there: each set goes through.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "data/listing.h"
#include "data/small_mimic.h"
#include "data/temporary_folder.h"
#include "radgen/core/csv.h"
#include "radgen/core/error.h"
#include "radgen/data/manifest.h"
#include "radgen/data/prepare.h"

namespace radgen {
namespace {

fs::path reference_images() {
  const char* given = std::getenv("RADGEN_REFERENCE_DIR");
  const fs::path root =
      given != nullptr ? fs::path(given) : fs::path(RADGEN_SOURCE_DIR) / "../shared/reference";
  return root / "images";
}

PrepareSummary prepare(const std::string& name, const fs::path& input, const fs::path& output,
                       bool text_only) {
  std::cout << "reference case: " << input.string() << "\n";
  PrepareConfig config;
  config.preparation.size_px = 256;
  config.vocabulary_size = 600;
  const auto source = open_source(name, {.input = input, .text_only = text_only});
  return prepare_dataset(config, *source, output, {.threads = 2, .text_only = text_only});
}

size_t sum(const std::map<std::string, size_t>& counts) {
  size_t all = 0;
  for (const auto& [name, count] : counts) all += count;
  return all;
}

TEST(ReferenceSets, OpenIReportsGoThroughAsTexts) {
  size_t seen = 0;
  const fs::path reports = reference_images() / "reports";
  if (!fs::is_directory(reports)) GTEST_SKIP() << "no reference folder with Open-I's reports";
  for (const auto& item : fs::directory_iterator(reports)) {
    const size_t files = index_files(item.path(), {".xml"}).size();
    if (!item.is_directory() || files == 0) continue;
    ++seen;
    const TemporaryFolder folder;
    const PrepareSummary summary =
        prepare("open-i", item.path(), folder.path() / "out", /*text_only=*/true);
    EXPECT_EQ(summary.prepared + sum(summary.rejected), files);
    EXPECT_EQ(summary.rejected.count("bad_xml"), 0u);
    EXPECT_GT(summary.prepared, files * 7 / 10);
    EXPECT_EQ(summary.splits.size(), 3u);  // divided by patient
    const auto entries = read_manifest(folder.path() / "out/manifest.jsonl");
    size_t labelled = 0;
    for (const ManifestEntry& entry : entries) {
      EXPECT_TRUE(entry.image.empty());
      labelled += entry.labels.empty() ? 0 : 1;
    }
    EXPECT_GT(labelled, entries.size() * 9 / 10);
  }
  EXPECT_GT(seen, 0u);
}

TEST(ReferenceSets, NihTablesGoThrough) {
  const fs::path tables = reference_images() / "tables";
  const fs::path entries = find_table(tables, "Data_Entry", ".csv");
  if (entries.empty()) GTEST_SKIP() << "no reference folder with NIH's tables";
  const TemporaryFolder folder;
  const PrepareSummary summary = prepare("nih", tables, folder.path() / "out", /*text_only=*/true);
  CsvReader rows(entries);
  size_t images = 0;
  while (rows.next()) ++images;
  EXPECT_EQ(summary.prepared, images);
  CsvReader boxes(find_table(tables, "BBox_List", ".csv"));
  size_t listed = 0;
  while (boxes.next()) ++listed;
  EXPECT_EQ(summary.boxes + summary.boxes_outside, listed);
  EXPECT_GT(listed, 0u);
}

TEST(ReferenceSets, NihImagesThatAreThereGoThrough) {
  const fs::path tables = reference_images() / "tables", films = reference_images() / "png";
  const fs::path entries = find_table(tables, "Data_Entry", ".csv");
  if (entries.empty() || !fs::is_directory(films)) GTEST_SKIP() << "no NIH tables and pictures";
  // The rows of the images that are there; the films are named NIH_<Image Index>.
  const TemporaryFolder folder;
  CsvReader rows(entries);
  std::string table = fmt::format("{}\n", fmt::join(rows.columns(), ","));
  size_t copied = 0;
  const size_t name = rows.column("Image Index");
  while (rows.next()) {
    const fs::path film = films / ("NIH_" + rows.at(name));
    if (!fs::exists(film)) continue;
    ++copied;
    fs::create_directories(folder.path() / "in/images_001/images");
    fs::copy_file(film, folder.path() / "in/images_001/images" / rows.at(name));
    for (size_t c = 0; c < rows.columns().size(); ++c) {
      table += rows.at(c) + (c + 1 < rows.columns().size() ? "," : "\n");
    }
  }
  if (copied == 0) GTEST_SKIP() << "none of NIH's pictures is there";
  write_file_atomic(folder.path() / "in/Data_Entry_2017_v2020.csv", table);
  const PrepareSummary summary =
      prepare("nih", folder.path() / "in", folder.path() / "out", /*text_only=*/false);
  EXPECT_EQ(summary.prepared, copied);
  for (const ManifestEntry& entry : read_manifest(folder.path() / "out/manifest.jsonl")) {
    EXPECT_EQ(entry.labels_from, "source");
    EXPECT_EQ(std::max(entry.width, entry.height), 256);
  }
}

// Every real chest film as a study of a folder in MIMIC's layout; one film is there in many
// editions, which the search for duplicates across splits has to see.
TEST(ReferenceSets, RealFilmsGoThroughInMimicsLayout) {
  const fs::path manifest = reference_images() / "MANIFEST.csv";
  if (!fs::exists(manifest)) GTEST_SKIP() << "no reference folder with films";
  const TemporaryFolder folder;
  std::string records = "subject_id,study_id,dicom_id,path\n",
              splits = "dicom_id,study_id,subject_id,split\n";
  CsvReader rows(manifest);
  const size_t file = rows.column("file"), chest = rows.column("is_chest");
  size_t films = 0;
  while (rows.next()) {
    const std::string name = rows.at(file);
    if (rows.at(chest) != "yes" || !name.starts_with("dicom_chest")) continue;
    const std::string number = fmt::format("{:04}", films++);
    const std::string study = "files/p10/p1000" + number + "/s5000" + number;
    fs::create_directories(folder.path() / "in" / study);
    fs::copy_file(reference_images() / name, folder.path() / "in" / study / (number + ".dcm"));
    write_file_atomic(folder.path() / "in" / (study + ".txt"), kNormalReport);
    records += fmt::format("1000{0},5000{0},{0},{1}/{0}.dcm\n", number, study);
    splits += fmt::format("{0},5000{0},1000{0},{1}\n", number, films % 3 == 0 ? "test" : "train");
  }
  if (films == 0) GTEST_SKIP() << "no chest film is there";
  write_file_atomic(folder.path() / "in/cxr-record-list.csv", records);
  write_file_atomic(folder.path() / "in/mimic-cxr-2.0.0-split.csv", splits);
  const PrepareSummary summary =
      prepare("mimic-cxr", folder.path() / "in", folder.path() / "out", /*text_only=*/false);
  for (const auto& [reason, count] : summary.rejected) {
    std::cout << "rejected as " << reason << ": " << count << "\n";
  }
  EXPECT_EQ(summary.prepared + sum(summary.rejected), films);
  EXPECT_GE(summary.prepared, films * 8 / 10);
  EXPECT_GT(summary.duplicates_across_splits + summary.near_duplicates_across_splits, 0u);
}

}  // namespace
}  // namespace radgen
