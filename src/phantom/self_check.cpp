#include "radgen/phantom/self_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "checked_set.h"
#include "pixel_shortcuts.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/parallel.h"
#include "radgen/core/progress.h"
#include "radgen/core/statistics.h"
#include "radgen/imaging/film.h"
#include "radgen/phantom/dataset.h"

namespace radgen::phantom {
namespace {

double median_or_0(std::vector<double> values) {
  return values.empty() ? 0 : median_of(std::move(values));
}

std::vector<FindingDifficulty> difficulties(const CheckedSet& set) {
  std::vector<FindingDifficulty> rows;
  for (Finding finding : all_findings()) {
    if (finding == Finding::kNoFinding) continue;
    FindingDifficulty row;
    row.finding = finding_name(finding);
    std::vector<double> contrasts, sizes, areas;
    int64_t visible = 0;
    for (const CheckedStudy& s : set.studies) {
      for (const TrueFinding& f : s.truth.findings) {
        if (f.finding != finding) continue;
        ++row.count;
        visible += f.is_visible;
        contrasts.push_back(f.contrast_to_noise);
        if (f.size_mm > 0) sizes.push_back(f.size_mm);
        if (f.box.area() > 0) areas.push_back(f.box.area() / s.film.area());
      }
    }
    if (row.count > 0)
      row.visible_ratio = static_cast<double>(visible) / static_cast<double>(row.count);
    row.contrast_to_noise_median = median_or_0(contrasts);
    row.size_mm_median = median_or_0(sizes);
    row.area_ratio_median = median_or_0(areas);
    rows.push_back(row);
  }
  return rows;
}

std::string bounds(const CheckedValue& v) {
  if (v.low && v.high) return fmt::format("{:.3f} to {:.3f}", *v.low, *v.high);
  if (v.low) return fmt::format("at least {:.3f}", *v.low);
  if (v.high) return fmt::format("at most {:.3f}", *v.high);
  return "";
}

}  // namespace

std::vector<const CheckedStudy*> CheckedSet::split(const std::string& name) const {
  std::vector<const CheckedStudy*> found;
  for (const CheckedStudy& s : studies) {
    if (s.truth.split == name) found.push_back(&s);
  }
  return found;
}

CheckedSet read_checked_set(const std::filesystem::path& folder, int threads) {
  const std::filesystem::path truth_file = folder / "truth.jsonl",
                              about = folder / "generation.json";
  if (!std::filesystem::exists(truth_file) || !std::filesystem::exists(about)) {
    throw Error(ErrorCode::kData,
                folder.string() + ": no truth.jsonl or no generation.json: not a phantom data set",
                "give the folder that phantom-radgen --output wrote");
  }
  CheckedSet set;
  const nlohmann::json generation = read_json(about);
  set.prevalence = generation.value("prevalence", "mimic");
  set.bias = generation.value("bias", "none");
  read_jsonl(truth_file, [&](const nlohmann::json& line, size_t number) {
    CheckedStudy study;
    study.truth = truth_from_json(line, fmt::format("{}: line {}", truth_file.string(), number));
    if (study.truth.twin_of.empty()) set.studies.push_back(std::move(study));
  });
  const Labeler labeler;
  Progress progress("reading films", static_cast<int64_t>(set.studies.size()), "studies");
  parallel_for(set.studies.size(), threads, [&](size_t i) {
    CheckedStudy& study = set.studies[i];
    const Result<Film> film = read_film(folder / film_path(study.truth));
    if (!film) {
      throw Error(ErrorCode::kData, film_path(study.truth) + ": " + film.failure().message,
                  "write the data set again");
    }
    study.film = film->pixels.size();
    study.thumbnail = thumbnail(film->pixels);
    study.text = study.truth.findings_text + "\n" + study.truth.impression_text;
    study.labels = labeler.labels(study.text);
    const std::string report = read_file(folder / report_path(study.truth));
    study.refers_to_prior = report.find(" COMPARISON:  None.") == std::string::npos;
    progress.advance();
  });
  progress.finish();
  return set;
}

bool SelfCheck::has_passed() const {
  return std::all_of(values.begin(), values.end(),
                     [](const CheckedValue& v) { return v.has_passed(); });
}

SelfCheck self_check(const std::filesystem::path& folder, int threads) {
  const CheckedSet set = read_checked_set(folder, threads);
  SelfCheck check;
  check.findings = difficulties(set);
  check_pixels(set, check);
  check_words(set, check);
  check_shares(set, check);
  return check;
}

std::string self_check_table(const SelfCheck& check) {
  std::string text = fmt::format("{:<16}{:<32}{:>9}  {:<20}{:>8}  {}\n", "group", "value",
                                 "measured", "allowed", "n", "");
  for (const CheckedValue& v : check.values) {
    text += fmt::format("{:<16}{:<32}{:>9.3f}  {:<20}{:>8}  {}\n", v.group, v.name, v.value,
                        bounds(v), v.count, v.has_passed() ? "" : "FAILED");
  }
  text += fmt::format("\n{:<28}{:>7}{:>9}{:>17}{:>14}{:>13}{:>8}\n", "finding", "n", "visible",
                      "contrast/noise", "size mm", "area of film", "AUROC");
  for (const FindingDifficulty& f : check.findings) {
    text += fmt::format("{:<28}{:>7}{:>9.2f}{:>17.2f}{:>14.1f}{:>13.4f}{:>8}\n", f.finding, f.count,
                        f.visible_ratio, f.contrast_to_noise_median, f.size_mm_median,
                        f.area_ratio_median, f.auroc > 0 ? fmt::format("{:.3f}", f.auroc) : "-");
  }
  return text + (check.has_passed() ? "\nself-check passed\n" : "\nself-check FAILED\n");
}

nlohmann::ordered_json self_check_json(const SelfCheck& check) {
  nlohmann::ordered_json json;
  json["passed"] = check.has_passed();
  json["values"] = nlohmann::ordered_json::array();
  for (const CheckedValue& v : check.values) {
    nlohmann::ordered_json row = {{"group", v.group}, {"name", v.name}, {"value", v.value}};
    row["low"] = v.low ? nlohmann::ordered_json(*v.low) : nlohmann::ordered_json(nullptr);
    row["high"] = v.high ? nlohmann::ordered_json(*v.high) : nlohmann::ordered_json(nullptr);
    row["n"] = v.count;
    row["passed"] = v.has_passed();
    row["definition"] = v.definition;
    json["values"].push_back(row);
  }
  json["findings"] = nlohmann::ordered_json::array();
  for (const FindingDifficulty& f : check.findings) {
    json["findings"].push_back({{"finding", f.finding},
                                {"n", f.count},
                                {"visible_ratio", f.visible_ratio},
                                {"contrast_to_noise_median", f.contrast_to_noise_median},
                                {"size_mm_median", f.size_mm_median},
                                {"area_ratio_median", f.area_ratio_median},
                                {"auroc", f.auroc}});
  }
  return json;
}

}  // namespace radgen::phantom
