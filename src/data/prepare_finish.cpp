#include "data/prepare_finish.h"

#include <algorithm>

#include "data/duplicates.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/data/manifest.h"
#include "radgen/report/tokenizer.h"

namespace radgen {
namespace {

constexpr double kMimicImages = 377110;         // of MIMIC-CXR, the measure of the field
constexpr size_t kMaxTokenizerTexts = 600'000;  // more teach nothing, and all are kept in memory

int64_t train_tokenizer(const PrepareConfig& config, const fs::path& output) {
  if (config.vocabulary_size == 0) return 0;
  std::vector<std::string> texts;
  const fs::path manifest = output / "manifest.jsonl";
  read_jsonl(manifest, [&](const nlohmann::json& line, size_t) {
    const ManifestEntry entry = manifest_entry_from_json(line, manifest.string());
    if (entry.split != "train" || texts.size() >= kMaxTokenizerTexts) return;
    for (const std::string* text : {&entry.findings, &entry.impression, &entry.indication}) {
      if (!text->empty()) texts.push_back(*text);
    }
  });
  if (texts.empty()) {
    log::warning("the split 'train' has no text: no tokenizer is trained");
    return 0;
  }
  const fs::path path = output / "tokenizer.model";
  Tokenizer::train(texts, static_cast<int>(config.vocabulary_size), path);
  return Tokenizer(path).vocabulary_size();
}

}  // namespace

double PrepareSummary::images_per_second() const {
  const size_t made = prepared - std::min(prepared, reused);
  return made > 0 && image_seconds > 0 ? static_cast<double>(made) / image_seconds : 0;
}

double PrepareSummary::hours_for_mimic_cxr() const {
  const double rate = images_per_second();
  return rate > 0 ? kMimicImages / rate / 3600 : 0;
}

nlohmann::ordered_json summary_to_json(const PrepareSummary& s) {
  return {{"candidates", s.candidates},
          {"selected", s.selected},
          {"prepared", s.prepared},
          {"reused", s.reused},
          {"splits", s.splits},
          {"boxes", s.boxes},
          {"pictures_with_boxes", s.images_with_boxes},
          {"boxes_outside", s.boxes_outside},
          {"linked_mentions", s.linked_mentions},
          {"ambiguous_mentions", s.ambiguous_mentions},
          {"boxes_without_words", s.boxes_without_words},
          {"leaking_patients", s.leaking_patients},
          {"box_split_conflicts", s.box_split_conflicts},
          {"duplicates", s.duplicates},
          {"duplicates_across_splits", s.duplicates_across_splits},
          {"near_duplicates_across_splits", s.near_duplicates_across_splits},
          {"rejected", s.rejected},
          {"warnings", s.warnings},
          {"quality", s.quality},
          {"counts", s.counts},
          {"tokenizer_pieces", s.tokenizer_pieces},
          {"pictures_per_second", s.images_per_second()},
          {"hours_for_mimic_cxr", s.hours_for_mimic_cxr()},
          {"picture_seconds", s.image_seconds},
          {"seconds", s.seconds}};
}

std::string prepare_hash(const PrepareConfig& config, const StudySource& source, bool text_only) {
  nlohmann::ordered_json dump = dump_config(config);
  const nlohmann::ordered_json defaults = dump_config(PrepareConfig());
  for (const char* field : kFieldsAfterFormat1) {
    if (dump.at(field) == defaults.at(field)) dump.erase(field);
  }
  nlohmann::ordered_json key{
      {"format", kPrepareFormat}, {"source", source.name()}, {"config", std::move(dump)}};
  if (text_only) key["text_only"] = true;
  return sha256_hex(key.dump());
}

void finish_dataset(const PrepareConfig& config, const fs::path& output,
                    const PrepareOptions& options, PrepareSummary& summary) {
  if (!options.text_only) {
    const DuplicateCounts found =
        find_duplicates(output, static_cast<int>(config.near_duplicate_bits), options.threads);
    summary.duplicates = found.equal;
    summary.duplicates_across_splits = found.equal_across_splits;
    summary.near_duplicates_across_splits = found.near_across_splits;
    if (found.equal_across_splits + found.near_across_splits > 0) {
      log::warning(
          "{} equal and {} nearly equal pictures are in more than one split: "
          "duplicates.jsonl names them",
          found.equal_across_splits, found.near_across_splits);
    }
  }
  summary.tokenizer_pieces = train_tokenizer(config, output);
}

void write_prepare_json(const PrepareConfig& config, const StudySource& source,
                        const fs::path& folder, const PrepareSummary& summary,
                        nlohmann::ordered_json more) {
  nlohmann::ordered_json json{{"config", dump_config(config)},
                              {"source", source.name()},
                              {"is_synthetic", source.is_synthetic()},
                              {"format_version", kPrepareFormat},
                              {"version", version_text()},
                              {"summary", summary_to_json(summary)}};
  json.update(more);
  write_json_atomic(folder / "prepare.json", json);
}

}  // namespace radgen
