#include "data/prepare_shards.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_shards(const fs::path& output, const std::string& what,
                                const std::string& hint) {
  throw Error(ErrorCode::kData, fmt::format("{}: {}", (output / "shards").string(), what), hint);
}

void add_counts(const json& from, std::map<std::string, size_t>& to) {
  for (const auto& [name, count] : from.items()) to[name] += count.get<size_t>();
}

// Every line of the shards' files of this name, in order.
void join_files(const std::vector<FinishedShard>& shards, const fs::path& output,
                const char* name) {
  JsonlWriter writer(output / name);
  for (const FinishedShard& shard : shards) {
    std::ifstream file(shard.folder / name, std::ios::binary);
    if (!file)
      refuse_shards(output, fmt::format("{} has no {}", shard.folder.filename().string(), name),
                    "");
    for (std::string line; std::getline(file, line);) {
      const auto object = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!object.is_object()) {
        refuse_shards(output,
                      fmt::format("{}/{} is damaged", shard.folder.filename().string(), name),
                      "run this shard again with --overwrite");
      }
      writer.write(object);
    }
  }
  writer.commit();
}

}  // namespace

fs::path shard_folder(const fs::path& output, size_t shard, size_t shards) {
  return output / "shards" / fmt::format("{:04}-of-{:04}", shard, shards);
}

nlohmann::ordered_json Shard::to_json() const {
  return {{"shard", shard},
          {"shards", shards},
          {"hash", hash},
          {"units", all_units},
          {"units_sha256", units_sha256}};
}

Shard make_shard(const std::vector<StudyUnit>& units, size_t shard, size_t shards,
                 const std::string& hash) {
  if (shard < 1 || shard > shards) {
    throw Error(ErrorCode::kUsage, fmt::format("--shard {}/{}: expected a number from 1 to {}",
                                               shard, shards, shards));
  }
  std::string ids;
  for (const StudyUnit& unit : units) {
    ids += unit.images.front().image_id + " " + unit.images.front().split + "\n";
  }
  const size_t begin = units.size() * (shard - 1) / shards, end = units.size() * shard / shards;
  return {.units = std::span(units).subspan(begin, end - begin),
          .shard = shard,
          .shards = shards,
          .all_units = units.size(),
          .hash = hash,
          .units_sha256 = sha256_hex(ids)};
}

std::vector<FinishedShard> find_shards(const fs::path& output, const std::string& hash) {
  std::vector<FinishedShard> shards;
  if (fs::is_directory(output / "shards")) {
    for (const auto& item : fs::directory_iterator(output / "shards")) {
      if (!fs::is_regular_file(item.path() / "prepare.json")) continue;
      // Moved aside by --overwrite: not a part any more.
      if (item.path().filename().string().find(".bak-") != std::string::npos) continue;
      shards.push_back({item.path(), read_json(item.path() / "prepare.json")});
    }
  }
  if (shards.empty())
    refuse_shards(output, "no finished shard", "run each with --shard 1/N .. N/N first");
  const json& first = shards.front().info;
  std::set<size_t> numbers;
  for (const FinishedShard& shard : shards) {
    for (const char* key : {"hash", "shards", "units_sha256"}) {
      if (shard.info.value(key, json()) == first.value(key, json())) continue;
      refuse_shards(
          output,
          fmt::format("{} and {} differ in {}", shards.front().folder.filename().string(),
                      shard.folder.filename().string(), key),
          "all shards need the same data set, configuration and number of shards; remove those "
          "of another attempt");
    }
    numbers.insert(shard.info.at("shard").get<size_t>());
  }
  if (first.at("hash") != hash) {
    refuse_shards(output,
                  "the shards were prepared under another configuration or from another source",
                  "give the merge the same flags as the shards");
  }
  std::vector<size_t> missing;
  const auto count = first.at("shards").get<size_t>();
  for (size_t i = 1; i <= count; ++i) {
    if (!numbers.contains(i)) missing.push_back(i);
  }
  if (!missing.empty()) {
    refuse_shards(
        output,
        fmt::format("{} of {} shards are not finished: {}", missing.size(), count,
                    fmt::join(missing, ", ")),
        fmt::format("run --shard {}/{} (it goes on where it stopped)", missing.front(), count));
  }
  std::ranges::sort(shards, {},
                    [](const FinishedShard& s) { return s.info.at("shard").get<size_t>(); });
  return shards;
}

PrepareSummary sum_shards(const std::vector<FinishedShard>& shards) {
  PrepareSummary sum;
  const json& first = shards.front().info.at("summary");
  sum.candidates = first.at("candidates");
  sum.selected = first.at("selected");
  sum.leaking_patients = first.at("leaking_patients");
  sum.box_split_conflicts = first.at("box_split_conflicts");
  add_counts(first.at("counts"), sum.counts);
  for (const FinishedShard& shard : shards) {
    const json& s = shard.info.at("summary");
    sum.prepared += s.at("prepared").get<size_t>();
    sum.reused += s.at("reused").get<size_t>();
    sum.boxes += s.at("boxes").get<size_t>();
    sum.images_with_boxes += s.at("pictures_with_boxes").get<size_t>();
    sum.boxes_outside += s.at("boxes_outside").get<size_t>();
    sum.linked_mentions +=
        s.value("linked_mentions", size_t{0});  // not in those of earlier versions
    sum.ambiguous_mentions += s.value("ambiguous_mentions", size_t{0});
    sum.boxes_without_words += s.value("boxes_without_words", size_t{0});
    add_counts(s.at("splits"), sum.splits);
    add_counts(s.at("rejected"), sum.rejected);
    add_counts(s.at("warnings"), sum.warnings);
    add_counts(s.at("quality"), sum.quality);
    // They ran side by side: the slowest is how long it took.
    sum.image_seconds = std::max(sum.image_seconds, s.at("picture_seconds").get<double>());
    sum.seconds = std::max(sum.seconds, s.at("seconds").get<double>());
  }
  return sum;
}

void join_shards(const std::vector<FinishedShard>& shards, const fs::path& output) {
  size_t missing = 0;
  for (const FinishedShard& shard : shards) {
    read_jsonl(shard.folder / "manifest.jsonl", [&](const json& line, size_t) {
      const std::string image = line.value("image", "");
      missing += !image.empty() && !fs::exists(output / image) ? 1 : 0;
    });
  }
  if (missing > 0) {
    refuse_shards(output,
                  fmt::format("{} pictures that the shards made are not in {}", missing,
                              (output / "images").string()),
                  "bring the images/ folders of all machines together first");
  }
  join_files(shards, output, "rejected.jsonl");
  join_files(shards, output, "manifest.jsonl");
}

}  // namespace radgen
