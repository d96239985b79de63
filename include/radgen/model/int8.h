// INT8 in process: the linear layers that see the whole image (the encoder's, the projection, the
// decoder's keys and values of the image) through LibTorch's quantized operators. Weights stay
// fp32 on disk and in the module; packing them is part of starting. The layers that write a word
// stay fp32: they are bound by reading keys and values, not by products.
//
//   // static: scales from these images [B,C,H,W]
//   const Int8Report report = quantise(model, {}, images);
//   // scales found at run time: slower, no images needed
//   const Int8Report report = quantise(model, {.is_dynamic = true});
//   model->encode(image);  // under NoGradGuard: INT8; with gradients: fp32
//   restore_fp32(model);
//
// Static: in fp32 over the images, each layer's input range, the range of each of its output
// channels and a sample of its rows are recorded. Each range is then narrowed as far as the
// sample's values become more exact by it (the rare value beyond is clipped). A layer whose error
// on the sample is above `layer_error_limit` stays in fp32; if the memory that the decoder sees is
// still off by more than `output_error_limit`, the worst remaining layers follow, an eighth at a
// time.
#pragma once

#include <string>
#include <vector>

#include "radgen/model/grounded_model.h"

namespace radgen {

struct Int8Options {
  bool is_dynamic = false;
  // a scale for each output channel of the weights; false: one for all
  bool is_per_channel = true;
  // of one layer's output; 0: no layer stays in fp32 for its own error
  double layer_error_limit = 0.1;
  double output_error_limit = 0.05;  // of EncodedImage::memory over the images; 0: not measured
};

// One product: a layer, or the part of its outputs that is computed for itself.
struct Int8Layer {
  // "encoder.layers.0.mlp.up", "encoder.layers.2.attention.query_key_value[0:768]"
  std::string name;
  bool is_int8 = true;  // false: sensitive, stays fp32
  // |int8 - fp32| / |fp32| of its output (Frobenius) on the sample; 0 without images
  double error = 0;
  double input_low = 0, input_high = 0;      // seen in the images
  double clipped_low = 0, clipped_high = 0;  // what the input's 8 bits cover; 0 and 0 when dynamic
};

struct Int8Report {
  std::string engine;  // "ONEDNN"
  std::vector<Int8Layer> layers;
  // |int8 - fp32| / |fp32| of the memory over the images; 0: not measured
  double output_error = 0;
  int64_t count(bool is_int8) const;
};

// Replaces what an earlier call did. `images`: [B,C,H,W] each, like those to come, at their size.
// Throws Error{kUsage} without images unless is_dynamic, and for a model on another device than
// the CPU; Error{kResource} when this LibTorch has no fast INT8; Error{kData} when a layer's values
// are not finite. Not while another thread uses the model.
Int8Report quantise(GroundedModel model, const Int8Options& options = {},
                    const std::vector<torch::Tensor>& images = {});
void restore_fp32(GroundedModel model);

// --precision: "int8" is static, "int8-dynamic" dynamic; false for all other words.
bool is_int8_precision(const std::string& precision);

}  // namespace radgen
