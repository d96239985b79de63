#include "radgen/model/model_bench.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "radgen/core/error.h"
#include "radgen/model/autocast.h"
#include "radgen/model/decoding.h"
#include "radgen/model/flops.h"
#include "radgen/model/int8.h"

namespace radgen {
namespace {

using torch::Tensor;

PatchGrid grid_of(const ModelConfig& config, const BenchCase& bench) {
  return {bench.height_px / config.encoder.patch_px, bench.width_px / config.encoder.patch_px};
}

// A GPU's calls return before their work is done; reading a number waits for it.
void wait_for(torch::Device device) {
  if (!device.is_cpu()) torch::zeros({1}, device).item<float>();
}

Tensor random_images(const ModelConfig& config, const BenchCase& bench) {
  return torch::randn({bench.batch, config.encoder.channels, bench.height_px, bench.width_px},
                      bench.device);
}

// A text with two finding words whose box is the grid's first half.
ForwardInput random_input(const ModelConfig& config, const BenchCase& bench) {
  const int64_t patches = grid_of(config, bench).size(), words = bench.tokens;
  ForwardInput input;
  input.image = random_images(config, bench);
  Tensor ids =
      torch::randint(4, config.decoder.vocabulary_size, {bench.batch, words + 2}, torch::kLong);
  ids.select(1, 0).fill_(config.bos_id);
  ids.select(1, words + 1).fill_(config.eos_id);
  input.text_ids = ids.to(bench.device);
  input.grounding_masks = torch::zeros({bench.batch, words + 2, patches}, bench.device);
  for (int64_t word = 0; word < std::min<int64_t>(2, words); ++word)
    input.grounding_masks.select(1, word).narrow(1, 0, std::max<int64_t>(patches / 2, 1)).fill_(1);
  return input;
}

}  // namespace

std::string kv_cache_type_of(const BenchCase& bench) {
  if (!bench.device.is_cpu()) return "fp32";
  if (!bench.kv_cache_type.empty()) return bench.kv_cache_type;
  return bench.precision == "fp32" ? "fp32" : "fp16";
}

BenchResult time_runs(int runs, torch::Device device, const std::function<void()>& work) {
  RADGEN_CHECK(runs > 0, "nothing to time");
  std::vector<double> seconds;
  for (int run = 0; run <= runs; ++run) {
    wait_for(device);
    const auto begin = std::chrono::steady_clock::now();
    work();
    wait_for(device);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (run > 0) seconds.push_back(took.count());
  }
  std::sort(seconds.begin(), seconds.end());
  BenchResult result;
  result.median_s = seconds[seconds.size() / 2];
  result.low_s = seconds.front();
  result.high_s = seconds.back();
  return result;
}

GroundedModel bench_model(const ModelConfig& config, torch::Device device) {
  torch::manual_seed(1);
  GroundedModel model(config);
  model->to(device);
  model->eval();
  return model;
}

BenchResult bench_encode(GroundedModel model, const BenchCase& bench) {
  const torch::NoGradGuard no_grad;
  const Tensor images = random_images(model->config(), bench);
  const bool is_int8 = is_int8_precision(bench.precision);
  Int8Report int8;
  if (is_int8) int8 = quantise(model, {.is_dynamic = bench.precision == "int8-dynamic"}, {images});
  const Autocast precision(!is_int8 && use_bf16(bench.precision, bench.device), bench.device);
  BenchResult result = time_runs(bench.runs, bench.device, [&] { model->encode(images); });
  result.int8_error = int8.output_error;
  result.int8_kept_fp32 = int8.count(/*is_int8=*/false);
  restore_fp32(model);
  result.flops = static_cast<double>(bench.batch) *
                 encoder_flops(model->config(), grid_of(model->config(), bench)).total();
  return result;
}

BenchResult bench_decode(GroundedModel model, const BenchCase& bench) {
  const torch::NoGradGuard no_grad;
  // As the Predictor does it: a GPU decodes in fp32.
  const Autocast precision(use_bf16(bench.precision, bench.device) && bench.device.is_cpu(),
                           bench.device);
  const ModelConfig& config = model->config();
  EncodedImage encoded;
  encoded.grid = grid_of(config, bench);
  const int64_t keys = encoded.grid.size() + (config.decoder.sees_cls ? 1 : 0);
  const int64_t finding_classes = config.sees_findings ? config.finding_classes : 0;
  encoded.memory =
      torch::randn({bench.batch, keys, config.decoder.width + finding_classes}, bench.device);
  DecodingConfig decoding;
  decoding.max_tokens = decoding.min_tokens = bench.tokens;
  decoding.kv_cache_type = kv_cache_type_of(bench);
  const int64_t key_bytes = decoding.kv_cache_type == "int8"   ? 1
                            : decoding.kv_cache_type == "fp16" ? 2
                                                               : 4;
  BenchResult result =
      time_runs(bench.runs, bench.device, [&] { generate(model, encoded, {}, decoding); });
  const auto batch = static_cast<double>(bench.batch);
  result.flops = batch * decoder_flops(config, keys, bench.tokens).total();
  result.bytes = static_cast<double>(bench.tokens) *
                 bytes_per_token(config, keys, bench.tokens, bench.batch, key_bytes);
  return result;
}

BenchResult bench_train(GroundedModel model, const BenchCase& bench) {
  const ModelConfig& config = model->config();
  model->train();
  torch::optim::AdamW optimizer(model->parameters(), torch::optim::AdamWOptions(1e-5));
  const ForwardInput input = random_input(config, bench);
  BenchResult result = time_runs(bench.runs, bench.device, [&] {
    optimizer.zero_grad();
    ForwardOutput out;
    {
      const Autocast precision(use_bf16(bench.precision, bench.device), bench.device);
      out = model->forward(input);
    }
    out.losses.total.backward();
    torch::nn::utils::clip_grad_norm_(model->parameters(), 1);
    optimizer.step();
  });
  const PatchGrid grid = grid_of(config, bench);
  result.flops = 3 * static_cast<double>(bench.batch) *
                 (encoder_flops(config, grid).total() +
                  decoder_flops(config, grid.size(), bench.tokens + 2).total());
  model->eval();
  return result;
}

double measured_gemm_rate(torch::Device device, torch::ScalarType type) {
  const torch::NoGradGuard no_grad;
  const int64_t side = device.is_cpu() ? 1024 : 8192;
  const Tensor a = torch::randn({side, side}, device).to(type),
               b = torch::randn({side, side}, device).to(type);
  const double n = static_cast<double>(side);
  return 2 * n * n * n / time_runs(7, device, [&] { at::mm(a, b); }).median_s;
}

}  // namespace radgen
