// The image's encoder: a pre-norm vision transformer (Dosovitskiy et al. 2021) with a patch or a
// convolutional stem (Xiao et al. 2021, "Early convolutions help transformers see better").
//
//   VitEncoder encoder(config.encoder);
//   EncodedPatches seen = encoder->forward(image);     // [B,1,H,W] -> patches [B,N,D_v], grid, cls
//
// Positions are learned for the native image size and interpolated bicubically (a=-0.75,
// half-pixel centres, as torch's upsample) for any other, non-square ones included; at the native
// size they are used as they are, exactly. H and W must be multiples of P. Memory grows with N,
// never N^2 (attention.h).
//
// Parameter names: stem.*, cls_token, positions [1,rows*columns,D_v], cls_position,
// layers.I.{norm_1, attention. query_key_value, attention.output, norm_2, mlp.up, mlp.down}, norm;
// with layer_scale layers.I.{scale_1,scale_2}.
// query_key_value holds the rows of query, key and value, in this order: public ViT weights are
// mapped by concatenation.
#pragma once

#include "radgen/model/config.h"
#include "radgen/model/shapes.h"
#include "radgen/model/transformer.h"

namespace radgen {

struct EncodedPatches {
  torch::Tensor patches;  // z [B,N,D_v], without CLS
  torch::Tensor cls;      // [B,D_v]; undefined without has_cls
  PatchGrid grid;
};

// Positions [1,rows*columns,D] of `from` resampled to `to` (bicubic); returned as they are when the
// grids are equal.
torch::Tensor interpolate_positions(const torch::Tensor& positions, PatchGrid from, PatchGrid to);

// [B,C,H,W] -> [B,N,D_v] by one P x P convolution with stride P.
class PatchStemImpl : public torch::nn::Module {
 public:
  explicit PatchStemImpl(const EncoderConfig& config);
  torch::Tensor forward(const torch::Tensor& image);
  torch::nn::Conv2d projection{nullptr};
};
TORCH_MODULE(PatchStem);

// [B,C,H,W] -> [B,N,D_v] by log2(P) stages, then 1x1. Each stage halves the image by a 3x3
// convolution with stride 2 and, but for the first, adds stem_blocks residual blocks (He et al.
// 2016); each convolution is followed by a batch norm (Ioffe and Szegedy 2015), whose running means
// and variances are buffers and travel with the weights. On two cores and minutes of training this
// is what learns: the same stem with layer norms, or none, stays at the base rates
// (docs/training.md).
class ConvStemImpl : public torch::nn::Module {
 public:
  explicit ConvStemImpl(const EncoderConfig& config);
  torch::Tensor forward(const torch::Tensor& image);
  void start_values();

 private:
  torch::nn::ModuleList stages_;
  torch::nn::Linear projection_{nullptr};
};
TORCH_MODULE(ConvStem);

class VitEncoderImpl : public torch::nn::Module {
 public:
  explicit VitEncoderImpl(const EncoderConfig& config);
  // Throws Error{kData} when the image's sides are no multiples of P or the channels differ.
  EncodedPatches forward(const torch::Tensor& image);
  // Once, after initialise(): residual branches scaled down, positions as 2-D sines and cosines.
  void start_values();
  const EncoderConfig& config() const { return config_; }
  PatchGrid native_grid() const;

 private:
  EncoderConfig config_;
  PatchStem patch_stem_{nullptr};  // registered as "stem"; one of the two
  ConvStem conv_stem_{nullptr};
  torch::nn::ModuleList layers_;
  torch::nn::LayerNorm norm_{nullptr};
  torch::Tensor positions_, cls_token_, cls_position_;
};
TORCH_MODULE(VitEncoder);

}  // namespace radgen
