#include "radgen/model/public_weights.h"

#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "weight_maps.h"

namespace radgen {
namespace {

using torch::Tensor;

// One load: gathers the values for several modules, then copies all of them or none.
class Loader {
 public:
  Loader(const PublicCheckpoint& checkpoint, const PublicLoadOptions& options)
      : checkpoint_(checkpoint), options_(options) {
    report_.source = source_of(checkpoint);
    report_.family = checkpoint.config.family;
  }

  // `prefix` stands before the module's names in report and messages.
  void gather(const torch::nn::Module& module, const std::vector<Mapping>& map,
              const std::string& prefix) {
    std::map<std::string, const Mapping*> by_target;
    for (const Mapping& mapping : map) by_target[mapping.target] = &mapping;
    for (const auto& [name, target] : named_tensors(module)) {
      const auto found = by_target.find(name);
      if (found == by_target.end()) {
        miss(prefix + name);
      } else {
        gather_one(*found->second, prefix + name, target);
      }
    }
  }

  WeightReport finish() {
    if (!problems_.empty()) {
      constexpr size_t kShown = 10;
      std::string message =
          fmt::format("{}: the weights do not fit the network ({} problems):", report_.source,
                      problems_.size());
      for (size_t i = 0; i < std::min(kShown, problems_.size()); ++i)
        message += "\n  " + problems_[i];
      if (problems_.size() > kShown) message += "\n  ...";
      throw Error(ErrorCode::kData, message,
                  "the weights and the config.json beside them must be of one and the same model");
    }
    torch::NoGradGuard no_grad;
    for (auto& [target, value] : values_) target.copy_(value);
    for (const auto& item : checkpoint_.tensors)
      if (touched_.count(item.first) == 0) report_.unused.push_back(item.first);
    return report_;
  }

 private:
  void miss(const std::string& name) {
    const bool is_allowed =
        std::any_of(options_.may_be_missing.begin(), options_.may_be_missing.end(),
                    [&](const std::string& part) { return name.find(part) != std::string::npos; });
    if (is_allowed) {
      report_.missing.push_back(name);
    } else {
      problems_.push_back(fmt::format("nothing for our '{}'", name));
    }
  }

  void gather_one(const Mapping& mapping, const std::string& name, const Tensor& target) {
    std::vector<Tensor> sources;
    std::string absent, shapes;
    for (const std::string& source : mapping.sources) {
      const auto found = checkpoint_.tensors.find(source);
      if (found == checkpoint_.tensors.end() || !found->second.is_floating_point()) {
        absent += (absent.empty() ? "'" : ", '") + source + "'";
        continue;
      }
      sources.push_back(found->second.detach().to(torch::kFloat));
      shapes += (shapes.empty() ? "" : ", ") + source + " " + shape_text(found->second);
    }
    if (!absent.empty()) {
      problems_.push_back(fmt::format("{} is missing, for our '{}'", absent, name));
      return;
    }
    Tensor value;
    try {
      torch::NoGradGuard no_grad;
      value = mapping.change(sources, target);
    } catch (const c10::Error&) {  // shapes that do not go together
    }
    if (!value.defined() || value.sizes() != target.sizes()) {
      problems_.push_back(
          fmt::format("{} does not give our '{}' {}", shapes, name, shape_text(target)));
      return;
    }
    touched_.insert(mapping.sources.begin(), mapping.sources.end());
    values_.emplace_back(target, value);
    report_.used.push_back({name, mapping.sources, mapping.how});
  }

  const PublicCheckpoint& checkpoint_;
  const PublicLoadOptions& options_;
  WeightReport report_;
  std::vector<std::string> problems_;
  std::set<std::string> touched_;
  std::vector<std::pair<Tensor, Tensor>> values_;  // ours, new
};

void gather_vision(Loader& loader, VitEncoder encoder, const PublicCheckpoint& checkpoint,
                   const PublicLoadOptions& options) {
  check_fits(encoder->config(), checkpoint.config);
  loader.gather(*encoder, vision_map(encoder->config(), checkpoint, options), "encoder.");
}

void gather_text(Loader& loader, GroundedModel model, const PublicCheckpoint& checkpoint,
                 const PublicLoadOptions& options) {
  const DecoderConfig& own = model->config().decoder;
  const int64_t tokens = checkpoint.config.decoder ? checkpoint.config.decoder->vocabulary_size : 0;
  check_fits(own, checkpoint.config, tokens + options.vocabulary_offset);
  loader.gather(*model->decoder(), text_map(own, checkpoint, options), "decoder.");
  const std::vector<Mapping> projection = projection_map(checkpoint);
  const auto children = model->named_children();
  if (projection.empty()) return;
  if (children.contains("projection")) {
    loader.gather(*children["projection"], projection, "projection.");
  } else if (checkpoint.config.has_projection) {
    throw Error(ErrorCode::kConfig,
                source_of(checkpoint) + ": has a projection and the network none",
                "add --set network.projection=true");
  }
}

// Module.state_dict() is an OrderedDict with an attribute "_metadata", and LibTorch's reader knows
// neither: it takes an OrderedDict for an unused part of a tensor and leaves None in its place. The
// pickle is changed so that a plain dictionary is made behind that None and both end in a tuple;
// the attribute, which stands last, is cut off. Other pickles stay as they are.
std::string with_plain_dictionary(const std::string& pickle) {
  static const std::string kStart(
      "\x80\x02"
      "ccollections\nOrderedDict\nq\0)R",
      31);
  static const std::string kMetadata("X\x09\0\0\0_metadata", 14);
  if (pickle.compare(0, kStart.size(), kStart) != 0 || pickle.back() != '.') return pickle;
  size_t end = pickle.size() - 1;
  const size_t at = pickle.rfind(kMetadata);
  if (at != std::string::npos && pickle[end - 1] == 'b') {
    // The attributes' dictionary and its place in the memo stand before: EMPTY_DICT and BINPUT, or
    // LONG_BINPUT.
    if (pickle[at - 3] == '}' && pickle[at - 2] == 'q') end = at - 3;
    if (pickle[at - 6] == '}' && pickle[at - 5] == 'r') end = at - 6;
  }
  return kStart + "}" + pickle.substr(kStart.size(), end - kStart.size()) +
         "\x86.";  // TUPLE2, STOP
}

// Reads within the file, whatever its headers say.
class BoundedReader final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BoundedReader(std::string_view bytes) : bytes_(bytes) {}
  size_t size() const override { return bytes_.size(); }
  size_t read(uint64_t at, void* to, size_t count, const char* /*what*/) const override {
    if (at >= bytes_.size()) return 0;
    const size_t taken = std::min(count, bytes_.size() - static_cast<size_t>(at));
    std::memcpy(to, bytes_.data() + at, taken);
    return taken;
  }

 private:
  std::string_view bytes_;
};

// A zip archive of torch.save, read by LibTorch: what was pickled, and how many bytes lie behind
// each storage.
struct Archive {
  c10::IValue top;
  std::map<const void*, size_t> bytes_at;

  void unpickle(const std::string& bytes) {
    caffe2::serialize::PyTorchStreamReader reader(std::make_unique<BoundedReader>(bytes));
    const auto [data, size] = reader.getRecord("data.pkl");
    const std::string pickle = with_plain_dictionary({static_cast<const char*>(data.get()), size});
    size_t done = 0;
    const auto next = [&](char* to, size_t count) {
      const size_t taken = std::min(count, pickle.size() - done);
      std::memcpy(to, pickle.data() + done, taken);
      done += taken;
      return taken;
    };
    const auto record = [&](const std::string& name) {
      auto [storage, length] = reader.getRecord("data/" + name);
      bytes_at[storage.get()] = length;
      return std::move(storage);
    };
    top = torch::jit::Unpickler(next, nullptr, nullptr, record, torch::kCPU).parse_ivalue();
  }

  // Whether all elements of the tensor lie inside the data that the archive has for it.
  bool holds(const Tensor& tensor) const {
    if (tensor.layout() != torch::kStrided || !tensor.device().is_cpu() || tensor.is_quantized())
      return false;
    if (tensor.numel() == 0) return true;
    int64_t last = tensor.storage_offset();
    if (last < 0) return false;
    for (int64_t i = 0; i < tensor.dim(); ++i) {
      if (tensor.size(i) < 1 || tensor.stride(i) < 0) return false;
      if (tensor.size(i) - 1 > 0 && tensor.stride(i) > kMostElements / (tensor.size(i) - 1))
        return false;
      last += (tensor.size(i) - 1) * tensor.stride(i);
      if (last > kMostElements) return false;
    }
    const auto found = bytes_at.find(tensor.storage().data());
    return found != bytes_at.end() && static_cast<uint64_t>(last + 1) * tensor.element_size() <=
                                          static_cast<uint64_t>(found->second);
  }

  static constexpr int64_t kMostElements = int64_t{1} << 40;
};

// The dictionary of tensors in what was unpickled: itself, or the one under "state_dict" or
// "model".
c10::optional<c10::IValue> find_dictionary(const c10::IValue& value, bool may_be_inside = true) {
  if (may_be_inside && value.isTuple() && value.toTupleRef().elements().size() == 2)
    return find_dictionary(value.toTupleRef().elements()[1], false);  // with_plain_dictionary()
  if (!value.isGenericDict()) return c10::nullopt;
  for (const auto& item : value.toGenericDict())
    if (item.key().isString() && item.value().isTensor()) return value;
  if (!may_be_inside) return c10::nullopt;
  for (const auto& item : value.toGenericDict()) {
    if (!item.key().isString()) continue;
    const std::string& name = item.key().toStringRef();
    if (name != "state_dict" && name != "model") continue;
    if (const auto inner = find_dictionary(item.value(), /*may_be_inside=*/false)) return inner;
  }
  return c10::nullopt;
}

}  // namespace

TensorMap read_pickled_weights(const fs::path& path) {
  const std::string bytes = read_file(path);
  const auto refuse = [&](const std::string& what) {
    throw Error(
        ErrorCode::kData, fmt::format("{}: {}", path.string(), what),
        "save its state_dict() once more by itself with torch.save (PyTorch 1.6 or later), or "
        "as safetensors");
  };
  if (bytes.compare(0, 2, "PK") != 0) refuse("is no zip archive as torch.save writes");
  Archive archive;
  try {
    archive.unpickle(bytes);
  } catch (const std::exception&) {
    refuse("holds something else than a dictionary of tensors, or is damaged");
  }
  const c10::optional<c10::IValue> dictionary = find_dictionary(archive.top);
  if (!dictionary) refuse("holds no dictionary of tensors");
  TensorMap tensors;
  for (const auto& item : dictionary->toGenericDict()) {
    if (!item.key().isString() || !item.value().isTensor()) continue;
    const Tensor tensor = item.value().toTensor().detach();
    if (!archive.holds(tensor))
      refuse("'" + item.key().toStringRef() + "' is larger than its data");
    tensors[item.key().toStringRef()] =
        (tensor.is_floating_point() ? tensor.to(torch::kFloat) : tensor).contiguous().clone();
  }
  return tensors;
}

PublicCheckpoint read_public_checkpoint(const fs::path& path) {
  if (!fs::exists(path))
    throw Error(ErrorCode::kData, "no such file or folder: " + path.string(),
                "give a Hugging Face folder, a model.safetensors with its config.json beside it, "
                "or torchvision's .pth");
  PublicCheckpoint checkpoint;
  if (fs::is_directory(path)) {
    checkpoint.config = read_public_config(path);
    if (fs::exists(path / "model.safetensors")) {
      checkpoint.tensors = read_safetensors(path / "model.safetensors");
    } else if (fs::exists(path / "pytorch_model.bin")) {
      checkpoint.tensors = read_pickled_weights(path / "pytorch_model.bin");
    } else {
      throw Error(ErrorCode::kData,
                  "no model.safetensors and no pytorch_model.bin in " + path.string(),
                  "weights in several parts are not supported: save the model in one file");
    }
  } else if (path.extension() == ".pth" || path.extension() == ".pt") {
    checkpoint.tensors = read_pickled_weights(path);
    checkpoint.config = torchvision_config(checkpoint.tensors, path.string());
  } else {
    checkpoint.config =
        read_public_config(path.parent_path().empty() ? fs::path(".") : path.parent_path());
    checkpoint.tensors =
        path.extension() == ".bin" ? read_pickled_weights(path) : read_safetensors(path);
  }
  return checkpoint;
}

WeightReport load_public_vision(VitEncoder encoder, const PublicCheckpoint& checkpoint,
                                const PublicLoadOptions& options) {
  Loader loader(checkpoint, options);
  gather_vision(loader, encoder, checkpoint, options);
  return loader.finish();
}

WeightReport load_public_text(GroundedModel model, const PublicCheckpoint& checkpoint,
                              const PublicLoadOptions& options) {
  Loader loader(checkpoint, options);
  gather_text(loader, model, checkpoint, options);
  return loader.finish();
}

WeightReport load_public_model(GroundedModel model, const PublicCheckpoint& checkpoint,
                               const PublicLoadOptions& options) {
  Loader loader(checkpoint, options);
  gather_vision(loader, model->encoder(), checkpoint, options);
  gather_text(loader, model, checkpoint, options);
  return loader.finish();
}

std::vector<std::string> new_text_parts(const PublicConfig& file) {
  std::vector<std::string> parts{"cross_attention.null_key"};
  if (!file.has_cross_attention) parts.insert(parts.end(), {"cross_attention.", "norm_2."});
  return parts;
}

std::string WeightReport::summary() const {
  return fmt::format(
      "{} ({}): {} tensors set, {} in the file not used, {} of ours keep their first values",
      source, family, used.size(), unused.size(), missing.size());
}

nlohmann::ordered_json WeightReport::json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Used& item : used)
    list.push_back({{"tensor", item.target}, {"from", item.sources}, {"how", item.how}});
  return {{"source", source},
          {"family", family},
          {"used", list},
          {"unused", unused},
          {"missing", missing}};
}

}  // namespace radgen
