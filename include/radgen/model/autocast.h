// bf16 autocast (LibTorch's AMP): matrix products and convolutions in bf16 with fp32 accumulation,
// weights, norms' parameters, attention scores and losses in fp32.
//
//   {
//     Autocast guard(use_bf16("auto", device), device);
//     loss = network->forward(input).losses.total;
//   }
//   loss.backward();   // outside: each gradient is taken in the type of its forward
#pragma once

#include <string>

#include "radgen/model/torch_compat.h"

namespace radgen {

// Autocast on `device` is switched to `is_bf16` while it lives, then back to what it was.
class Autocast {
 public:
  Autocast(bool is_bf16, torch::Device device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

  static bool is_on(torch::Device device);

 private:
  torch::Device device_;
  bool was_on_;
};

// "fp32" and "bf16" as they say; "auto": bf16 where this machine multiplies it faster than fp32 (a
// CPU with AVX512-BF16 that oneDNN may use: convolutions 2x, measured; a GPU of compute capability
// 8 or more). "bf16" on a CPU without it is done, and warned of once: linear layers ran at 1.3
// GFLOP/s against 109 in fp32 with AVX2.
bool use_bf16(const std::string& precision, torch::Device device);

}  // namespace radgen
