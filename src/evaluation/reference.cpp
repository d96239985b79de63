#include "radgen/evaluation/reference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

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

}  // namespace

std::string Reference::text() const {
  if (findings.empty()) return impression;
  return impression.empty() ? findings : findings + "\n" + impression;
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

}  // namespace radgen::evaluation
