#include "data/prepare_journal.h"

#include <fmt/format.h>

#include <fstream>

#include "radgen/core/error.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

using nlohmann::ordered_json;

ordered_json to_line(const FinishedImage& p) {
  ordered_json line{{"image_id", p.image_id},
                    {"image", p.image},
                    {"source_path", p.source_path},
                    {"source_sha256", p.source_sha256},
                    {"spacing_kind", p.spacing_kind},
                    {"view", p.view},
                    {"width", p.width},
                    {"height", p.height},
                    {"source_rows", p.source_rows},
                    {"source_columns", p.source_columns},
                    {"pixel_spacing_mm", p.pixel_spacing_mm},
                    {"source_transform", p.source_transform.m},
                    {"warnings", p.warnings},
                    {"quality", p.quality},
                    {"hash", p.hash},
                    {"header_sex", p.header_sex}};
  if (p.header_age) line["header_age"] = *p.header_age;
  return line;
}

FinishedImage from_line(const nlohmann::json& j) {
  FinishedImage p;
  p.image_id = j.at("image_id").get<std::string>();
  p.image = j.at("image").get<std::string>();
  p.source_path = j.at("source_path").get<std::string>();
  p.source_sha256 = j.at("source_sha256").get<std::string>();
  p.spacing_kind = j.at("spacing_kind").get<std::string>();
  p.view = j.at("view").get<std::string>();
  p.width = j.at("width").get<int>();
  p.height = j.at("height").get<int>();
  p.source_rows = j.at("source_rows").get<int>();
  p.source_columns = j.at("source_columns").get<int>();
  p.pixel_spacing_mm = j.at("pixel_spacing_mm").get<double>();
  p.source_transform.m = j.at("source_transform").get<std::array<double, 6>>();
  p.warnings = j.at("warnings").get<std::vector<std::string>>();
  // Lines of earlier versions end here.
  p.quality = j.value("quality", p.quality);
  p.hash = j.value("hash", "");
  p.header_sex = j.value("header_sex", "");
  if (j.contains("header_age")) p.header_age = j["header_age"].get<double>();
  return p;
}

}  // namespace

void remove_half_written(const fs::path& file) {
  std::error_code ignored;
  const std::string beginning = "." + file.filename().string() + ".tmp-";
  for (const auto& item : fs::directory_iterator(file.parent_path(), ignored)) {
    if (item.path().filename().string().starts_with(beginning)) fs::remove(item.path(), ignored);
  }
}

bool PrepareJournal::is_in(const fs::path& folder) {
  return fs::exists(folder / kFileName) || fs::exists(folder / (std::string(kFileName) + ".tmp"));
}

PrepareJournal::PrepareJournal(const fs::path& root, const fs::path& folder,
                               const std::string& config_sha256) {
  const fs::path path = folder / kFileName;
  if (fs::exists(path)) read(root, folder, config_sha256);
  // Written anew, so that a line that was cut short does not swallow the next one.
  JsonlWriter fresh(path, JsonlWriter::Mode::kAtomic);
  fresh.write({{"config_sha256", config_sha256}});
  for (const auto& [id, prepared] : finished_) fresh.write(to_line(prepared));
  fresh.commit();
  writer_ = std::make_unique<JsonlWriter>(path, JsonlWriter::Mode::kAppend);
}

void PrepareJournal::read(const fs::path& root, const fs::path& folder,
                          const std::string& config_sha256) {
  const fs::path path = folder / kFileName;
  std::ifstream file(path, std::ios::binary);
  std::string line;
  size_t dropped = 0;
  bool has_header = false;
  while (std::getline(file, line)) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!has_header) {
      has_header = json.is_object() && json.contains("config_sha256");
      if (!has_header) break;
      if (json["config_sha256"] != config_sha256) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("{}: was prepared under another configuration, or by another "
                                "version, of preprocess-radgen",
                                folder.string()),
                    "take another --output, or --overwrite to move the old one aside");
      }
      continue;
    }
    try {
      FinishedImage prepared = from_line(json);
      std::error_code ignored;
      if (fs::file_size(root / prepared.image, ignored) > 0 && !ignored) {
        finished_.insert_or_assign(prepared.image_id, std::move(prepared));
        continue;
      }
    } catch (const nlohmann::json::exception&) {
      // Cut short by the kill: the image is made again.
    }
    ++dropped;
  }
  if (!has_header) log::warning("{}: has no usable beginning, starting over", path.string());
  if (dropped > 0) log::info("{} unfinished pictures of the earlier run are made again", dropped);
}

const FinishedImage* PrepareJournal::find(const std::string& image_id) const {
  const auto it = finished_.find(image_id);
  return it == finished_.end() ? nullptr : &it->second;
}

void PrepareJournal::add(const FinishedImage& prepared) {
  const std::lock_guard lock(mutex_);
  writer_->write(to_line(prepared));
}

}  // namespace radgen
