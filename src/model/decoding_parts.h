// What every way of writing a text needs: prompts as one tensor, forbidden words.
#pragma once

#include <vector>

#include "radgen/model/config.h"
#include "radgen/model/decoding.h"
#include "radgen/model/torch_compat.h"

namespace radgen {

struct Prompts {
  torch::Tensor ids;           // [B,P+1] prompt, bos, then pad
  torch::Tensor lengths;       // [B], bos included
  std::vector<int64_t> sizes;  // the same
  bool is_ragged = false;      // not all lengths are equal
};

// Throws Error{kData} when there are prompts, but not one a study.
Prompts with_bos(const std::vector<std::vector<int64_t>>& prompts, int64_t batch,
                 const ModelConfig& config, torch::Device device);

// Throws Error{kData} for an id outside the vocabulary; `what` names the list.
void check_ids(const std::vector<std::vector<int64_t>>& lists, int64_t vocabulary,
               const char* what);

// config.kv_cache_type as a type; Error{kConfig} for any other word.
torch::ScalarType kv_cache_type(const DecodingConfig& config);

// Ids that would complete an n-gram which `ids` holds already.
std::vector<int64_t> repeated_next(const std::vector<int64_t>& ids, int64_t n);

}  // namespace radgen
