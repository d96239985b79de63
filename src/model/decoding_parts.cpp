#include "model/decoding_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "radgen/core/error.h"

namespace radgen {

using torch::Tensor;

torch::ScalarType kv_cache_type(const DecodingConfig& config) {
  if (config.kv_cache_type == "fp32") return torch::kFloat;
  if (config.kv_cache_type == "fp16") return torch::kHalf;
  if (config.kv_cache_type == "int8") return torch::kChar;
  throw Error(ErrorCode::kConfig,
              fmt::format("decoding.kv_cache_type is '{}'", config.kv_cache_type),
              "fp32, fp16 or int8");
}

// Ids that would complete an n-gram which `ids` holds already.
std::vector<int64_t> repeated_next(const std::vector<int64_t>& ids, int64_t n) {
  std::vector<int64_t> banned;
  const auto size = static_cast<int64_t>(ids.size());
  for (int64_t i = 0; n > 0 && i + n <= size; ++i)
    if (std::equal(ids.begin() + i, ids.begin() + i + n - 1, ids.end() - (n - 1)))
      banned.push_back(ids[i + n - 1]);
  return banned;
}

Prompts with_bos(const std::vector<std::vector<int64_t>>& prompts, int64_t batch,
                 const ModelConfig& config, torch::Device device) {
  if (!prompts.empty() && static_cast<int64_t>(prompts.size()) != batch)
    throw Error(ErrorCode::kData, fmt::format("{} prompts for {} studies", prompts.size(), batch),
                "give one prompt a study, or none at all");
  Prompts result;
  for (int64_t b = 0; b < batch; ++b)
    result.sizes.push_back((prompts.empty() ? 0 : static_cast<int64_t>(prompts[b].size())) + 1);
  const int64_t longest = *std::max_element(result.sizes.begin(), result.sizes.end());
  result.ids = torch::full({batch, longest}, config.pad_id, torch::kLong);
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t i = 0; i + 1 < result.sizes[b]; ++i) result.ids[b][i] = prompts[b][i];
    result.ids[b][result.sizes[b] - 1] = config.bos_id;
    result.is_ragged |= result.sizes[b] != longest;
  }
  result.ids = result.ids.to(device);
  result.lengths = torch::tensor(result.sizes).to(device);
  return result;
}

void check_ids(const std::vector<std::vector<int64_t>>& lists, int64_t vocabulary,
               const char* what) {
  for (const auto& list : lists)
    for (int64_t id : list)
      if (id < 0 || id >= vocabulary)
        throw Error(
            ErrorCode::kData,
            fmt::format("a {} holds token id {}, the vocabulary has {}", what, id, vocabulary),
            "use the tokenizer that lies beside the model");
}

}  // namespace radgen
