// Weights as safetensors files: 8 bytes of header length, a JSON header, raw little-endian tensors.
//
//   save_weights(*model, dir / "model.safetensors", {{"format", "radgen"}});  // F32, atomic
//   load_weights(*model, dir / "model.safetensors");        // strict: the error names the tensor
//   std::map<std::string, torch::Tensor> tensors = read_safetensors("vit.safetensors");
//
// Files are foreign bytes: every length, offset, shape and type is checked before memory is asked
// for. Read: F32, F16, BF16 (both widened to F32), F64, I64, I32, U8, BOOL. Format:
// https://github.com/huggingface/safetensors#format
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "radgen/model/torch_compat.h"

namespace radgen {

using TensorMap = std::map<std::string, torch::Tensor>;
using WeightsMetadata = std::map<std::string, std::string>;

// Headers above this are refused (the format's own limit).
inline constexpr uint64_t kSafetensorsHeaderLimitBytes = 100'000'000;

// `name` stands in the messages. Throws Error{kData}: what is wrong and at which tensor.
TensorMap parse_safetensors(std::string_view bytes, const std::string& name,
                            WeightsMetadata* metadata = nullptr);
TensorMap read_safetensors(const std::filesystem::path& path, WeightsMetadata* metadata = nullptr);

// Floats are written as F32, in the order of names; everything else as it is. Throws
// Error{kResource}.
std::string format_safetensors(const TensorMap& tensors, const WeightsMetadata& metadata = {});
void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const WeightsMetadata& metadata = {});

// "[768, 3072]", for messages.
std::string shape_text(const torch::Tensor& tensor);

// Every parameter and buffer by its name; tensors share memory with the module.
TensorMap named_tensors(const torch::nn::Module& module);

void save_weights(const torch::nn::Module& module, const std::filesystem::path& path,
                  const WeightsMetadata& metadata = {});

struct LoadReport {
  std::vector<std::string> missing;     // in the module, not in the file
  std::vector<std::string> unexpected;  // in the file, not in the module
  size_t loaded = 0;
};

// Copies the tensors into the module. Strict: a missing or unexpected tensor is Error{kData} that
// lists them; a shape that differs always is one. Nothing is copied unless everything fits.
LoadReport load_tensors(torch::nn::Module& module, const TensorMap& tensors,
                        const std::string& name, bool is_strict = true);
LoadReport load_weights(torch::nn::Module& module, const std::filesystem::path& path,
                        bool is_strict = true, WeightsMetadata* metadata = nullptr);

}  // namespace radgen
