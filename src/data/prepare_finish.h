// The end of a prepare run, alike for one machine and for merged shards: all that is worked out
// from the finished manifest.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "radgen/data/prepare.h"
#include "radgen/data/source.h"

namespace radgen {

inline constexpr int kPrepareFormat = 1;  // raised when prepared images or their journal change

// Of source and configuration: what makes two runs' images and manifests alike. Fields that came
// later count only where they are not at their defaults.
std::string prepare_hash(const PrepareConfig& config, const StudySource& source, bool text_only);

// duplicates.jsonl and tokenizer.model in `output`, their counts in the summary.
void finish_dataset(const PrepareConfig& config, const std::filesystem::path& output,
                    const PrepareOptions& options, PrepareSummary& summary);

// prepare.json: the last file that is written.
void write_prepare_json(const PrepareConfig& config, const StudySource& source,
                        const std::filesystem::path& folder, const PrepareSummary& summary,
                        nlohmann::ordered_json more = nlohmann::ordered_json::object());

}  // namespace radgen
