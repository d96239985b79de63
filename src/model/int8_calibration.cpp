#include "int8_calibration.h"

#include <algorithm>
#include <cmath>

#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

// Evenly spaced rows of all calls, thinned out when there are more than these: 1.5 MB a layer of
// ViT-B, and values enough to see what clipping costs.
constexpr int64_t kMostRows = 512, kLeastRowsACall = 4;

// Shares of the range that was seen which the 8 bits may cover.
constexpr double kClips[] = {1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4};

constexpr float kLeastSpread = 1e-6F;  // of an output channel that is constant

Tensor slice_product(const torch::nn::LinearImpl& layer, const Tensor& x, int64_t first,
                     int64_t count) {
  return torch::linear(x, layer.weight.narrow(0, first, count), layer.bias.narrow(0, first, count));
}

SeenProduct& product_of(std::vector<SeenProduct>& products, int64_t first, int64_t count) {
  for (SeenProduct& seen : products)
    if (seen.first == first && seen.count == count) return seen;
  products.push_back({.first = first, .count = count});
  return products.back();
}

// Rows at even distances, and those with the least and the largest value of all.
Tensor sample_rows(const Tensor& x, const Tensor& low, const Tensor& high, int64_t every) {
  const int64_t rows = x.size(0), wanted = std::min(rows, std::max(kLeastRowsACall, rows / every));
  std::vector<int64_t> chosen{low.argmin().item<int64_t>(), high.argmax().item<int64_t>()};
  for (int64_t i = 0; i < wanted; ++i) chosen.push_back(i * rows / wanted);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return x.index_select(0, torch::tensor(chosen));
}

// What a part's results are normalised by: (y - middle) / spread is in -1..1.
struct OutputRange {
  Tensor middle, spread;  // [count]
};

Tensor rounded(const Tensor& x, double step) {
  return ((x / step).round() + kByteZero).clamp(0, kByteTop).sub(kByteZero).mul(step);
}

// `clip` of the range from `low` <= 0 to `high` >= 0.
Steps8 steps_of(double low, double high, double clip) {
  const double step = std::max(clip * (high - low) / kByteTop, 1e-12);
  return {static_cast<float>(step), static_cast<float>(clip * (high + low) / 2)};
}

// The clip that leaves the sample most exact.
Steps8 choose_steps(const Tensor& x, double low, double high) {
  Steps8 best;
  double least = -1;
  for (double clip : kClips) {
    const Steps8 steps = steps_of(low, high, clip);
    const Tensor centred = x - steps.middle;
    const double error = (rounded(centred, steps.step) - centred).norm().item<double>();
    if (least >= 0 && error >= least) continue;
    least = error;
    best = steps;
  }
  return best;
}

OutputRange choose_one_range(const Tensor& y, const SeenProduct& seen) {
  const double low = std::min(seen.output_low.min().item<double>(), 0.0),
               high = std::max(seen.output_high.max().item<double>(), 0.0);
  const Steps8 steps = choose_steps(y, low, high);
  return {torch::full({y.size(1)}, steps.middle),
          torch::full({y.size(1)}, steps.step / kOutputStep)};
}

// Each channel has its own range. One clip for all: the sample of one channel is too small to show
// the values that are rare.
OutputRange choose_channel_ranges(const Tensor& y, const SeenProduct& seen) {
  const Tensor middle = (seen.output_low + seen.output_high) / 2;
  const Tensor half = ((seen.output_high - seen.output_low) / 2).clamp_min(kLeastSpread);
  OutputRange best{middle, half};
  double least = -1;
  for (double clip : kClips) {
    const Tensor scaled = (y - middle) / (clip * half);
    const Tensor off = (rounded(scaled, kOutputStep) - scaled) * half;
    const double error = off.norm().item<double>() * clip;
    if (least >= 0 && error >= least) continue;
    least = error;
    best.spread = clip * half;
  }
  return best;
}

double relative_error(const Tensor& approximate, const Tensor& exact) {
  return (approximate - exact).norm().item<double>() / std::max(exact.norm().item<double>(), 1e-30);
}

}  // namespace

Tensor RangeRecorder::apply(const torch::nn::LinearImpl& layer, const Tensor& x, int64_t first,
                            int64_t count) {
  const Tensor out = slice_product(layer, x, first, count);
  if (x.numel() == 0) return out;
  const Tensor rows = x.reshape({-1, x.size(-1)}).to(torch::kFloat),
               results = out.reshape({-1, count}).to(torch::kFloat);
  const auto [low, high] = at::aminmax(rows, 1);
  const auto [output_low, output_high] = at::aminmax(results, 0);
  SeenProduct& seen = product_of(products_, first, count);
  const float least = low.min().item<float>(), most = high.max().item<float>();
  if (!std::isfinite(least) || !std::isfinite(most) || !output_low.isfinite().all().item<bool>() ||
      !output_high.isfinite().all().item<bool>())
    throw Error(ErrorCode::kData, "a calibration picture gives values that are not finite",
                "leave that picture out, or run in fp32 to see where they come from");
  seen.input_low = std::min(seen.input_low, least);
  seen.input_high = std::max(seen.input_high, most);
  seen.output_low =
      seen.output_low.defined() ? torch::minimum(seen.output_low, output_low) : output_low;
  seen.output_high =
      seen.output_high.defined() ? torch::maximum(seen.output_high, output_high) : output_high;
  const Tensor sample = sample_rows(rows, low, high, seen.every);
  seen.sample = seen.sample.defined() ? torch::cat({seen.sample, sample}) : sample;
  for (; seen.sample.size(0) > kMostRows; seen.every *= 2)
    seen.sample = seen.sample.slice(0, 0, c10::nullopt, 2).contiguous();
  return out;
}

MeasuredPart make_part(const torch::nn::LinearImpl& layer, const SeenProduct& seen,
                       const PartOptions& options) {
  Int8Part part{.first = seen.first, .count = seen.count, .is_dynamic = options.is_dynamic};
  Tensor weight = layer.weight.detach().narrow(0, seen.first, seen.count);
  Tensor bias = layer.bias.detach().narrow(0, seen.first, seen.count);
  const Tensor y = torch::linear(seen.sample, weight, bias);
  if (!options.is_dynamic) {
    part.input = choose_steps(seen.sample, seen.input_low, seen.input_high);
    // With one scale for all weights, rows that were divided by their ranges would have nothing in
    // common.
    part.has_one_output_scale = options.has_one_output_scale || !options.is_per_channel;
    const OutputRange range =
        part.has_one_output_scale ? choose_one_range(y, seen) : choose_channel_ranges(y, seen);
    part.factor = (range.spread * kOutputStep).contiguous();
    part.offset = (range.middle - kByteZero * part.factor).contiguous();
    weight = weight / range.spread.unsqueeze(1);
    // The product sees the inputs without their middle. What the middle adds is taken of the
    // rounded weights, so that results are off by the weights' rounding times the inputs; with the
    // exact ones it would be times the inputs' distance from the middle, which after an activation
    // is large nearly everywhere.
    const Tensor rounded_sum =
        rounded_weight(weight, options.is_per_channel, options.largest_weight).sum(1);
    bias = (bias - range.middle) / range.spread + part.input.middle * rounded_sum;
  }
  const auto pack = [&] {
    part.product = std::make_shared<const Int8Product>(weight, bias, options.is_per_channel,
                                                       options.largest_weight);
  };
  pack();
  const double error = relative_error(part.apply(seen.sample), y);
  pack();  // afresh: the operator keeps what its first call needs, which shall be an image's
  return {std::move(part), error};
}

}  // namespace radgen
