#include "radgen/data/manifest.h"

#include <fmt/format.h>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/report/anatomy.h"

namespace radgen {
namespace {

using nlohmann::json;

// Reads the keys of one manifest line; every problem names the line and the key.
class LineReader {
 public:
  LineReader(const json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) fail("expected an object");
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kData, fmt::format("{}: {}", where_, what),
                "is this a manifest.jsonl that preprocess-radgen wrote?");
  }

  template <class T>
  T required(const char* key) const {
    const auto it = object_.find(key);
    if (it == object_.end()) fail(fmt::format("no '{}'", key));
    return convert<T>(*it, key);
  }

  template <class T>
  T optional(const char* key, T fallback = {}) const {
    const auto it = object_.find(key);
    if (it == object_.end() || it->is_null()) return fallback;
    return convert<T>(*it, key);
  }

 private:
  template <class T>
  T convert(const json& value, const char* key) const {
    try {
      return value.get<T>();
    } catch (const json::exception&) {
      fail(fmt::format("'{}' has the wrong type", key));
    }
  }

  const json& object_;
  std::string where_;
};

Labels labels_from_json(const json& object, const std::string& where) {
  Labels labels;
  for (const auto& [name, value] : object.items()) {
    const auto finding = finding_from_name(name);
    const bool is_label = value.is_number_integer() && value >= -1 && value <= 1;
    if (!finding || !is_label) {
      throw Error(
          ErrorCode::kData,
          fmt::format("{}: 'labels' holds something else than CheXpert names with 1, 0 or -1",
                      where));
    }
    labels[*finding] = value.get<int>();
  }
  return labels;
}

FindingBox box_from_json(const json& object, const std::string& where) {
  const LineReader line(object, where + ": boxes");
  FindingBox box;
  box.finding = line.required<std::string>("finding");
  if (!finding_from_name(box.finding)) line.fail("'finding' is no CheXpert name");
  box.side = line.optional<std::string>("side");
  box.phrase = line.optional<std::string>("phrase");
  box.box = {line.required<double>("x"), line.required<double>("y"), line.required<double>("w"),
             line.required<double>("h")};
  return box;
}

AnatomyRegion region_from_json(const json& object, const std::string& where) {
  const LineReader line(object, where + ": regions");
  AnatomyRegion region;
  region.anatomy = line.required<std::string>("anatomy");
  if (!is_anatomy_name(region.anatomy)) line.fail("'anatomy' is no name of data/anatomy.json");
  region.phrase = line.optional<std::string>("phrase");
  region.box = {line.required<double>("x"), line.required<double>("y"), line.required<double>("w"),
                line.required<double>("h")};
  return region;
}

nlohmann::ordered_json regions_json(const std::vector<AnatomyRegion>& regions) {
  auto list = nlohmann::ordered_json::array();
  for (const AnatomyRegion& region : regions) {
    list.push_back({{"anatomy", region.anatomy},
                    {"phrase", region.phrase},
                    {"x", region.box.x},
                    {"y", region.box.y},
                    {"w", region.box.w},
                    {"h", region.box.h}});
  }
  return list;
}

}  // namespace

std::string ManifestEntry::text() const { return findings + "\n" + impression; }

nlohmann::ordered_json manifest_entry_to_json(const ManifestEntry& entry) {
  nlohmann::ordered_json labels = nlohmann::ordered_json::object();
  for (const auto& [finding, label] : entry.labels) labels[finding_name(finding)] = label;
  auto boxes = nlohmann::ordered_json::array();
  for (const FindingBox& box : entry.boxes) {
    boxes.push_back({{"finding", box.finding},
                     {"side", box.side},
                     {"phrase", box.phrase},
                     {"x", box.box.x},
                     {"y", box.box.y},
                     {"w", box.box.w},
                     {"h", box.box.h}});
  }
  nlohmann::ordered_json json{{"study_id", entry.study_id},
                              {"image_id", entry.image_id},
                              {"patient_id", entry.patient_id},
                              {"split", entry.split},
                              {"image", entry.image},
                              {"width", entry.width},
                              {"height", entry.height},
                              {"pixel_spacing_mm", entry.pixel_spacing_mm},
                              {"spacing_kind", entry.spacing_kind},
                              {"photometric", entry.photometric},
                              {"view", entry.view}};
  json["age"] = entry.age ? nlohmann::ordered_json(*entry.age) : nlohmann::ordered_json();
  json["sex"] = entry.sex;
  json["race"] = entry.race;
  json["indication"] = entry.indication;
  json["findings"] = entry.findings;
  json["impression"] = entry.impression;
  json["labels"] = std::move(labels);
  if (!entry.labels_from.empty()) json["labels_from"] = entry.labels_from;
  json["boxes"] = std::move(boxes);
  json["has_boxes"] = entry.has_boxes;
  if (!entry.regions.empty()) json["regions"] = regions_json(entry.regions);
  if (!entry.quality.empty()) json["quality"] = entry.quality;
  if (!entry.hash.empty()) json["hash"] = entry.hash;
  json["source"] = {{"path", entry.source_path},
                    {"sha256", entry.source_sha256},
                    {"rows", entry.source_rows},
                    {"columns", entry.source_columns},
                    {"transform", entry.source_transform.m}};
  return json;
}

ManifestEntry manifest_entry_from_json(const nlohmann::json& json, const std::string& where) {
  const LineReader line(json, where);
  ManifestEntry entry;
  entry.study_id = line.required<std::string>("study_id");
  entry.image_id = line.optional<std::string>("image_id", entry.study_id);
  entry.patient_id = line.optional<std::string>("patient_id");
  entry.split = line.required<std::string>("split");
  entry.image = line.required<std::string>("image");
  entry.width = line.required<int>("width");
  entry.height = line.required<int>("height");
  const bool is_size_good = entry.image.empty() ? entry.width >= 0 && entry.height >= 0
                                                : entry.width > 0 && entry.height > 0;
  if (!is_size_good) line.fail("'width' and 'height' must be above 0");
  entry.pixel_spacing_mm = line.optional<double>("pixel_spacing_mm");
  entry.spacing_kind = line.optional<std::string>("spacing_kind", "none");
  entry.photometric = line.optional<std::string>("photometric", "voi");
  entry.view = line.optional<std::string>("view");
  if (json.contains("age") && !json["age"].is_null()) entry.age = line.required<double>("age");
  entry.sex = line.optional<std::string>("sex");
  entry.race = line.optional<std::string>("race");
  entry.indication = line.optional<std::string>("indication");
  entry.findings = line.optional<std::string>("findings");
  entry.impression = line.optional<std::string>("impression");
  entry.labels = labels_from_json(line.optional("labels", nlohmann::json::object()), where);
  for (const auto& box : line.optional("boxes", nlohmann::json::array())) {
    entry.boxes.push_back(box_from_json(box, where));
  }
  for (const auto& region : line.optional("regions", nlohmann::json::array())) {
    entry.regions.push_back(region_from_json(region, where));
  }
  entry.labels_from = line.optional<std::string>("labels_from");
  entry.quality = line.optional<std::vector<std::string>>("quality");
  entry.hash = line.optional<std::string>("hash");
  entry.has_boxes = line.optional<bool>("has_boxes", !entry.boxes.empty());
  const nlohmann::json source_json = line.optional("source", nlohmann::json::object());
  const LineReader source(source_json, where + ": source");
  entry.source_path = source.optional<std::string>("path");
  entry.source_sha256 = source.optional<std::string>("sha256");
  entry.source_rows = source.optional<int>("rows");
  entry.source_columns = source.optional<int>("columns");
  entry.source_transform.m = source.optional("transform", Affine().m);
  return entry;
}

std::vector<ManifestEntry> read_manifest(const std::filesystem::path& path) {
  std::vector<ManifestEntry> entries;
  read_jsonl(path, [&](const nlohmann::json& json, size_t number) {
    entries.push_back(
        manifest_entry_from_json(json, fmt::format("{}: line {}", path.string(), number)));
  });
  return entries;
}

}  // namespace radgen
