#include "radgen/evaluation/reference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/imaging/picture.h"

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

// The map's file must lie under `folder`: predictions may come from strangers.
void load_map(DraftSentence& sentence, const fs::path& folder, const std::string& where) {
  if (!sentence.map.empty() || sentence.map_file.empty()) return;
  const fs::path relative = fs::path(sentence.map_file).lexically_normal();
  if (relative.is_absolute() || relative.begin() == relative.end() || *relative.begin() == "..") {
    throw Error(ErrorCode::kData,
                where + ": the path in 'map' leaves the folder of the predictions",
                "write maps beside the predictions file and name them relative to it");
  }
  const Result<cv::Mat> picture = read_png16(folder / relative);
  if (!picture) {
    throw Error(ErrorCode::kData,
                where + ": cannot read a sentence's map: " + picture.failure().message);
  }
  sentence.map.rows = picture->rows;
  sentence.map.columns = picture->cols;
  sentence.map.values.reserve(picture->total());
  const double scale = sentence.map_scale > 0 ? sentence.map_scale : 1.0 / 65535;
  for (int y = 0; y < picture->rows; ++y) {
    for (int x = 0; x < picture->cols; ++x) {
      sentence.map.values.push_back(static_cast<float>(scale * picture->at<uint16_t>(y, x)));
    }
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

std::vector<Draft> load_predictions(const std::filesystem::path& path) {
  std::vector<Draft> drafts;
  read_jsonl(path, [&](const nlohmann::json& json, size_t line) {
    const std::string where = fmt::format("{}: line {}", path.string(), line);
    Draft draft = draft_from_json(json, where);
    for (DraftSentence& sentence : draft.sentences) {
      load_map(sentence, path.parent_path(), where);
    }
    drafts.push_back(std::move(draft));
  });
  return drafts;
}

}  // namespace radgen::evaluation
