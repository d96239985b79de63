#include "radgen/data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "radgen/core/error.h"
#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/imaging/image.h"

namespace radgen {
namespace {

constexpr float kIgnore = std::numeric_limits<float>::quiet_NaN();

std::vector<ManifestEntry> read_split(const std::filesystem::path& folder, const std::string& split,
                                      size_t max_studies) {
  std::vector<ManifestEntry> entries;
  std::map<std::string, size_t> counts;
  for (ManifestEntry& entry : read_manifest(folder / "manifest.jsonl")) {
    ++counts[entry.split];
    const bool has_room = max_studies == 0 || entries.size() < max_studies;
    if (entry.split == split && has_room) entries.push_back(std::move(entry));
  }
  if (!entries.empty()) return entries;
  std::string there;
  for (const auto& [name, count] : counts)
    there += fmt::format("{}{} ({})", there.empty() ? "" : ", ", name, count);
  throw Error(ErrorCode::kData,
              fmt::format("{}: no study in the split '{}'; there are: {}", folder.string(), split,
                          there.empty() ? "none" : there),
              "run preprocess-radgen again, on a data set that has this split");
}

float label_target(const Labels& labels, Finding finding, const DatasetConfig& config) {
  const auto it = labels.find(finding);
  if (it == labels.end()) return config.absent_labels == "negative" ? 0.0f : kIgnore;
  if (it->second >= 0) return static_cast<float>(it->second);
  if (config.uncertain_labels == "ignore") return kIgnore;
  return config.uncertain_labels == "positive" ? 1.0f : 0.0f;
}

}  // namespace

Dataset::Dataset(std::filesystem::path folder, const std::string& split,
                 std::shared_ptr<const Tokenizer> tokenizer, const DatasetConfig& config,
                 size_t max_studies)
    : folder_(std::move(folder)),
      config_(config),
      grid_(make_input_grid(config.model_input.width_px, config.model_input.height_px,
                            config.patch_px)),
      entries_(read_split(folder_, split, max_studies)) {
  if (config_.max_tokens <= config_.prompt_max_tokens + 1) {
    throw Error(ErrorCode::kConfig,
                fmt::format("data.max_tokens {} leaves no room behind data.prompt_max_tokens {}",
                            config_.max_tokens, config_.prompt_max_tokens));
  }
  for (const ManifestEntry& entry : entries_) {
    if (entry.image.empty()) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: was prepared without pictures", folder_.string()),
                  "run preprocess-radgen again without --text-only");
    }
    if (entry.photometric != config_.model_input.preparation.photometric) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: pictures were prepared with photometric '{}', "
                              "model_input.preparation.photometric is '{}'",
                              folder_.string(), entry.photometric,
                              config_.model_input.preparation.photometric),
                  "prepare the pictures again, or set model_input.preparation.photometric to what "
                  "they are");
    }
  }
  const Labeler labeler;
  const TextTargetOptions options{.max_tokens = config_.max_tokens,
                                  .prompt_max_tokens = config_.prompt_max_tokens,
                                  .whole_sentences = config_.grounding_tokens == "sentence"};
  texts_.resize(entries_.size());
  cache_.resize(entries_.size());
  parallel_for(entries_.size(), 0, [&](size_t i) {
    texts_[i] = make_text_targets(entries_[i], *tokenizer, labeler, options);
  });
}

std::vector<int64_t> Dataset::lengths() const {
  std::vector<int64_t> lengths;
  for (const TextTargets& text : texts_) lengths.push_back(static_cast<int64_t>(text.ids.size()));
  return lengths;
}

Dataset::FittedInput Dataset::model_input(size_t i) const {
  const std::lock_guard lock(locks_[i % kLocks]);
  if (!cache_.at(i).pixels.empty()) return cache_[i];
  const ManifestEntry& entry = entries_[i];
  const Result<cv::Mat> image = read_png16(folder_ / entry.image);
  if (!image || image->cols != entry.width || image->rows != entry.height) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: {}", (folder_ / "images").string(),
                            image ? "a picture has another size than the manifest says"
                                  : image.failure().message),
                "run preprocess-radgen again");
  }
  Fitted fitted = fit_letterbox(*image, static_cast<int>(config_.model_input.width_px),
                                static_cast<int>(config_.model_input.height_px));
  FittedInput input{std::move(fitted.image), fitted.transform};
  const auto bytes = static_cast<int64_t>(input.pixels.total() * input.pixels.elemSize());
  if (cached_bytes_.fetch_add(bytes) + bytes <= config_.cache_mib * (int64_t{1} << 20)) {
    cache_[i] = input;
  } else {
    cached_bytes_ -= bytes;
  }
  return input;
}

Sample Dataset::sample(size_t i, const SampleOptions& options) const {
  const FittedInput fitted = model_input(i);
  const TextTargets& text = texts_.at(i);
  Sample sample;
  Affine image_to_input = fitted.image_to_input;
  if (options.augment != nullptr && options.augment->enabled) {
    const Augmentation augmentation =
        draw_augmentation(*options.augment, fitted.pixels.cols, fitted.pixels.rows, options.seed,
                          options.epoch, hash_text(entries_[i].image_id));
    sample.image =
        normalise_input(apply_augmentation(fitted.pixels, augmentation), config_.model_input);
    image_to_input = image_to_input.then(augmentation.input_to_augmented);
  } else {
    sample.image = normalise_input(fitted.pixels, config_.model_input);
  }
  sample.ids = text.ids;
  sample.prompt_length = text.prompt_length;
  sample.counts = text.counts;
  sample.is_positive = text.is_positive;
  sample.index = i;
  add_groups(i, image_to_input, sample);
  add_labels(entries_[i], image_to_input, sample);
  return sample;
}

void Dataset::add_groups(size_t i, const Affine& image_to_input, Sample& sample) const {
  const TextTargets& text = texts_[i];
  sample.group = text.group;
  sample.group_masks.resize(text.box_groups.size() * grid_.size());
  for (size_t g = 0; g < text.box_groups.size(); ++g) {
    std::vector<Box> boxes;
    for (const size_t box : text.box_groups[g]) boxes.push_back(entries_[i].boxes[box].box);
    const std::span mask(sample.group_masks.data() + g * grid_.size(), grid_.size());
    cover_patches(grid_, boxes, image_to_input, mask);
    const bool is_in_input = std::ranges::any_of(mask, [](float share) { return share > 0; });
    if (!is_in_input) std::ranges::replace(sample.group, static_cast<int32_t>(g), -1);
  }
}

// A finding's patches are known when its boxes are there, and, in an image that was annotated,
// when the report does not call it present: then it is nowhere. A finding that is called present
// but has no box is not known.
void Dataset::add_labels(const ManifestEntry& entry, const Affine& image_to_input,
                         Sample& sample) const {
  sample.patch_labels.assign(kFindingCount * grid_.size(), 0.0f);
  sample.has_boxes.assign(kFindingCount, 0);
  for (const Finding finding : all_findings()) {
    const auto f = static_cast<size_t>(finding);
    sample.labels.push_back(label_target(entry.labels, finding, config_));
    if (!entry.has_boxes || finding == Finding::kNoFinding) continue;
    std::vector<Box> boxes;
    for (const FindingBox& box : entry.boxes) {
      if (box.finding == finding_name(finding)) boxes.push_back(box.box);
    }
    const auto label = entry.labels.find(finding);
    const bool is_called = label != entry.labels.end() && label->second != 0;
    sample.has_boxes[f] = !boxes.empty() || !is_called;
    if (boxes.empty()) continue;
    cover_patches(grid_, boxes, image_to_input,
                  std::span(sample.patch_labels.data() + f * grid_.size(), grid_.size()));
  }
}

Dataset::Counts Dataset::counts() const {
  Counts counts;
  counts.studies = size();
  for (size_t i = 0; i < size(); ++i) {
    counts.studies_with_boxes += entries_[i].boxes.empty() ? 0 : 1;
    counts.linked_mentions += texts_[i].linked_mentions;
    counts.ambiguous_mentions += texts_[i].ambiguous_mentions;
    counts.cut_texts += texts_[i].is_cut ? 1 : 0;
  }
  return counts;
}

}  // namespace radgen
