#include "model/weight_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "radgen/core/error.h"
#include "weight_maps.h"

namespace radgen {
namespace {

// Wrappers that may stand around any submodule: torch.compile, FSDP, checkpoint_wrapper.
const std::set<std::string> kWrappersAnywhere{"_orig_mod", "_fsdp_wrapped_module",
                                              "_checkpoint_wrapped_module"};
// And those that stand around the whole model: DistributedDataParallel and DataParallel, DeepSpeed,
// Lightning and what people call the model in a program of their own.
const std::set<std::string> kWrappersInFront{
    "module", "_forward_module", "model", "net", "network", "_orig_mod", "_fsdp_wrapped_module"};

std::string first_part(const std::string& name) {
  const size_t dot = name.find('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

// The wrapper that all tensors' names begin with; empty: there is none. A scalar is a program's own
// counter (AveragedModel's n_averaged) and says nothing.
std::string common_wrapper(const TensorMap& tensors) {
  std::string common;
  for (const auto& [name, tensor] : tensors) {
    const std::string first = first_part(name);
    if (first.empty() && tensor.dim() == 0) continue;
    if (kWrappersInFront.count(first) == 0 || (!common.empty() && first != common)) return "";
    common = first;
  }
  return common;
}

// "h.0._orig_mod.ln_1.weight" -> "h.0.ln_1.weight". The first part stays.
std::string without_inner_wrappers(const std::string& name) {
  std::string result;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    if (begin == 0 || kWrappersAnywhere.count(part) == 0) {
      if (!result.empty()) result += '.';
      result += part;
    }
    begin = end + 1;
  }
  return result;
}

template <class Rename>
TensorMap renamed(const TensorMap& tensors, const std::string& where, Rename rename) {
  TensorMap result;
  for (const auto& [name, tensor] : tensors) {
    if (result.emplace(rename(name), tensor).second) continue;
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: '{}' is there twice, once with the name of a wrapper in it", where, name),
        "the file holds two models or parts of them: save one by itself");
  }
  return result;
}

}  // namespace

TensorMap without_wrappers(TensorMap tensors, const std::string& where) {
  for (std::string wrapper; !(wrapper = common_wrapper(tensors)).empty();) {
    tensors = renamed(tensors, where, [&](const std::string& name) {
      return first_part(name) == wrapper ? name.substr(wrapper.size() + 1) : name;
    });
  }
  return renamed(tensors, where, without_inner_wrappers);
}

void add_aliases(TensorMap& tensors, const WeightsMetadata& metadata) {
  for (const auto& [dropped, kept] : metadata) {
    const auto found = tensors.find(kept);
    if (found != tensors.end() && tensors.count(dropped) == 0) tensors[dropped] = found->second;
  }
}

void tie_text_embeddings(PublicCheckpoint& checkpoint) {
  const std::string positions = "wpe.weight", inner = "transformer.";
  if (!checkpoint.config.decoder || !checkpoint.config.decoder->tie_embeddings) return;
  if (count_prefixes(checkpoint, positions) != 1) return;  // whoever loads it says what is missing
  const std::string prefix = find_prefix(checkpoint, positions);
  const std::string outer =
      prefix.ends_with(inner) ? prefix.substr(0, prefix.size() - inner.size()) : "";
  TensorMap& tensors = checkpoint.tensors;
  const std::string input = prefix + "wte.weight", output = outer + "lm_head.weight";
  const auto wte = tensors.find(input), lm_head = tensors.find(output);
  if (lm_head == tensors.end()) return;  // the usual form
  if (wte == tensors.end()) {
    tensors[input] = lm_head->second;
    return;
  }
  if (wte->second.sizes() != lm_head->second.sizes() ||
      !torch::equal(wte->second.to(torch::kFloat), lm_head->second.to(torch::kFloat))) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: '{}' and '{}' differ, but config.json says that they are one "
                            "(tie_word_embeddings, true unless said otherwise)",
                            source_of(checkpoint), input, output),
                "where the model was trained with two, write \"tie_word_embeddings\": false");
  }
  lm_head->second = wte->second;
}

}  // namespace radgen
