#include "radgen/model/int8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "int8_calibration.h"
#include "radgen/core/error.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

using torch::Tensor;

// Patches a side of the image that shows which products there are when no other image is given.
constexpr int64_t kProbePatches = 4;

struct NamedLinear {
  std::string name;
  LinearImpl* layer;
  std::shared_ptr<RangeRecorder> recorder;
};

// A product with its place in the report.
struct Candidate {
  LinearImpl* layer;
  Int8Part part;
  size_t row;  // of Int8Report::layers
};

std::vector<NamedLinear> linear_layers(GroundedModel& model) {
  std::vector<NamedLinear> layers;
  for (const auto& item : model->named_modules())
    if (auto* layer = item.value()->as<Linear>()) layers.push_back({item.key(), layer, {}});
  return layers;
}

// What the words' decoder makes of an image before the first word; its keys and values are the
// last products.
Tensor see(GroundedModel& model, const Tensor& image) {
  const EncodedImage encoded = model->encode(image);
  model->decoder()->start(encoded.memory, {}, /*max_tokens=*/1);
  return encoded.memory;
}

// Runs the images in fp32 with every layer recorded; the memories are what fp32 gives.
std::vector<Tensor> record(GroundedModel& model, std::vector<NamedLinear>& layers,
                           const std::vector<Tensor>& images) {
  for (NamedLinear& each : layers)
    each.layer->set_backend(each.recorder = std::make_shared<RangeRecorder>());
  std::vector<Tensor> memories;
  try {
    for (const Tensor& image : images) memories.push_back(see(model, image));
  } catch (...) {
    restore_fp32(model);
    throw;
  }
  restore_fp32(model);
  return memories;
}

// The activation between up and down is a table only when up's results share one scale.
bool is_before_table(const std::string& name, const ModelConfig& config) {
  return name.ends_with(".mlp.up") &&
         has_table(name.starts_with("encoder.") ? config.encoder.feed_forward
                                                : config.decoder.feed_forward);
}

std::string name_of(const NamedLinear& linear, const SeenProduct& seen) {
  if (seen.count == linear.layer->weight.size(0)) return linear.name;
  return fmt::format("{}[{}:{}]", linear.name, seen.first, seen.first + seen.count);
}

void set_backends(const std::vector<Candidate>& candidates, const Int8Report& report) {
  std::vector<std::pair<LinearImpl*, std::vector<Int8Part>>> backends;
  for (const Candidate& candidate : candidates) {
    if (backends.empty() || backends.back().first != candidate.layer)
      backends.push_back({candidate.layer, {}});
    if (report.layers[candidate.row].is_int8) backends.back().second.push_back(candidate.part);
  }
  for (auto& [layer, parts] : backends)
    layer->set_backend(parts.empty() ? nullptr : std::make_shared<Int8Backend>(std::move(parts)));
}

double measure_output_error(GroundedModel& model, const std::vector<Tensor>& images,
                            const std::vector<Tensor>& memories) {
  double off = 0, all = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    off += (model->encode(images[i]).memory - memories[i]).square().sum().item<double>();
    all += memories[i].square().sum().item<double>();
  }
  return std::sqrt(off / std::max(all, 1e-30));
}

// An eighth of the layers that are left, those with the largest errors.
void give_up_worst(Int8Report& report) {
  std::vector<Int8Layer*> left;
  for (Int8Layer& layer : report.layers)
    if (layer.is_int8) left.push_back(&layer);
  std::stable_sort(left.begin(), left.end(),
                   [](const Int8Layer* a, const Int8Layer* b) { return a->error > b->error; });
  left.resize((left.size() + 7) / 8);
  for (Int8Layer* layer : left) layer->is_int8 = false;
}

void check_arguments(GroundedModel& model, const Int8Options& options,
                     const std::vector<Tensor>& images) {
  if (!options.is_dynamic && images.empty())
    throw Error(ErrorCode::kUsage, "static INT8 needs pictures to choose its scales by",
                "give some, or use dynamic INT8");
  if (!model->parameters().front().device().is_cpu())
    throw Error(ErrorCode::kUsage, "INT8 in process is for the CPU", "on a GPU use bf16");
}

}  // namespace

int64_t Int8Report::count(bool is_int8) const {
  return std::count_if(layers.begin(), layers.end(),
                       [&](const Int8Layer& layer) { return layer.is_int8 == is_int8; });
}

Int8Report quantise(GroundedModel model, const Int8Options& options,
                    const std::vector<Tensor>& images) {
  check_arguments(model, options, images);
  const torch::NoGradGuard no_grad;
  model->eval();
  Int8Report report;
  report.engine = int8_engine_name();
  const EncoderConfig& encoder = model->config().encoder;
  const int64_t probe_px = kProbePatches * encoder.patch_px;
  std::vector<NamedLinear> layers = linear_layers(model);
  const std::vector<Tensor> probe{torch::zeros({1, encoder.channels, probe_px, probe_px})};
  const std::vector<Tensor> memories = record(model, layers, images.empty() ? probe : images);
  std::vector<Candidate> candidates;
  for (NamedLinear& linear : layers) {
    for (const SeenProduct& seen : linear.recorder->products()) {
      Int8Layer row{.name = name_of(linear, seen)};
      auto [part, error] = make_part(*linear.layer, seen,
                                     {options.is_dynamic, options.is_per_channel,
                                      is_before_table(linear.name, model->config())});
      if (!images.empty()) {
        row.error = error;
        row.is_int8 = options.layer_error_limit <= 0 || row.error <= options.layer_error_limit;
        row.input_low = seen.input_low;
        row.input_high = seen.input_high;
      }
      if (!options.is_dynamic) {
        row.clipped_low = part.input.middle - int8_zero() * static_cast<double>(part.input.step);
        row.clipped_high =
            part.input.middle + (int8_top() - int8_zero()) * static_cast<double>(part.input.step);
      }
      log::debug("INT8 {}: error {:.4f}, input {:.3g} to {:.3g} of {:.3g} to {:.3g}", row.name,
                 row.error, row.clipped_low, row.clipped_high, row.input_low, row.input_high);
      candidates.push_back({linear.layer, std::move(part), report.layers.size()});
      report.layers.push_back(std::move(row));
    }
    linear.recorder.reset();
  }
  set_backends(candidates, report);
  if (images.empty() || options.output_error_limit <= 0) return report;
  while ((report.output_error = measure_output_error(model, images, memories)) >
             options.output_error_limit &&
         report.count(true) > 0) {
    give_up_worst(report);
    set_backends(candidates, report);
  }
  return report;
}

bool is_int8_precision(const std::string& precision) {
  return precision == "int8" || precision == "int8-dynamic";
}

void restore_fp32(GroundedModel model) {
  for (NamedLinear& linear : linear_layers(model)) linear.layer->set_backend(nullptr);
}

}  // namespace radgen
