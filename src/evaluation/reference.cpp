#include "radgen/evaluation/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "radgen/core/csv.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/ids.h"

namespace radgen::evaluation {
namespace {

TrueLesion lesion_from_json(const nlohmann::json& json, const Affine& to_prepared) {
  TrueLesion lesion;
  const std::string name = json.at("finding").get<std::string>();
  const auto finding = finding_from_name(name);
  if (!finding) {
    throw Error(ErrorCode::kData, fmt::format("'{}' is none of the 14 finding names", name));
  }
  lesion.finding = *finding;
  lesion.side = side_from_name(json.value("side", ""));
  lesion.severity = severity_from_name(json.value("severity", ""));
  lesion.is_visible = json.value("is_visible", true);
  lesion.is_mentioned = json.value("is_mentioned", true);
  if (json.contains("box") && json.at("box").is_object()) {
    const Box box = json.at("box").get<Box>();
    if (box.area() > 0) lesion.box = to_prepared.apply(box);
  }
  return lesion;
}

void attach_truth(Reference& reference, const nlohmann::json& json, const Affine& to_prepared) {
  reference.has_truth = true;
  reference.oracle_text = json.value("oracle_text", "");
  reference.truth.clear();
  for (const nlohmann::json& item : json.value("findings", nlohmann::json::array())) {
    reference.truth.push_back(lesion_from_json(item, to_prepared));
  }
  constexpr double kTurned_degrees = 3;
  reference.is_unusual_pose = std::abs(json.value("rotation_degrees", 0.0)) >= kTurned_degrees ||
                              json.value("is_poor_inspiration", false) ||
                              json.value("is_angle_cut_off", false);
  if (json.contains("anatomy")) reference.regions.clear();
  for (const nlohmann::json& item : json.value("anatomy", nlohmann::json::array())) {
    const Box box = to_prepared.apply(item.get<Box>());
    reference.regions.push_back(
        {item.at("anatomy").get<std::string>(), reference.width > 0 && reference.height > 0
                                                    ? clip(box, reference.width, reference.height)
                                                    : box});
  }
  reference.has_boxes = true;
  reference.boxes.clear();
  for (const TrueLesion& lesion : reference.truth) {
    if (!lesion.is_visible || lesion.box.area() <= 0) continue;
    const Box box = reference.width > 0 && reference.height > 0
                        ? clip(lesion.box, reference.width, reference.height)
                        : lesion.box;
    reference.boxes.push_back({lesion.finding, lesion.side, box, lesion.is_mentioned});
  }
}

std::string without_s(const std::string& study_id) {
  const bool has_s = study_id.size() > 1 && study_id.front() == 's' &&
                     study_id.find_first_not_of("0123456789", 1) == std::string::npos;
  return has_s ? study_id.substr(1) : study_id;
}

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Columns of the 14 findings, by the lower-case name of the table.
std::map<std::string, Finding> label_columns() {
  std::map<std::string, Finding> columns{{"airspace opacity", Finding::kLungOpacity}};
  for (const Finding finding : all_findings())
    columns.emplace(lowered(finding_name(finding)), finding);
  return columns;
}

}  // namespace

std::string Reference::text() const {
  if (findings.empty()) return impression;
  return impression.empty() ? findings : findings + "\n" + impression;
}

std::vector<Box> boxes_of_anatomy(const Reference& reference,
                                  const std::vector<std::string>& anatomies) {
  std::vector<Box> boxes;
  for (const ReferenceRegion& region : reference.regions) {
    if (std::ranges::find(anatomies, region.anatomy) != anatomies.end())
      boxes.push_back(region.box);
  }
  return boxes;
}

size_t load_truth(const std::filesystem::path& path, std::vector<Reference>& references,
                  const std::function<Affine(const Reference&)>& to_prepared) {
  std::unordered_multimap<std::string, Reference*> by_study;
  for (Reference& reference : references) by_study.emplace(reference.study_id, &reference);
  size_t count = 0;
  std::string unknown_id;
  read_jsonl(path, [&](const nlohmann::json& json, size_t line) {
    try {
      const auto id = json.at("study_id").get<std::string>();
      const auto [begin, end] = by_study.equal_range(id);
      if (begin == end) unknown_id = id;
      for (auto i = begin; i != end; ++i) {
        attach_truth(*i->second, json, to_prepared(*i->second));
        ++count;
      }
    } catch (const nlohmann::json::exception& e) {
      throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", path.string(), line, e.what()),
                  "the file is not a truth.jsonl of phantom-radgen");
    } catch (const Error& e) {
      throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", path.string(), line, e.what()));
    }
  });
  if (count == 0 && !unknown_id.empty() && !references.empty()) {
    throw Error(ErrorCode::kData, fmt::format("{}: names no study of this split", path.string()),
                written_alike(unknown_id, references.front().study_id));
  }
  return count;
}

size_t load_label_truth(const std::filesystem::path& path, std::vector<Reference>& references) {
  std::unordered_multimap<std::string, Reference*> by_study;
  for (Reference& reference : references)
    by_study.emplace(without_s(reference.study_id), &reference);
  const std::map<std::string, Finding> known = label_columns();
  CsvReader rows(path);
  std::optional<size_t> id;
  std::vector<std::pair<size_t, Finding>> columns;
  for (size_t c = 0; c < rows.columns().size(); ++c) {
    const std::string name = lowered(rows.columns()[c]);
    if (name == "study_id") id = c;
    if (const auto column = known.find(name); column != known.end())
      columns.emplace_back(c, column->second);
  }
  const auto refuse = [&](size_t line, const std::string& what) {
    throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", path.string(), line, what),
                "expected study_id and CheXpert's findings as columns with 1, 0, -1 or nothing");
  };
  if (!id) refuse(1, "no column study_id");
  if (columns.empty()) refuse(1, "no column with one of the 14 finding names");
  size_t count = 0;
  while (rows.next()) {
    std::vector<TrueLesion> truth;
    for (const auto& [column, finding] : columns) {
      const std::string& value = rows.at(column);
      const bool is_there = value == "1" || value == "1.0" || value == "-1" || value == "-1.0";
      if (!is_there && !value.empty() && value != "0" && value != "0.0")
        refuse(rows.line(),
               fmt::format("a label in column '{}' is no 1, 0 or -1", rows.columns()[column]));
      if (!is_there || finding == Finding::kNoFinding) continue;
      TrueLesion lesion;
      lesion.finding = finding;
      truth.push_back(lesion);
    }
    const auto [begin, end] = by_study.equal_range(without_s(rows.at(*id)));
    for (auto i = begin; i != end; ++i) {
      i->second->has_truth = true;
      i->second->truth = truth;
      ++count;
    }
  }
  return count;
}

}  // namespace radgen::evaluation
