// One split of a prepared dataset as training samples: image in the network's input, token ids,
// targets.
//
//   Dataset train("prepared", "train", tokenizer, config);
//   Sample sample = train.sample(0);                          // as it is
//   // the same for the same (seed, epoch)
//   Sample varied = train.sample(0, {&augment, seed, epoch});
//
// Texts are tokenized and linked to their boxes once, when the dataset is opened. Images are read
// when first asked for, fitted into the input and kept (16 bit) while the cache has room. All const
// functions are thread safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "radgen/core/config.h"
#include "radgen/data/augment.h"
#include "radgen/data/batch.h"
#include "radgen/data/input_grid.h"
#include "radgen/data/manifest.h"
#include "radgen/data/text_targets.h"
#include "radgen/imaging/letterbox.h"
#include "radgen/report/tokenizer.h"

namespace radgen {

struct DatasetConfig {
  ModelInputConfig model_input;
  int64_t patch_px = 16;     // the encoder's P
  int64_t max_tokens = 256;  // the decoder's
  int64_t prompt_max_tokens = 0;
  std::string grounding_tokens = "finding";
  std::string uncertain_labels = "positive";
  std::string absent_labels = "negative";
  int64_t cache_mib = 4096;
};
inline void describe(Fields& f, DatasetConfig& c) {
  f.renamed("frame", "model_input");
  f.section("model_input", c.model_input);
  f.field("patch_px", c.patch_px, {.help = "side of a patch", .min = 1, .max = 512, .unit = "px"});
  f.field("max_tokens", c.max_tokens,
          {.help = "prompt, bos, words and eos together; longer texts are cut",
           .min = 8,
           .max = 8192,
           .unit = "tokens"});
  f.field("prompt_max_tokens", c.prompt_max_tokens,
          {.help = "age, sex and indication as a prefix of at most so many tokens; 0: no prompt",
           .min = 0,
           .max = 512});
  f.field(
      "grounding_tokens", c.grounding_tokens,
      {.help = "whose attention is supervised: the finding words, or every word of their sentence",
       .choices = {"finding", "sentence"}});
  f.field("uncertain_labels", c.uncertain_labels,
          {.help = "what an uncertain label (-1) is for the finding head",
           .choices = {"positive", "negative", "ignore"}});
  f.field("absent_labels", c.absent_labels,
          {.help = "what a finding that the report does not name is",
           .choices = {"negative", "ignore"}});
  f.field("cache_mib", c.cache_mib,
          {.help = "memory for pictures that are kept; 0: every picture is read each time",
           .min = 0,
           .unit = "MiB"});
}

struct SampleOptions {
  const AugmentConfig* augment = nullptr;  // null: as it is
  uint64_t seed = 0, epoch = 0;
};

class Dataset {
 public:
  // Throws Error{kData} (no manifest, no study in the split, an image of another photometric
  // convention) and Error{kConfig} (patches do not divide the input). `max_studies` 0: all; else
  // the first so many.
  Dataset(std::filesystem::path folder, const std::string& split,
          std::shared_ptr<const Tokenizer> tokenizer, const DatasetConfig& config,
          size_t max_studies = 0);

  size_t size() const { return entries_.size(); }
  const ManifestEntry& entry(size_t i) const { return entries_.at(i); }
  const TextTargets& text(size_t i) const { return texts_.at(i); }
  std::vector<int64_t> lengths() const;  // tokens of each study, for length bucketing
  const InputGrid& grid() const { return grid_; }
  const DatasetConfig& config() const { return config_; }

  // Throws Error{kData} when the image cannot be read.
  Sample sample(size_t i, const SampleOptions& options = {}) const;

  // The image in the input, CV_16UC1, and the way of coordinates.
  struct FittedInput {
    cv::Mat pixels;
    Affine image_to_input;
  };
  FittedInput model_input(size_t i) const;

  // What the texts and boxes gave, for the log.
  struct Counts {
    size_t studies = 0, studies_with_boxes = 0, linked_mentions = 0, ambiguous_mentions = 0,
           cut_texts = 0;
  };
  Counts counts() const;

 private:
  void add_labels(const ManifestEntry& entry, const Affine& image_to_input, Sample& sample) const;
  void add_groups(size_t i, const Affine& image_to_input, Sample& sample) const;

  std::filesystem::path folder_;
  DatasetConfig config_;
  InputGrid grid_;
  std::vector<ManifestEntry> entries_;
  std::vector<TextTargets> texts_;
  static constexpr size_t kLocks = 64;
  // entry i of the cache is guarded by lock i % kLocks
  mutable std::array<std::mutex, kLocks> locks_;
  mutable std::vector<FittedInput> cache_;
  mutable std::atomic<int64_t> cached_bytes_{0};
};

}  // namespace radgen
