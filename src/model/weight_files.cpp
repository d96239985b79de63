#include "model/weight_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "model/weight_names.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/model/public_weights.h"
#include "weight_maps.h"

namespace radgen {
namespace {

// What people take for a file of weights, told by its bytes.
struct Foreign {
  size_t at;
  std::string_view bytes;
  const char* what;
  const char* hint;
};
constexpr const char* kConvert =
    "convert it once: python3 -c \"import torch; torch.save(torch.load('FILE', "
    "map_location='cpu'), 'NEW')\" with PyTorch 1.6 or later, or save it as safetensors";
constexpr const char* kSaveAsSafetensors = "save the model as safetensors";
constexpr Foreign kForeign[] = {
    {0, "version https://git-lfs", "is a Git LFS pointer and not the weights", "run: git lfs pull"},
    {0, "<!DOCTYPE", "is a web page and not the weights", "download the file itself"},
    {0, "<html", "is a web page and not the weights", "download the file itself"},
    // torch.save's magic number 0x1950a86a20f9469cfc6c behind PROTO and LONG1.
    {4, "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19",
     "is in the old format of PyTorch before 1.6, which is no zip archive", kConvert},
    {257, "ustar", "is in the old tar format of PyTorch before 0.2", kConvert},
    {0, "\x89HDF", "holds weights of TensorFlow or Keras (HDF5)", kSaveAsSafetensors},
    {0, "GGUF", "holds weights of llama.cpp (GGUF)", kSaveAsSafetensors},
    {0, "\x1f\x8b", "is compressed with gzip", "unpack it first"},
    {0, "\x80", "is a bare pickle, which is no zip archive as torch.save writes", kConvert}};

// 8 bytes of length, and the header.
bool looks_like_safetensors(std::string_view bytes) { return bytes.size() > 8 && bytes[8] == '{'; }

void refuse_foreign(std::string_view bytes, const std::string& name) {
  for (const Foreign& foreign : kForeign) {
    if (bytes.size() < foreign.at + foreign.bytes.size()) continue;
    if (bytes.substr(foreign.at, foreign.bytes.size()) != foreign.bytes) continue;
    // The first bytes of safetensors are a length and may be anything.
    if (foreign.bytes.size() < 8 && looks_like_safetensors(bytes)) continue;
    throw Error(ErrorCode::kData, fmt::format("{}: {}", name, foreign.what), foreign.hint);
  }
}

// The files that an index names, each with the tensors that it should hold.
std::map<std::string, std::set<std::string>> parts_of(const fs::path& index) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::kData, fmt::format("{}: {}", index.string(), what),
                "expected the index of weights in several files: {\"weight_map\": {tensor: file}}");
  };
  const nlohmann::json json = read_json(index);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) {
    refuse("no object 'weight_map'");
  }
  std::map<std::string, std::set<std::string>> parts;
  for (const auto& [tensor, file] : json["weight_map"].items()) {
    if (!file.is_string()) refuse(fmt::format("the file of '{}' is no text", tensor));
    const auto name = file.get<std::string>();
    // A part lies beside its index, and nowhere else.
    if (name.empty() || name.find_first_of("/\\") != std::string::npos || name[0] == '.') {
      refuse(fmt::format("the file of '{}' is no plain file name", tensor));
    }
    parts[name].insert(tensor);
  }
  if (parts.empty()) refuse("names no file");
  return parts;
}

// "model-00001-of-00002.safetensors"
bool is_one_of_several(const fs::path& file) {
  static const std::regex numbered(R"(.*-\d+-of-\d+\.\w+)");
  return std::regex_match(file.filename().string(), numbered);
}

// What lies in the folder and looks like weights, for a message.
std::string what_is_there(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& item : fs::directory_iterator(folder)) {
    const std::string extension = item.path().extension();
    for (const char* known :
         {".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".h5", ".msgpack", ".gguf", ".onnx"}) {
      if (extension == known) names.insert(item.path().filename());
    }
  }
  if (names.empty()) return "no file of weights at all";
  return "only " + fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

TensorMap read_weight_file(const fs::path& path) {
  const std::string bytes = read_file(path);
  refuse_foreign(bytes, path.string());
  const bool is_pickle = path.extension() != ".safetensors" && !looks_like_safetensors(bytes);
  if (is_pickle || bytes.starts_with("PK\x03\x04")) {
    return parse_pickled_weights(bytes, path.string());
  }
  WeightsMetadata metadata;
  TensorMap tensors = parse_safetensors(bytes, path.string(), &metadata);
  add_aliases(tensors, metadata);
  return tensors;
}

TensorMap read_weight_parts(const fs::path& index) {
  const auto parts = parts_of(index);
  std::vector<std::string> missing;
  for (const auto& [file, names] : parts) {
    if (!fs::is_regular_file(index.parent_path() / file)) missing.push_back(file);
  }
  if (!missing.empty()) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: the weights are in several files, and {} of {} are not there: {}",
                            index.string(), missing.size(), parts.size(), fmt::join(missing, ", ")),
                "copy or download all of them into the folder");
  }
  TensorMap all;
  for (const auto& [file, names] : parts) {
    const fs::path path = index.parent_path() / file;
    TensorMap tensors = read_weight_file(path);
    for (const std::string& name : names) {
      if (tensors.count(name) != 0) continue;
      throw Error(ErrorCode::kData,
                  fmt::format("{}: has no tensor '{}', which {} says is in it", path.string(), name,
                              index.filename().string()),
                  "the files and the index must be of one and the same model");
    }
    for (auto& [name, tensor] : tensors) {
      if (all.emplace(name, tensor).second) continue;
      throw Error(ErrorCode::kData,
                  fmt::format("{}: tensor '{}' is in another part, too", path.string(), name),
                  "the files must be of one and the same model");
    }
  }
  return all;
}

TensorMap read_weight_folder(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    if (fs::exists(folder / name)) return read_weight_file(folder / name);
    const fs::path index = folder / (std::string(name) + ".index.json");
    if (fs::exists(index)) return read_weight_parts(index);
  }
  throw Error(ErrorCode::kData,
              fmt::format("{}: neither model.safetensors nor pytorch_model.bin nor the index of "
                          "one in several parts is there, {}",
                          folder.string(), what_is_there(folder)),
              "save the model as model.safetensors, or give its file by name");
}

TensorMap read_pickled_weights(const fs::path& path) {
  const std::string bytes = read_file(path);
  refuse_foreign(bytes, path.string());
  return parse_pickled_weights(bytes, path.string());
}

PublicCheckpoint read_public_checkpoint(const fs::path& path) {
  if (!fs::exists(path)) {
    throw Error(ErrorCode::kData, "no such file or folder: " + path.string(),
                "give a Hugging Face folder, a model.safetensors with its config.json beside it, "
                "or torchvision's .pth");
  }
  PublicCheckpoint checkpoint;
  const fs::path folder = fs::is_directory(path)       ? path
                          : path.parent_path().empty() ? fs::path(".")
                                                       : path.parent_path();
  if (fs::is_directory(path)) {
    checkpoint.config = read_public_config(path);
    checkpoint.tensors = read_weight_folder(path);
  } else if (path.extension() == ".pth" || path.extension() == ".pt") {
    checkpoint.tensors = without_wrappers(read_weight_file(path), path.string());
    checkpoint.config = torchvision_config(checkpoint.tensors, path.string());
    return checkpoint;
  } else {
    checkpoint.config = read_public_config(folder);
    if (path.extension() == ".json") {
      checkpoint.tensors = read_weight_parts(path);
    } else if (is_one_of_several(path)) {
      checkpoint.tensors = read_weight_folder(folder);
    } else {
      checkpoint.tensors = read_weight_file(path);
    }
  }
  checkpoint.tensors = without_wrappers(std::move(checkpoint.tensors), path.string());
  tie_text_embeddings(checkpoint);
  return checkpoint;
}

}  // namespace radgen
