// A batch of the data layer as the model's input: the two layers do not know each other.
#pragma once

#include "radgen/batches/batch.h"
#include "radgen/model/grounded_model.h"

namespace radgen {

inline ForwardInput make_forward_input(const Batch& batch) {
  ForwardInput input;
  input.image = batch.image;
  input.text_ids = batch.text_ids;
  input.text_mask = batch.text_mask;
  input.prompt_length = batch.prompt_length;
  input.grounding_masks = batch.grounding_masks;
  input.grounding_tokens = batch.grounding_tokens;
  input.examined_tokens = batch.examined_tokens;
  input.positive_tokens = batch.positive_tokens;
  input.labels = batch.labels;
  input.patch_labels = batch.patch_labels;
  input.has_boxes = batch.has_boxes;
  return input;
}

}  // namespace radgen
