#include "data/mimic_boxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "data/class_names.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/parallel.h"

namespace radgen {
namespace {

using nlohmann::json;

void read_table(const fs::path& table, ListingBuilder& listing) {
  Table rows(table, listing);
  const size_t dicom = rows.column("dicom_id"), category = rows.column("category_name"),
               phrase = rows.column("label_text");
  const std::array<size_t, 4> edges{rows.column("x"), rows.column("y"), rows.column("w"),
                                    rows.column("h")};
  const auto width = rows.find_column("image_width"), height = rows.find_column("image_height"),
             split = rows.find_column("split");
  while (rows.next()) {
    SourceImage* image = listing.find(rows.at(dicom));
    if (image != nullptr) {
      image->has_boxes = true;  // a row without a box says that the image was looked at
      image->box_split = normalised_split(rows.at(split));
    }
    const bool is_empty_row =
        std::ranges::all_of(edges, [&](size_t column) { return rows.at(column).empty(); });
    if (is_empty_row) continue;
    const auto v = four_numbers(rows, edges);
    if (!v) {
      listing.problem(rows.where(), "bad_box", "expected numbers in x, y, w and h");
      continue;
    }
    listing.add_box(rows.at(dicom), rows.at(category),
                    {.phrase = rows.at(phrase),
                     .box = {(*v)[0], (*v)[1], (*v)[2], (*v)[3]},
                     .image_width = parse_number(rows.at(width)).value_or(0),
                     .image_height = parse_number(rows.at(height)).value_or(0)},
                    rows.where());
  }
}

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::kData, fmt::format("{}: {}", path.string(), what),
              "expected MS-CXR's COCO file: images, categories and annotations");
}

// The phrase, or the first of a list of phrases.
std::string phrase_of(const json& annotation) {
  const auto it = annotation.find("label_text");
  if (it == annotation.end() || it->is_null() || it->empty()) return "";
  return it->is_array() ? it->at(0).get<std::string>() : it->get<std::string>();
}

// Ids are numbers in some editions and texts in others.
std::string id_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

struct CocoImage {
  std::string dicom_id;
  double width = 0, height = 0;
};

void read_coco(const fs::path& path, ListingBuilder& listing) {
  const json root = read_json(path);
  if (!root.is_object()) fail(path, "not an object");
  for (const char* key : {"images", "categories", "annotations"}) {
    if (!root.contains(key) || !root[key].is_array()) fail(path, fmt::format("no list '{}'", key));
  }
  std::unordered_map<std::string, CocoImage> images;
  std::unordered_map<std::string, std::string> categories;
  size_t number = 0;
  const auto where = [&] { return fmt::format("{}:{}", path.filename().string(), number); };
  try {
    for (const json& c : root["categories"]) {
      categories[id_text(c.at("id"))] = c.at("name").get<std::string>();
    }
    for (const json& i : root["images"]) {
      const std::string file = i.contains("file_name") ? i["file_name"] : i.at("path");
      const CocoImage image{fs::path(file).stem(), i.value("width", 0.0), i.value("height", 0.0)};
      if (SourceImage* listed = listing.find(image.dicom_id)) {
        listed->has_boxes = true;
        listed->box_split = normalised_split(i.value("split", ""));
      }
      images[id_text(i.at("id"))] = image;
    }
  } catch (const json::exception&) {
    fail(path, "an entry of 'images' or 'categories' lacks a key or has another type");
  }
  for (const json& annotation : root["annotations"]) {
    ++number;
    try {
      const CocoImage& image = images[id_text(annotation.at("image_id"))];
      const auto box = annotation.at("bbox").get<std::array<double, 4>>();
      listing.add_box(image.dicom_id, categories[id_text(annotation.at("category_id"))],
                      {.phrase = phrase_of(annotation),
                       .box = {box[0], box[1], box[2], box[3]},
                       .image_width = image.width,
                       .image_height = image.height},
                      where());
    } catch (const json::exception&) {
      listing.problem(where(), "bad_box", "the annotation lacks image_id, category_id or bbox");
    }
  }
}

// One region of a scene graph -> boxes, one a finding that is said to be there. original_x1, ...
// are pixels of the stored image; original_width and original_height are the region's own, x2 -
// x1 and y2 - y1, and not the image's.
void add_region(const json& region, const json& object, std::vector<SourceBox>& boxes) {
  const auto edge = [&](const char* key) { return object.value(key, 0.0); };
  const Box box{edge("original_x1"), edge("original_y1"), edge("original_x2") - edge("original_x1"),
                edge("original_y2") - edge("original_y1")};
  if (box.area() <= 0) return;  // many regions have no box
  std::set<Finding> seen;
  const json& sentences = region.at("attributes");
  for (size_t i = 0; i < sentences.size(); ++i) {
    for (const json& attribute : sentences[i]) {
      const auto text = attribute.get<std::string>();
      const size_t first = text.find('|'), second = text.find('|', first + 1);
      if (second == std::string::npos || text.substr(first + 1, second - first - 1) != "yes") {
        continue;
      }
      const auto finding = finding_of_class(text.substr(second + 1));
      if (!finding || *finding == Finding::kNoFinding || !seen.insert(*finding).second) continue;
      const json& phrases = region.value("phrases", json::array());
      const std::string phrase =
          i < phrases.size() && phrases[i].is_string() ? phrases[i].get<std::string>() : "";
      boxes.push_back({.finding = finding_name(*finding), .phrase = phrase, .box = box});
    }
  }
}

std::vector<SourceBox> read_scene_graph(const fs::path& path) {
  const json graph = read_json(path);
  std::unordered_map<std::string, const json*> objects;
  for (const json& object : graph.at("objects")) {
    objects[object.at("bbox_name").get<std::string>()] = &object;
  }
  std::vector<SourceBox> boxes;
  for (const json& region : graph.at("attributes")) {
    const auto it = objects.find(region.at("bbox_name").get<std::string>());
    if (it != objects.end()) add_region(region, *it->second, boxes);
  }
  return boxes;
}

void read_scene_graphs(fs::path folder, ListingBuilder& listing) {
  for (const char* below : {"silver_dataset/scene_graph", "scene_graph"}) {
    if (fs::is_directory(folder / below)) folder /= below;
  }
  std::vector<SourceImage>& images = listing.images();
  enum State : uint8_t { kNone, kRead, kBad };
  std::vector<State> states(images.size(), kNone);
  parallel_for(images.size(), 0, [&](size_t i) {
    const fs::path path = folder / (images[i].image_id + "_SceneGraph.json");
    if (!fs::is_regular_file(path)) return;
    states[i] = kBad;
    try {
      const std::vector<SourceBox> boxes = read_scene_graph(path);
      images[i].boxes.insert(images[i].boxes.end(), boxes.begin(), boxes.end());
      images[i].has_boxes = true;
      states[i] = kRead;
    } catch (const json::exception&) {
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kData) throw;
    }
  });
  for (size_t i = 0; i < images.size(); ++i) {
    if (states[i] != kBad) continue;
    listing.problem(images[i].image_id + "_SceneGraph.json", "bad_scene_graph",
                    "expected objects[] and attributes[] with bbox_name");
  }
  const auto read = std::ranges::count(states, kRead);
  if (read == 0) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: no scene graph of a listed picture", folder.string()),
                "--boxes names the folder of Chest ImaGenome's *_SceneGraph.json files");
  }
}

}  // namespace

void read_mimic_boxes(const fs::path& where, ListingBuilder& listing) {
  if (fs::is_directory(where)) {
    read_scene_graphs(where, listing);
  } else if (where.extension() == ".json") {
    read_coco(where, listing);
  } else {
    read_table(where, listing);
  }
}

}  // namespace radgen
