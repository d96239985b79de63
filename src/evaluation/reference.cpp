#include "radgen/evaluation/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "evaluation/text_table.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"

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

// Columns of the 14 findings, by the lower-case name of the table.
std::map<std::string, Finding> label_columns() {
  std::map<std::string, Finding> columns{{"airspace opacity", Finding::kLungOpacity}};
  for (const Finding finding : all_findings()) {
    std::string name = finding_name(finding);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    columns.emplace(std::move(name), finding);
  }
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
  read_jsonl(path, [&](const nlohmann::json& json, size_t line) {
    try {
      const auto [begin, end] = by_study.equal_range(json.at("study_id").get<std::string>());
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
  return count;
}

size_t load_label_truth(const std::filesystem::path& path, std::vector<Reference>& references) {
  std::unordered_multimap<std::string, Reference*> by_study;
  for (Reference& reference : references)
    by_study.emplace(without_s(reference.study_id), &reference);
  const std::map<std::string, Finding> columns = label_columns();
  size_t count = 0;
  read_text_table(path, [&](const Row& row, size_t line) {
    const auto refuse = [&](const std::string& what) {
      throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", path.string(), line, what),
                  "expected study_id and CheXpert's findings as columns with 1, 0, -1 or nothing");
    };
    const auto id = row.find("study_id");
    if (id == row.end()) refuse("no column study_id");
    std::vector<TrueLesion> truth;
    bool has_finding = false;
    for (const auto& [name, value] : row) {
      const auto column = columns.find(name);
      if (column == columns.end()) continue;
      has_finding = true;
      const bool is_there = value == "1" || value == "1.0" || value == "-1" || value == "-1.0";
      if (!is_there && !value.empty() && value != "0" && value != "0.0")
        refuse(fmt::format("a label in column '{}' is no 1, 0 or -1", name));
      if (!is_there || column->second == Finding::kNoFinding) continue;
      TrueLesion lesion;
      lesion.finding = column->second;
      truth.push_back(lesion);
    }
    if (!has_finding) refuse("no column with one of the 14 finding names");
    const auto [begin, end] = by_study.equal_range(without_s(id->second));
    for (auto i = begin; i != end; ++i) {
      i->second->has_truth = true;
      i->second->truth = truth;
      ++count;
    }
  });
  return count;
}

}  // namespace radgen::evaluation
