#include "radgen/data/batch.h"

#include <algorithm>
#include <cstring>

#include "radgen/core/error.h"
#include "radgen/report/finding.h"
#include "radgen/report/tokenizer.h"

namespace radgen {
namespace {

// Tensors are filled with memset and memcpy: an ATen operator on a loader thread would start a team
// of OpenMP threads of its own and slow the network down.
torch::Tensor zeros(torch::IntArrayRef shape, torch::Dtype type) {
  torch::Tensor tensor = torch::empty(shape, type);
  std::memset(tensor.data_ptr(), 0, tensor.nbytes());
  return tensor;
}

template <class T>
void copy_row(const torch::Tensor& tensor, int64_t b, const T* values) {
  const size_t bytes = tensor.nbytes() / static_cast<size_t>(tensor.size(0));
  std::memcpy(static_cast<char*>(tensor.data_ptr()) + static_cast<size_t>(b) * bytes, values,
              bytes);
}

Batch empty_batch(const std::vector<Sample>& samples) {
  const auto size = static_cast<int64_t>(samples.size());
  const auto classes = static_cast<int64_t>(kFindingCount);
  const int64_t patches = static_cast<int64_t>(samples.front().patch_labels.size()) / classes;
  size_t longest = 0;
  for (const Sample& sample : samples) longest = std::max(longest, sample.ids.size());
  const auto width = static_cast<int64_t>(longest);
  const cv::Mat& image = samples.front().image;

  static_assert(kPadId == 0, "zeroed ids are padding");
  Batch batch;
  batch.image = torch::empty({size, 1, image.rows, image.cols}, torch::kFloat32);
  batch.text_ids = zeros({size, width}, torch::kInt64);
  batch.targets = zeros({size, width}, torch::kInt64);
  batch.prompt_length = zeros({size}, torch::kInt64);
  batch.text_mask = zeros({size, width}, torch::kBool);
  batch.positive_tokens = zeros({size, width}, torch::kBool);
  batch.grounding_tokens = zeros({size, width}, torch::kBool);
  batch.grounding_masks = zeros({size, width, patches}, torch::kFloat32);
  batch.labels = torch::empty({size, classes}, torch::kFloat32);
  batch.patch_labels = torch::empty({size, classes, patches}, torch::kFloat32);
  batch.has_boxes = torch::empty({size, classes}, torch::kBool);
  return batch;
}

void fill_text_row(Batch& batch, int64_t b, const Sample& sample) {
  const int64_t width = batch.text_ids.size(1), patches = batch.grounding_masks.size(2);
  int64_t* ids = batch.text_ids.data_ptr<int64_t>() + b * width;
  int64_t* targets = batch.targets.data_ptr<int64_t>() + b * width;
  bool* counts = batch.text_mask.data_ptr<bool>() + b * width;
  bool* positive = batch.positive_tokens.data_ptr<bool>() + b * width;
  bool* grounded = batch.grounding_tokens.data_ptr<bool>() + b * width;
  float* masks = batch.grounding_masks.data_ptr<float>() + b * width * patches;
  for (size_t t = 0; t < sample.ids.size(); ++t) {
    ids[t] = sample.ids[t];
    if (t + 1 < sample.ids.size()) targets[t] = sample.ids[t + 1];
    counts[t] = sample.counts[t] != 0;
    positive[t] = sample.is_positive[t] != 0;
    grounded[t] = sample.group[t] >= 0;
    if (grounded[t]) {
      std::copy_n(sample.group_masks.data() + sample.group[t] * patches, patches,
                  masks + static_cast<int64_t>(t) * patches);
    }
  }
}

}  // namespace

Batch collate(const std::vector<Sample>& samples) {
  RADGEN_CHECK(!samples.empty(), "a batch needs a sample");
  Batch batch = empty_batch(samples);
  for (size_t i = 0; i < samples.size(); ++i) {
    const Sample& sample = samples[i];
    const auto b = static_cast<int64_t>(i);
    RADGEN_CHECK(sample.image.isContinuous() && sample.image.size() == samples.front().image.size(),
                 "samples of one batch have one input size");
    copy_row(batch.image, b, sample.image.ptr<float>());
    fill_text_row(batch, b, sample);
    copy_row(batch.prompt_length, b, &sample.prompt_length);
    copy_row(batch.labels, b, sample.labels.data());
    copy_row(batch.patch_labels, b, sample.patch_labels.data());
    copy_row(batch.has_boxes, b, sample.has_boxes.data());
    batch.indices.push_back(sample.index);
  }
  return batch;
}

Batch Batch::to(torch::Device device) const {
  Batch moved = *this;
  for (torch::Tensor* tensor :
       {&moved.image, &moved.text_ids, &moved.targets, &moved.prompt_length, &moved.text_mask,
        &moved.grounding_masks, &moved.grounding_tokens, &moved.positive_tokens, &moved.labels,
        &moved.patch_labels, &moved.has_boxes}) {
    *tensor = tensor->to(device);
  }
  return moved;
}

}  // namespace radgen
