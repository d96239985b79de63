// One prepare run on several machines: contiguous parts of the selection, each with a folder of its
// own for all but the images, and their joining.
//
//   OUTPUT/images/...                                       images of all shards
//   OUTPUT/shards/0003-of-0008/{manifest.jsonl, rejected.jsonl, prepare.json, journal}
//
// prepare.json of a shard has, beside the usual: shard, shards, hash (source and configuration),
// units (of the whole selection) and units_sha256 (over their ids): what the merge compares, so
// that parts of different data sets, versions of them or configurations never become one dataset.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "data/prepare_select.h"
#include "radgen/data/prepare.h"

namespace radgen {

std::filesystem::path shard_folder(const std::filesystem::path& output, size_t shard,
                                   size_t shards);

struct Shard {
  std::span<const StudyUnit> units;  // of this shard
  size_t shard = 0, shards = 0, all_units = 0;
  std::string hash, units_sha256;
  nlohmann::ordered_json to_json() const;
};
// Number `shard` of 1..shards. Throws Error{kUsage} for another number.
Shard make_shard(const std::vector<StudyUnit>& units, size_t shard, size_t shards,
                 const std::string& hash);

struct FinishedShard {
  std::filesystem::path folder;
  nlohmann::json info;  // its prepare.json
};
// In order. Throws Error{kData} unless every shard of one number is finished, once, under `hash`
// and of the same selection.
std::vector<FinishedShard> find_shards(const std::filesystem::path& output,
                                       const std::string& hash);

PrepareSummary sum_shards(const std::vector<FinishedShard>& shards);

// manifest.jsonl and rejected.jsonl of `output`. Throws Error{kData} when an image that a shard's
// manifest names is not there.
void join_shards(const std::vector<FinishedShard>& shards, const std::filesystem::path& output);

}  // namespace radgen
