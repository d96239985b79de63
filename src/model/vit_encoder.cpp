#include "radgen/model/vit_encoder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "activation_checkpointing.h"
#include "radgen/core/error.h"
#include "radgen/model/initialisation.h"

namespace radgen {
namespace {

using torch::Tensor;

// Channels of the first convolution over the width: with a doubling a stage the last of four has
// the full width, and each stage after the first costs the same.
constexpr int64_t kStemStages = 4;

// About the size of what a stem gives at the start, so that neither place nor content drowns the
// other.
constexpr double kPositionAmplitude = 0.2;

int64_t stem_channels(const EncoderConfig& config, int64_t stage, int64_t stages) {
  const int64_t halvings = std::min(stages - 1 - stage, kStemStages - 1);
  return config.width >> halvings;
}

}  // namespace

Tensor interpolate_positions(const Tensor& positions, PatchGrid from, PatchGrid to) {
  if (from == to) return positions;
  const int64_t width = positions.size(2);
  const Tensor grid = positions.reshape({1, from.rows, from.columns, width}).permute({0, 3, 1, 2});
  const Tensor resized =
      torch::nn::functional::interpolate(grid, torch::nn::functional::InterpolateFuncOptions()
                                                   .size(std::vector<int64_t>{to.rows, to.columns})
                                                   .mode(torch::kBicubic)
                                                   .align_corners(false));
  return resized.permute({0, 2, 3, 1}).reshape({1, to.size(), width});
}

PatchStemImpl::PatchStemImpl(const EncoderConfig& config) {
  projection = register_module(
      "projection",
      torch::nn::Conv2d(torch::nn::Conv2dOptions(config.channels, config.width, config.patch_px)
                            .stride(config.patch_px)));
}

Tensor PatchStemImpl::forward(const Tensor& image) {
  return projection(image).flatten(2).transpose(1, 2).contiguous();  // [B,D_v,H/P,W/P] -> [B,N,D_v]
}

// x + f(x), f two 3x3 convolutions (He et al. 2016). The last norm starts at 0: each block begins
// as the identity.
class ResidualBlockImpl : public torch::nn::Module {
 public:
  explicit ResidualBlockImpl(int64_t channels) {
    for (const char* name : {"convolution_1", "convolution_2"})
      convolutions_.push_back(register_module(name, convolution(channels, channels, /*stride=*/1)));
    for (const char* name : {"norm_1", "norm_2"})
      norms_.push_back(register_module(name, torch::nn::BatchNorm2d(channels)));
  }
  Tensor forward(const Tensor& x) {
    const Tensor inner = torch::relu(norms_[0](convolutions_[0](x)));
    return torch::relu(x + norms_[1](convolutions_[1](inner)));
  }
  void start_as_identity() { norms_[1]->weight.zero_(); }

  // Without a bias: a batch norm follows, which has its own.
  static torch::nn::Conv2d convolution(int64_t from, int64_t to, int64_t stride) {
    return torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, /*kernel_size=*/3)
                                 .stride(stride)
                                 .padding(1)
                                 .bias(false));
  }

 private:
  std::vector<torch::nn::Conv2d> convolutions_;
  std::vector<torch::nn::BatchNorm2d> norms_;
};
TORCH_MODULE(ResidualBlock);

ConvStemImpl::ConvStemImpl(const EncoderConfig& config) {
  const int64_t stages = std::bit_width(static_cast<uint64_t>(config.patch_px)) - 1;
  int64_t input = config.channels;
  for (int64_t stage = 0; stage < stages; ++stage) {
    const int64_t output = stem_channels(config, stage, stages);
    torch::nn::Sequential layers(ResidualBlockImpl::convolution(input, output, /*stride=*/2),
                                 torch::nn::BatchNorm2d(output), torch::nn::ReLU());
    // At half the image's size a block costs as much as all others together and sees 7 pixels.
    for (int64_t block = 0; stage > 0 && block < config.stem_blocks; ++block)
      layers->push_back(ResidualBlock(output));
    stages_->push_back(layers);
    input = output;
  }
  register_module("stages", stages_);
  projection_ = register_module("projection", torch::nn::Linear(input, config.width));
}

void ConvStemImpl::start_values() {
  torch::NoGradGuard no_grad;
  // It is a 1x1 convolution: with the small weights of a transformer's layers the positions would
  // drown the content.
  torch::nn::init::kaiming_normal_(projection_->weight, 0.0, torch::kFanIn, torch::kLinear);
  for (const auto& module : modules(/*include_self=*/false))
    if (auto* block = module->as<ResidualBlock>()) block->start_as_identity();
}

Tensor ConvStemImpl::forward(const Tensor& image) {
  Tensor x = image.contiguous(torch::MemoryFormat::ChannelsLast);
  // [B,C,h,w], channels last
  for (const auto& stage : *stages_) x = stage->as<torch::nn::Sequential>()->forward(x);
  // [B,N,D_v]
  return projection_(x.permute({0, 2, 3, 1}).flatten(1, 2));
}

// One pre-norm layer; named so that public ViT weights map by name.
class VitLayerImpl : public torch::nn::Module {
 public:
  VitLayerImpl(const EncoderConfig& config, int64_t number)
      : dropout_(config.dropout), has_cls_(config.has_cls), pool_keys_(config.pool_keys) {
    const auto& global = config.global_layers;
    if (std::find(global.begin(), global.end(), number) == global.end())
      window_patches_ = config.window_patches;
    norm_1_ = register_module("norm_1", make_layer_norm(config.width, config.layer_norm_eps));
    attention_ = register_module("attention", SelfAttention(config.width, config.heads));
    norm_2_ = register_module("norm_2", make_layer_norm(config.width, config.layer_norm_eps));
    mlp_ = register_module(
        "mlp", FeedForward(config.width,
                           static_cast<int64_t>(
                               std::lround(config.mlp_ratio * static_cast<double>(config.width))),
                           config.feed_forward));
    if (!config.layer_scale) return;
    scale_1_ = register_parameter("scale_1", torch::ones({config.width}));
    scale_2_ = register_parameter("scale_2", torch::ones({config.width}));
  }
  Tensor forward(Tensor x, PatchGrid grid) {
    x = x + drop(scaled(attend(norm_1_(x), grid), scale_1_));
    return x + drop(scaled(mlp_(norm_2_(x)), scale_2_));
  }

  void scale_residuals(int64_t additions) {
    scale_residual_(*attention_->output, additions);
    scale_residual_(*mlp_->down, additions);
    if (scale_1_.defined()) scale_1_.fill_(1), scale_2_.fill_(1);
  }

 private:
  Tensor drop(const Tensor& x) const {
    return dropout_ > 0 ? torch::dropout(x, dropout_, is_training()) : x;
  }
  static Tensor scaled(const Tensor& x, const Tensor& scale) {
    return scale.defined() ? x * scale : x;
  }

  Tensor attend(const Tensor& x, PatchGrid grid) {
    if (window_patches_ > 0) return attention_->forward_windows(x, grid, window_patches_, has_cls_);
    if (pool_keys_ > 1) return attention_->forward_pooled(x, grid, pool_keys_, has_cls_);
    return attention_(x, /*is_causal=*/false);
  }

  double dropout_;
  bool has_cls_;
  int64_t pool_keys_;
  int64_t window_patches_ = 0;  // 0: the layer sees the whole image
  torch::nn::LayerNorm norm_1_{nullptr}, norm_2_{nullptr};
  SelfAttention attention_{nullptr};
  FeedForward mlp_{nullptr};
  Tensor scale_1_, scale_2_;  // [D_v]; undefined without layer_scale
};
TORCH_MODULE(VitLayer);

VitEncoderImpl::VitEncoderImpl(const EncoderConfig& config) : config_(config) {
  if (config.stem == "conv") {
    conv_stem_ = register_module("stem", ConvStem(config));
  } else {
    patch_stem_ = register_module("stem", PatchStem(config));
  }
  positions_ =
      register_parameter("positions", torch::zeros({1, native_grid().size(), config.width}));
  if (config.has_cls) {
    cls_token_ = register_parameter("cls_token", torch::zeros({1, 1, config.width}));
    cls_position_ = register_parameter("cls_position", torch::zeros({1, 1, config.width}));
  }
  for (int64_t i = 0; i < config.layers; ++i)
    layers_->push_back(VitLayer(config, /*number=*/i + 1));
  register_module("layers", layers_);
  norm_ = register_module("norm", make_layer_norm(config.width, config.layer_norm_eps));
}

void VitEncoderImpl::start_values() {
  torch::NoGradGuard no_grad;
  if (!conv_stem_.is_empty()) conv_stem_->start_values();
  positions_.copy_(sine_cosine_positions(native_grid(), config_.width, kPositionAmplitude));
  for (const auto& layer : *layers_) layer->as<VitLayer>()->scale_residuals(2 * config_.layers);
}

PatchGrid VitEncoderImpl::native_grid() const {
  return {config_.image_height_px / config_.patch_px, config_.image_width_px / config_.patch_px};
}

EncodedPatches VitEncoderImpl::forward(const Tensor& image) {
  if (image.dim() != 4 || image.size(1) != config_.channels)
    throw Error(ErrorCode::kData,
                fmt::format("the encoder needs pictures of shape [B,{},H,W], received {}",
                            config_.channels, fmt::join(image.sizes(), " x ")));
  if (image.size(2) == 0 || image.size(3) == 0 || image.size(2) % config_.patch_px != 0 ||
      image.size(3) % config_.patch_px != 0)
    throw Error(ErrorCode::kData,
                fmt::format("a picture of {} x {} px is no multiple of the patch side {} px",
                            image.size(2), image.size(3), config_.patch_px),
                "pad or resize the picture first");
  EncodedPatches result;
  result.grid = {image.size(2) / config_.patch_px, image.size(3) / config_.patch_px};
  Tensor x = conv_stem_.is_empty() ? patch_stem_(image) : conv_stem_(image);  // [B,N,D_v]
  x = x + interpolate_positions(positions_, native_grid(), result.grid);
  if (config_.has_cls)
    x = torch::cat({(cls_token_ + cls_position_).expand({x.size(0), 1, x.size(2)}), x}, 1);
  for (const auto& module : *layers_) {
    VitLayerImpl& layer = *module->as<VitLayer>();
    auto forward = [&layer, grid = result.grid](const Tensor& in) {
      return layer.forward(in, grid);
    };
    x = config_.activation_checkpointing ? checkpointed(forward, x) : forward(x);
  }
  x = norm_(x);
  if (config_.has_cls) {
    result.cls = x.select(1, 0);
    x = x.narrow(1, 1, x.size(1) - 1);
  }
  result.patches = x;
  return result;
}

}  // namespace radgen
