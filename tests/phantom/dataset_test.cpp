#include "radgen/phantom/dataset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>

#include "dataset_fixture.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/imaging/film.h"
#include "radgen/imaging/quality.h"

namespace radgen::phantom {
namespace {

// Every file of a folder by its relative path.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  }
  return files;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::istringstream in(read_file(file));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<StudyTruth> truths_of(const fs::path& folder) {
  std::vector<StudyTruth> truths;
  read_jsonl(folder / "truth.jsonl", [&](const nlohmann::json& line, size_t) {
    truths.push_back(truth_from_json(line, ""));
  });
  return truths;
}

TEST(Dataset, IsTheSameForAnyNumberOfThreads) {
  const SmallDataset one(1, 24), three(3, 24);
  const auto a = contents(one.path()), b = contents(three.path());
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, bytes] : a) {
    ASSERT_TRUE(b.count(name)) << name;
    EXPECT_TRUE(b.at(name) == bytes) << name << " differs";
  }
}

TEST(Dataset, HoldsAFilmAndAReportForEveryStudy) {
  const SmallDataset& set = SmallDataset::shared();
  const auto truths = truths_of(set.path());
  ASSERT_EQ(static_cast<int64_t>(truths.size()), set.summary().studies);
  for (const StudyTruth& t : truths) {
    const Result<Film> film = read_film(set.path() / film_path(t));
    ASSERT_TRUE(film) << film.failure().message;
    EXPECT_EQ(std::max(film->pixels.rows, film->pixels.cols), 96);
    EXPECT_GT(film->spacing_x_mm, 0);
    EXPECT_EQ(film->tags.patient_id, t.patient.id);
    const std::string report = read_file(set.path() / report_path(t));
    EXPECT_NE(report.find("\n IMPRESSION:"), std::string::npos);
  }
}

// Films that the drafting tool would refuse teach and test nothing. Of white lungs on both sides
// nobody can say that they are lungs: those may be refused.
TEST(Dataset, IsMadeOfFilmsThatLookLikeChestFilms) {
  const SmallDataset set(2, 120, 192);
  int refused = 0;
  for (const StudyTruth& t : truths_of(set.path())) {
    const Result<Film> film = read_film(set.path() / film_path(t));
    ASSERT_TRUE(film);
    refused += !judge_chest_film(*film).is_reportable;
  }
  EXPECT_LE(refused, 3);
}

TEST(Dataset, LeavesTagsEmptyAsOftenAsRealFilmsDo) {
  const SmallDataset& set = SmallDataset::shared();
  int empty = 0, count = 0;
  for (const StudyTruth& t : truths_of(set.path())) {
    const Result<Film> film = read_film(set.path() / film_path(t));
    ASSERT_TRUE(film);
    empty += film->tags.body_part.empty() || film->tags.view_position.empty();
    ++count;
  }
  EXPECT_GT(empty, count / 6);
  EXPECT_LT(empty, count / 2);
}

TEST(Dataset, TablesHaveTheColumnsOfTheRealOnes) {
  const char* given = std::getenv("RADGEN_REFERENCE_DIR");
  const fs::path reference = given != nullptr
                                 ? fs::path(given)
                                 : fs::path(RADGEN_SOURCE_DIR) / ".." / "shared" / "reference";
  const fs::path layouts = reference / "images" / "layouts_header_only";
  if (!fs::exists(layouts)) GTEST_SKIP() << "no reference folder: " << layouts;
  const std::map<std::string, std::string> places = {
      {"mimiciv_hosp_patients.csv", "mimiciv/hosp/patients.csv"},
      {"mimiciv_hosp_admissions.csv", "mimiciv/hosp/admissions.csv"},
      {"mimiciv_ed_edstays.csv", "mimiciv/ed/edstays.csv"}};
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(layouts)) {
    const std::string name = entry.path().filename().string();
    const auto place = places.find(name);
    const fs::path ours =
        SmallDataset::shared().path() / (place == places.end() ? name : place->second);
    if (!fs::exists(ours)) continue;  // layouts of other data sets
    std::cout << "reference case: " << entry.path().string() << "\n";
    EXPECT_EQ(lines_of(ours).at(0), lines_of(entry.path()).at(0)) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 9);
}

TEST(Dataset, TablesAgreeWithTheTruth) {
  const SmallDataset& set = SmallDataset::shared();
  const auto truths = truths_of(set.path());
  const auto splits = lines_of(set.path() / "mimic-cxr-2.0.0-split.csv");
  const auto records = lines_of(set.path() / "cxr-record-list.csv");
  ASSERT_EQ(splits.size(), truths.size() + 1);
  for (size_t i = 0; i < truths.size(); ++i) {
    const StudyTruth& t = truths[i];
    EXPECT_EQ(splits[i + 1], t.dicom_id + "," + t.study_id + "," + t.patient.id + "," + t.split);
    EXPECT_EQ(records[i + 1],
              t.patient.id + "," + t.study_id + "," + t.dicom_id + "," + film_path(t));
  }
}

TEST(Dataset, BoxesLieInTheFilmAndAreExactOutsideTraining) {
  const SmallDataset& set = SmallDataset::shared();
  std::map<std::string, StudyTruth> by_dicom;
  int mentioned_outside = 0;
  for (const StudyTruth& t : truths_of(set.path())) by_dicom[t.dicom_id] = t;
  std::map<std::string, int> rows_of;
  const auto rows = lines_of(set.path() / "MS_CXR_Local_Alignment_v1.1.0.csv");
  ASSERT_GT(rows.size(), 5u);
  for (size_t i = 1; i < rows.size(); ++i) {
    const StudyTruth& t = by_dicom.at(rows[i].substr(0, rows[i].find(',')));
    ++rows_of[t.dicom_id];
    // The last seven fields hold no commas: x, y, w, h, width, height, split.
    std::vector<std::string> tail;
    std::string rest = rows[i];
    for (int k = 0; k < 7; ++k) {
      tail.insert(tail.begin(), rest.substr(rest.rfind(',') + 1));
      rest.resize(rest.rfind(','));
    }
    const double x = std::stod(tail[0]), y = std::stod(tail[1]), w = std::stod(tail[2]),
                 h = std::stod(tail[3]);
    EXPECT_GE(x, 0);
    EXPECT_GE(y, 0);
    EXPECT_LE(x + w, std::stod(tail[4]) + 1);
    EXPECT_LE(y + h, std::stod(tail[5]) + 1);
    EXPECT_EQ(tail[6], t.split);
    if (t.split == "train") continue;
    // Outside training every box lies within the true one of some mentioned finding.
    bool lies_within = false;
    for (const TrueFinding& f : t.findings) {
      lies_within =
          lies_within || (f.is_mentioned && x >= f.box.x - 1 && y >= f.box.y - 1 &&
                          x + w <= f.box.x + f.box.w + 2 && y + h <= f.box.y + f.box.h + 2);
    }
    EXPECT_TRUE(lies_within) << rows[i];
  }
  int training = 0, training_with = 0;
  for (const auto& [id, t] : by_dicom) {
    bool has_box = false;
    for (const TrueFinding& f : t.findings)
      has_box = has_box || (f.is_mentioned && f.box.area() > 0);
    if (!has_box) continue;
    if (t.split == "train") {
      ++training;
      training_with += rows_of.count(id) > 0;
    } else {
      ++mentioned_outside;
      EXPECT_TRUE(rows_of.count(id)) << "no box of a " << t.split << " study";
    }
  }
  EXPECT_GT(mentioned_outside, 0);
  EXPECT_LT(training_with, training * 6 / 10);  // 30 %, of some 25 studies
}

TEST(Dataset, SaysThatItIsSyntheticInEveryPlace) {
  const fs::path& folder = SmallDataset::shared().path();
  EXPECT_NE(read_file(folder / "SYNTHETIC").find("SYNTHETIC"), std::string::npos);
  EXPECT_NE(read_file(folder / "README.txt").find("SYNTHETIC"), std::string::npos);
  EXPECT_TRUE(read_json(folder / "generation.json").at("synthetic").get<bool>());
  const StudyTruth truth = truths_of(folder).at(0);
  EXPECT_NE(read_file(folder / film_path(truth)).find("SYNTHETIC"), std::string::npos);
}

TEST(Dataset, RefusesAFolderThatIsThereUnlessToldOtherwise) {
  const SmallDataset& set = SmallDataset::shared();
  DatasetOptions again = set.options();
  EXPECT_THROW(write_dataset(again), Error);
  EXPECT_TRUE(fs::exists(set.path() / "truth.jsonl"));
}

}  // namespace
}  // namespace radgen::phantom
