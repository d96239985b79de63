#include "radgen/model/autocast.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include <algorithm>
#include <mutex>

#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

void switch_autocast(torch::Device device, bool is_on) {
#if RADGEN_TORCH_AT_LEAST(2, 4)
  const auto kind = device.is_cpu() ? at::kCPU : at::kCUDA;
  at::autocast::set_autocast_enabled(kind, is_on);
  if (is_on) at::autocast::set_autocast_dtype(kind, at::kBFloat16);
#else
  if (device.is_cpu()) {
    at::autocast::set_cpu_enabled(is_on);
    if (is_on) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  } else {
    at::autocast::set_enabled(is_on);
    if (is_on) at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  }
#endif
}

bool multiplies_bf16_fast(torch::Device device) {
  // Every GPU since Ampere has it, and no earlier one runs a current LibTorch well.
  return !device.is_cpu() || has_bf16_products(cpu_features(), onednn_isa_limit());
}

// LibTorch asks the CPU whether a bf16 product may go to oneDNN; oneDNN, held to AVX2 by
// ONEDNN_MAX_CPU_ISA, then has none and fails.
void part_with_limited_onednn() {
  const std::vector<std::string> features = cpu_features();
  const bool cpu_has_avx512 =
      std::find(features.begin(), features.end(), "avx512bw") != features.end();
  if (cpu_has_avx512 && !onednn_isa_limit().empty())
    at::globalContext().setUserEnabledMkldnn(false);
}

void prepare_slow_bf16() {
  static std::once_flag once;
  std::call_once(once, [] {
    part_with_limited_onednn();
    log::warning(
        "bf16 was asked for, but this CPU has no bf16 products (or oneDNN may not use them): they "
        "are emulated, and linear layers can take 80 times as long as in fp32; fp32 or auto is "
        "faster here");
  });
}

}  // namespace

Autocast::Autocast(bool is_bf16, torch::Device device) : device_(device), was_on_(is_on(device)) {
  switch_autocast(device_, is_bf16);
}

Autocast::~Autocast() {
  const bool ends = is_on(device_) && !was_on_;
  switch_autocast(device_, was_on_);
  // The narrow copies of the weights would outlive the next optimizer step.
  if (ends) at::autocast::clear_cache();
}

bool Autocast::is_on(torch::Device device) {
#if RADGEN_TORCH_AT_LEAST(2, 4)
  return at::autocast::is_autocast_enabled(device.is_cpu() ? at::kCPU : at::kCUDA);
#else
  return device.is_cpu() ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
#endif
}

bool use_bf16(const std::string& precision, torch::Device device) {
  if (precision == "fp32") return false;
  RADGEN_CHECK(precision == "bf16" || precision == "auto", "precision must be fp32, bf16 or auto");
  const bool is_fast = multiplies_bf16_fast(device);
  if (precision == "auto") return is_fast;
  if (!is_fast) prepare_slow_bf16();
  return true;
}

}  // namespace radgen
