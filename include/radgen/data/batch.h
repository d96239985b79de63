// What the network learns from in one step, and how samples become one.
//
// Letters: B studies, T tokens of the longest text, N patches (row by row from the top left), H, W
// input.
//
// Alignment: text_ids[b] = prompt, bos, words, eos, then pad (0). Position t predicts text_ids[b, t
// + 1] = targets[b, t], and everything said about a token (text_mask, grounding_masks,
// grounding_tokens, positive_tokens) stands in the row of the position that PREDICTS it: the
// attention that wrote a word is the one of the position before it. Row T - 1 never counts.
// text_mask is true from bos to the last word (which predicts eos); the prompt is excluded.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace radgen {

// One study, before padding. Plain memory, so that it can be made on any thread.
struct Sample {
  cv::Mat image;             // CV_32FC1, H x W, normalised
  std::vector<int64_t> ids;  // as TextTargets
  int64_t prompt_length = 0;
  std::vector<uint8_t> counts, is_positive;
  std::vector<int32_t> group;  // row of group_masks; -1: none, also where the boxes left the input
  std::vector<float> group_masks;   // [G,N], share of the patch inside the boxes
  std::vector<float> labels;        // [14]: 1, 0, NaN = ignore
  std::vector<float> patch_labels;  // [14,N]
  std::vector<uint8_t> has_boxes;   // [14]
  size_t index = 0;                 // in the dataset
};

struct Batch {
  torch::Tensor image;            // [B,1,H,W] float32
  torch::Tensor text_ids;         // [B,T] int64
  torch::Tensor targets;          // [B,T] int64, text_ids one to the left, pad at the end
  torch::Tensor prompt_length;    // [B] int64, tokens before bos
  torch::Tensor text_mask;        // [B,T] bool
  torch::Tensor grounding_masks;  // [B,T,N] float32 in [0,1]; 0 where grounding_tokens is false
  // [B,T] bool: F, predictions of finding words that have a box in the input
  torch::Tensor grounding_tokens;
  torch::Tensor positive_tokens;  // [B,T] bool: predictions of words of positive mentions
  torch::Tensor labels;           // [B,14] float32, Finding's order: 1, 0, NaN = ignore
  torch::Tensor patch_labels;     // [B,14,N] float32 in [0,1]
  torch::Tensor has_boxes;  // [B,14] bool: patch_labels of this finding are complete (else 0 and to
                            // be ignored)
  std::vector<size_t> indices;  // in the dataset
  int64_t epoch = 0, index_in_epoch = 0;

  int64_t size() const { return image.defined() ? image.size(0) : 0; }
  Batch to(torch::Device device) const;
};

// Pads to the longest text. The samples must be of one dataset.
Batch collate(const std::vector<Sample>& samples);

}  // namespace radgen
