// Files of weights as other programs leave them on a disk.
//
//   TensorMap tensors = read_weight_file("pytorch_model.bin");            // by its content
//   tensors = read_weight_parts("model.safetensors.index.json");          // all parts together
//
// What is no file of weights is refused with its name: a Git LFS pointer, a web page, an archive of
// PyTorch before 1.6, weights of TensorFlow or Flax. All throw Error{kData}.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "radgen/model/weights.h"

namespace radgen {

// A safetensors file or a zip archive of torch.save. Names that the metadata of a safetensors file
// gives as aliases ({"transformer.wte.weight": "lm_head.weight"}: safetensors keeps a shared tensor
// once) are there, too, and share the memory.
TensorMap read_weight_file(const std::filesystem::path& path);

// The tensors of every file that the index's "weight_map" names, beside the index.
TensorMap read_weight_parts(const std::filesystem::path& index);

// The weights in a Hugging Face folder: one file or several parts, safetensors before pickles.
TensorMap read_weight_folder(const std::filesystem::path& folder);

// A zip archive of torch.save; `name` stands in the messages.
TensorMap parse_pickled_weights(std::string_view bytes, const std::string& name);

// Whether every text and number of a pickle (protocol 2, as torch.save writes) ends inside it, and
// no place in its memo lies beyond what so many bytes can fill. LibTorch's unpickler asks for the
// memory first: four bytes of a length are 4 GiB, four of a place 64 GiB. True as well for an
// operation that is not known, where the unpickler stops.
bool has_sound_lengths(std::string_view pickle);

}  // namespace radgen
