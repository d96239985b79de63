// Timing the network on random images and weights: what bench-radgen prints.
//
//   GroundedModel model = bench_model(config);
//   BenchResult seen = bench_encode(model, {.height_px = 2048, .width_px = 2048, .runs = 5});
//   seen.median_s, seen.work_per_s()
//
// One run before the timed ones warms caches and threads up. Random weights cost what trained ones
// cost.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "radgen/model/grounded_model.h"

namespace radgen {

struct BenchCase {
  int64_t height_px = 512, width_px = 512;
  int64_t tokens = 100;  // of each text
  int64_t batch = 1;
  int runs = 5;
  // "fp32" | "bf16": autocast on this device | encoding on CPUs alone: "int8", with scales from the
  // images that are timed, "int8-dynamic", with scales found at run time (int8.h)
  std::string precision = "fp32";
  std::string kv_cache_type;  // decoding's; empty: fp32 with fp32, else fp16
  torch::Device device = torch::kCPU;
};

// DecodingConfig::kv_cache_type of a case; "fp32" on GPUs, which take no other.
std::string kv_cache_type_of(const BenchCase& bench);

struct BenchResult {
  double median_s = 0, low_s = 0, high_s = 0;  // of one run
  double flops = 0;                            // of one run, counted from the shapes
  double bytes = 0;                            // decode: read by one run at least
  // of the memory against fp32's (Int8Report::output_error)
  double int8_error = 0;
  int64_t int8_kept_fp32 = 0;  // products that stayed in fp32 as too sensitive
  double work_per_s() const { return median_s > 0 ? flops / median_s : 0; }
  double bytes_per_s() const { return median_s > 0 ? bytes / median_s : 0; }
};

// Median, least and most of `runs` timed calls after one that is not timed. On a GPU a call ends
// when its work does.
BenchResult time_runs(int runs, torch::Device device, const std::function<void()>& work);

// A network with random weights, ready for inference.
GroundedModel bench_model(const ModelConfig& config, torch::Device device = torch::kCPU);

BenchResult bench_encode(GroundedModel model, const BenchCase& bench);
// Greedy decoding of exactly bench.tokens words with their maps, on a random memory: `flops` and
// `bytes` of all words.
BenchResult bench_decode(GroundedModel model, const BenchCase& bench);
// Optimizer steps: forward, losses with grounding, backward, AdamW. `flops` is three times the
// forward pass's.
BenchResult bench_train(GroundedModel model, const BenchCase& bench);

// at::mm of two square random matrices, FLOP/s: what `share of GEMM` is a share of.
double measured_gemm_rate(torch::Device device, torch::ScalarType type = torch::kFloat);

}  // namespace radgen
