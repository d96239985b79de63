// Files of predictions and of references: ours, and what strangers write.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "evaluation/text_table.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/reference.h"
#include "radgen/imaging/image.h"

namespace radgen::evaluation {
namespace {

// Names that strangers give to the whole text of a report.
constexpr const char* kTextNames[] = {"text", "report", "prediction", "generated_report",
                                      "hypothesis"};

// The map's file must lie under `folder`: predictions may come from strangers.
void load_map(DraftSentence& sentence, const fs::path& folder, const std::string& where) {
  if (!sentence.map.empty() || sentence.map_file.empty()) return;
  const fs::path relative = fs::path(sentence.map_file).lexically_normal();
  if (relative.is_absolute() || relative.begin() == relative.end() || *relative.begin() == "..") {
    throw Error(ErrorCode::kData,
                where + ": the path in 'map' leaves the folder of the predictions",
                "write maps beside the predictions file and name them relative to it");
  }
  const Result<cv::Mat> image = read_png16(folder / relative);
  if (!image) {
    throw Error(ErrorCode::kData,
                where + ": cannot read a sentence's map: " + image.failure().message);
  }
  sentence.map.rows = image->rows;
  sentence.map.columns = image->cols;
  sentence.map.values.reserve(image->total());
  const double scale = sentence.map_scale > 0 ? sentence.map_scale : 1.0 / 65535;
  for (int y = 0; y < image->rows; ++y) {
    for (int x = 0; x < image->cols; ++x) {
      sentence.map.values.push_back(static_cast<float>(scale * image->at<uint16_t>(y, x)));
    }
  }
}

// A map that is written as rows of numbers. null is no number, and rows of unequal length fill no
// grid: such maps are counted as broken where they are scored.
AttentionMap map_from_rows(const nlohmann::json& rows, const std::string& where) {
  AttentionMap map;
  for (const nlohmann::json& row : rows) {
    const bool is_row = row.is_array() && std::all_of(row.begin(), row.end(), [](const auto& v) {
                          return v.is_number() || v.is_null();
                        });
    if (!is_row) {
      throw Error(ErrorCode::kData, where + ": 'map' of a sentence is no list of rows of numbers",
                  "write [[0.1, 0.2], [0.3, 0.4]], from the top, or the name of a 16-bit PNG");
    }
    ++map.rows;
    map.columns = std::max(map.columns, static_cast<int>(row.size()));
    for (const nlohmann::json& value : row) {
      map.values.push_back(value.is_null() ? std::numeric_limits<float>::quiet_NaN()
                                           : value.get<float>());
    }
  }
  return map;
}

// Takes the maps that stand in the sentences themselves out of `json`, by sentence.
std::map<size_t, AttentionMap> take_inline_maps(nlohmann::json& json, const std::string& where) {
  std::map<size_t, AttentionMap> maps;
  const auto sentences = json.find("sentences");
  if (sentences == json.end() || !sentences->is_array()) return maps;
  for (size_t i = 0; i < sentences->size(); ++i) {
    nlohmann::json& sentence = (*sentences)[i];
    if (!sentence.is_object() || !sentence.contains("map") || !sentence["map"].is_array()) continue;
    maps[i] = map_from_rows(sentence["map"], where);
    sentence.erase("map");
  }
  return maps;
}

// A report under another name than ours becomes our 'text'.
void name_text(nlohmann::json& json) {
  if (!json.is_object() || json.contains("findings") || json.contains("impression")) return;
  for (const char* name : kTextNames) {
    if (json.contains(name) && json.at(name).is_string()) {
      json["text"] = json.at(name);
      return;
    }
  }
}

// The id and the texts alone: a table has nothing else that is ours.
nlohmann::json only_texts(const nlohmann::json& json) {
  nlohmann::json texts = nlohmann::json::object();
  for (const char* name : {"study_id", "image_id", "findings", "impression", "text"}) {
    if (json.contains(name)) texts[name] = json.at(name);
  }
  return texts;
}

// Calls use(object, where) for every line or row, as an object with our names.
void for_each_report(const fs::path& path,
                     const std::function<void(nlohmann::json&, const std::string&)>& use) {
  const auto where = [&](size_t line) { return fmt::format("{}: line {}", path.string(), line); };
  if (path.extension() == ".csv") {
    read_text_table(path, [&](const Row& row, size_t line) {
      nlohmann::json json;
      for (const auto& [name, value] : row) json[name] = value;
      name_text(json);
      use(json, where(line));
    });
    return;
  }
  try {
    read_jsonl(path, [&](const nlohmann::json& json, size_t line) {
      nlohmann::json named = json;
      name_text(named);
      use(named, where(line));
    });
  } catch (const Error& error) {
    if (!std::string(error.what()).ends_with("not valid JSON")) throw;
    throw Error(
        error.code(), error.what(),
        "the file may be cut off, or hold NaN or Infinity, which JSON does not know: write null");
  }
}

}  // namespace

std::vector<Draft> load_predictions(const std::filesystem::path& path) {
  std::vector<Draft> drafts;
  const bool is_table = path.extension() == ".csv";
  for_each_report(path, [&](nlohmann::json& json, const std::string& where) {
    std::map<size_t, AttentionMap> maps = take_inline_maps(json, where);
    Draft draft = draft_from_json(is_table ? only_texts(json) : json, where);
    for (size_t i = 0; i < draft.sentences.size(); ++i) {
      if (maps.contains(i)) draft.sentences[i].map = std::move(maps[i]);
      load_map(draft.sentences[i], path.parent_path(), where);
    }
    drafts.push_back(std::move(draft));
  });
  return drafts;
}

std::vector<Reference> load_references(const std::filesystem::path& path) {
  std::vector<Reference> references;
  for_each_report(path, [&](nlohmann::json& json, const std::string& where) {
    const Draft texts = draft_from_json(only_texts(json), where);
    Reference reference;
    reference.study_id = texts.study_id;
    reference.findings = texts.findings;
    reference.impression = texts.impression;
    const auto text_of = [&](const char* name) {
      const auto found = json.find(name);
      if (found == json.end() || found->is_null()) return std::string();
      return found->is_string() ? found->get<std::string>() : found->dump();
    };
    reference.patient_id = text_of("patient_id");
    if (reference.patient_id.empty()) reference.patient_id = text_of("subject_id");
    reference.indication = text_of("indication");
    reference.split = text_of("split");
    references.push_back(std::move(reference));
  });
  return references;
}

}  // namespace radgen::evaluation
