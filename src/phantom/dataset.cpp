#include "radgen/phantom/dataset.h"

#include <fmt/core.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <set>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/parallel.h"
#include "radgen/core/progress.h"
#include "radgen/core/random.h"
#include "radgen/core/tool.h"
#include "radgen/imaging/dicom_write.h"
#include "radgen/phantom/film.h"
#include "radgen/phantom/words.h"
#include "radgen/report/labeler.h"
#include "scene_graph.h"
#include "tables.h"

namespace radgen::phantom {
namespace {

enum Stream : uint64_t { kTagStream = 51, kBoxStream, kAnatomyStream };

constexpr double kTrainBoxShare = 0.3, kBoxJitter = 0.05;

const char* const kNotice =
    "SYNTHETIC DATA. The films in this folder were computed and the reports were put together by a "
    "grammar.\n"
    "No patient, real or otherwise, is behind them. Not for clinical use.\n";

FilmToWrite dicom_of(const StudyTruth& truth, const DrawnFilm& drawn, const StudyRow& row,
                     uint64_t seed) {
  Random random(seed, {kTagStream, hash_text(truth.dicom_id)});
  FilmToWrite film;
  film.stored = drawn.stored;
  film.bits_stored = drawn.bits_stored;
  film.is_monochrome1 = drawn.is_monochrome1;
  if (drawn.has_window) {
    film.window_center = drawn.window_center;
    film.window_width = drawn.window_width;
  }
  film.spacing_mm = drawn.spacing_mm;
  // One of the two tags is empty in a third, as on real films.
  const double u = random.uniform();
  film.view_position = u < 1.0 / 6 ? "" : truth.is_ap ? "AP" : "PA";
  if (u >= 1.0 / 6 && u < 1.0 / 3) film.body_part = "";
  film.modality = random.chance(0.5) ? "DX" : "CR";
  film.patient_id = truth.patient.id;
  film.patient_sex = truth.patient.is_male ? "M" : "F";
  film.patient_age_years = truth.patient.age_years;
  film.study_id = truth.study_id;
  film.study_uid = make_uid("phantom study " + truth.study_id + fmt::format(" seed {}", seed));
  film.series_uid = make_uid("phantom series " + truth.dicom_id);
  film.sop_uid = make_uid("phantom film " + truth.dicom_id);
  film.study_date = row.study_date;
  film.study_time = row.study_time;
  film.has_burned_in_annotation = truth.has_side_marker;
  return film;
}

// One box for each part of the outline; parts that overlap are one.
std::vector<Box> part_boxes(const TrueFinding& f) {
  if (f.side != Side::kBilateral || f.outline.size() < 2) return {f.box};
  std::vector<cv::Rect> rects;
  for (const auto& polygon : f.outline) {
    if (polygon.size() < 3) continue;
    cv::Rect rect = cv::boundingRect(polygon);
    for (size_t i = 0; i < rects.size();) {
      if ((rects[i] & rect).area() > 0) {
        rect |= rects[i];
        rects.erase(rects.begin() + static_cast<std::ptrdiff_t>(i));
        i = 0;
      } else {
        ++i;
      }
    }
    rects.push_back(rect);
  }
  std::vector<Box> boxes;
  for (const cv::Rect& r : rects) {
    boxes.push_back({static_cast<double>(r.x), static_cast<double>(r.y),
                     static_cast<double>(r.width), static_cast<double>(r.height)});
  }
  return boxes.empty() ? std::vector<Box>{f.box} : boxes;
}

Box jittered(const Box& box, Random& random) {
  const double left = box.x + box.w * random.normal(0, kBoxJitter);
  const double top = box.y + box.h * random.normal(0, kBoxJitter);
  const double right = box.x + box.w * (1 + random.normal(0, kBoxJitter));
  const double bottom = box.y + box.h * (1 + random.normal(0, kBoxJitter));
  return {left, top, std::max(1.0, right - left), std::max(1.0, bottom - top)};
}

std::vector<BoxRow> box_rows(const StudyTruth& truth, const SpokenReport& report, cv::Size size,
                             uint64_t seed) {
  Random random(seed, {kBoxStream, hash_text(truth.study_id)});
  const bool is_training = truth.split == "train";
  std::vector<BoxRow> rows;
  if (is_training && !random.chance(kTrainBoxShare)) return rows;
  for (size_t i = 0; i < truth.findings.size(); ++i) {
    const TrueFinding& f = truth.findings[i];
    if (!f.is_mentioned || f.box.area() <= 0) continue;
    for (const Box& exact : part_boxes(f)) {
      const Box box = clip(is_training ? jittered(exact, random) : exact, size.width, size.height);
      if (box.w >= 1 && box.h >= 1)
        rows.push_back({finding_name(f.finding), phrase_of(report, i), box});
    }
  }
  return rows;
}

// Which studies have them is drawn apart from the findings' boxes: in life they are two data sets.
std::vector<AnatomyBox> anatomy_to_write(const StudyTruth& truth, cv::Size size, uint64_t seed) {
  if (truth.split != "train") return truth.anatomy;
  Random random(seed, {kAnatomyStream, hash_text(truth.study_id)});
  std::vector<AnatomyBox> places;
  if (!random.chance(kTrainBoxShare)) return places;
  for (const AnatomyBox& exact : truth.anatomy) {
    const Box box = clip(jittered(exact.box, random), size.width, size.height);
    if (box.w >= 1 && box.h >= 1) places.push_back({exact.anatomy, box});
  }
  return places;
}

std::string readme(const DatasetOptions& options) {
  return std::string(kNotice) +
         fmt::format(
             "\nWritten by phantom-radgen {} in the layout of MIMIC-CXR: {} studies, long side {} "
             "px, seed {}, "
             "prevalence {}, bias {}.\n\n",
             version(), options.plan.studies, options.long_side_px, options.plan.seed,
             options.plan.prevalence, options.plan.bias) +
         "files/                    films (DICOM) and reports\n"
         "mimic-cxr-2.0.0-*.csv     splits, metadata, labels (of the impression or else the "
         "findings, by rules)\n"
         "MS_CXR_Local_Alignment*   boxes in pixels of the stored film\n"
         "chest-imagenome/          boxes of the anatomy and the sentences that were read off it\n"
         "mimiciv/                  sex, age and race\n"
         "truth.jsonl               what is true: for the evaluation and phantom-radgen "
         "--self-check only\n\n"
         "Splits: train, validate, test; test_wording (wordings that training never saw); "
         "test_shift (another vendor,\n"
         "findings go together otherwise); twin (a test study's film without one of its "
         "findings).\n";
}

nlohmann::ordered_json generation_json(const DatasetOptions& o) {
  return {{"synthetic", true},         {"version", version()},
          {"studies", o.plan.studies}, {"long_side_px", o.long_side_px},
          {"seed", o.plan.seed},       {"prevalence", o.plan.prevalence},
          {"bias", o.plan.bias},       {"twin_share", o.plan.twin_share}};
}

// An interrupted run leaves no empty output folder behind either; a full one is not touched.
class EmptyFolderGuard {
 public:
  explicit EmptyFolderGuard(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~EmptyFolderGuard() {
    std::error_code not_empty;
    std::filesystem::remove(folder_, not_empty);
  }
  EmptyFolderGuard(const EmptyFolderGuard&) = delete;
  EmptyFolderGuard& operator=(const EmptyFolderGuard&) = delete;

 private:
  std::filesystem::path folder_;
};

// Draws, speaks and writes one study; the row keeps what the tables need.
void write_study(const DatasetOptions& options, const std::filesystem::path& folder,
                 const Labeler& labeler, StudyRow& row) {
  StudyTruth& truth = row.truth;
  const uint64_t seed = options.plan.seed;
  const DrawnFilm drawn = draw_film(truth, options.long_side_px, film_seed(truth, seed));
  row.rows = drawn.stored.rows;
  row.columns = drawn.stored.cols;
  const SpokenReport report = write_words(truth, {.seed = seed, .bias = options.plan.bias});
  row.labels = labeler.labels(report.impression.empty() ? report.findings : report.impression);
  row.boxes = box_rows(truth, report, drawn.stored.size(), seed);
  const auto places = anatomy_to_write(truth, drawn.stored.size(), seed);
  if (!places.empty()) {
    write_file_atomic(folder / scene_graph_path(truth),
                      scene_graph(truth, places, labeler).dump() + "\n", Durability::kRenamed);
  }
  const std::filesystem::path film = folder / film_path(truth);
  std::filesystem::create_directories(film.parent_path());
  write_dicom_film(film, dicom_of(truth, drawn, row, seed));
  write_file_atomic(folder / report_path(truth), mimic_report_text(truth, report),
                    Durability::kRenamed);
}

}  // namespace

std::string report_path(const StudyTruth& truth) {
  return fmt::format("files/p{}/p{}/s{}.txt", truth.patient.id.substr(0, 2), truth.patient.id,
                     truth.study_id);
}

std::string scene_graph_path(const StudyTruth& truth) {
  return fmt::format("chest-imagenome/silver_dataset/scene_graph/{}_SceneGraph.json",
                     truth.dicom_id);
}

std::string film_path(const StudyTruth& truth) {
  return fmt::format("files/p{}/p{}/s{}/{}.dcm", truth.patient.id.substr(0, 2), truth.patient.id,
                     truth.study_id, truth.dicom_id);
}

DatasetSummary write_dataset(const DatasetOptions& options) {
  std::vector<StudyTruth> plan = plan_studies(options.plan);
  claim_output_directory(options.output, options.may_overwrite);
  const EmptyFolderGuard guard(options.output);
  AtomicDirectory folder(options.output);
  std::vector<StudyRow> rows(plan.size());
  int number = 0;
  for (size_t i = 0; i < plan.size(); ++i) {
    const bool is_same = i > 0 && plan[i].patient.id == rows[i - 1].truth.patient.id;
    if (!is_same) number = 0;
    if (is_same && plan[i].twin_of.empty()) ++number;
    rows[i].study_date = study_date(plan[i].patient, number);
    rows[i].study_time = study_time(plan[i]);
    rows[i].truth = std::move(plan[i]);
  }
  const Labeler labeler;
  Progress progress("drawing films", static_cast<int64_t>(rows.size()), "studies");
  parallel_for(rows.size(), options.threads, [&](size_t i) {
    write_study(options, folder.path(), labeler, rows[i]);
    progress.advance();
  });
  progress.finish();

  DatasetSummary summary;
  std::set<std::string> patients;
  JsonlWriter truths(folder.path() / "truth.jsonl");
  for (const StudyRow& row : rows) {
    truths.write(truth_to_json(row.truth));
    ++summary.studies;
    summary.twins += row.truth.twin_of.empty() ? 0 : 1;
    summary.boxes += static_cast<int64_t>(row.boxes.size());
    ++summary.by_split[row.truth.split];
    patients.insert(row.truth.patient.id);
  }
  truths.commit();
  write_tables(folder.path(), rows);
  write_file_atomic(folder.path() / "README.txt", readme(options));
  write_file_atomic(folder.path() / "SYNTHETIC", kNotice);
  write_json_atomic(folder.path() / "generation.json", generation_json(options));
  folder.commit();
  summary.patients = static_cast<int64_t>(patients.size());
  summary.seconds = progress.elapsed_s();
  return summary;
}

}  // namespace radgen::phantom
