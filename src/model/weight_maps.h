// How the tensors of public checkpoints become ours: a list of mappings for each family. Used by
// public_weights.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "radgen/model/public_weights.h"

namespace radgen {

// One tensor of ours, made from tensors of the file. `change` sees the sources in their order and
// our tensor, whose shape its result must have; it may only look at sizes.
struct Mapping {
  std::string target;
  std::vector<std::string> sources;
  std::string how;
  std::function<torch::Tensor(const std::vector<torch::Tensor>& sources,
                              const torch::Tensor& target)>
      change;
};

// The text before `anchor` in the one tensor name that ends with it: "encoder." for
// "encoder.embeddings.cls_token". Throws Error{kData} when no name or more than one does.
std::string find_prefix(const PublicCheckpoint& checkpoint, const std::string& anchor);
// How many names end with it.
size_t count_prefixes(const PublicCheckpoint& checkpoint, const std::string& anchor);

// What the file is called in messages.
const std::string& source_of(const PublicCheckpoint& checkpoint);

// Targets are named as in VitEncoder.
std::vector<Mapping> vision_map(const EncoderConfig& own, const PublicCheckpoint& checkpoint,
                                const PublicLoadOptions& options);
// Targets are named as in GroundedDecoder.
std::vector<Mapping> text_map(const DecoderConfig& own, const PublicCheckpoint& checkpoint,
                              const PublicLoadOptions& options);
// "weight" and "bias" of the projection; empty where the checkpoint has nothing to say.
std::vector<Mapping> projection_map(const PublicCheckpoint& checkpoint);

// The configuration of torchvision's VisionTransformer from the shapes of its tensors; heads are 64
// wide as in vit_b and vit_l. Throws Error{kData} when a tensor that says it is not there.
PublicConfig torchvision_config(const TensorMap& tensors, const std::string& where);

}  // namespace radgen
