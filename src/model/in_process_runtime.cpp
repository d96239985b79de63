// The network in this process as a Runtime: fp32, bf16 and INT8 on LibTorch.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "radgen/core/error.h"
#include "radgen/core/log.h"
#include "radgen/model/autocast.h"
#include "radgen/model/int8.h"
#include "radgen/model/runtime.h"

namespace radgen {
namespace {

using torch::Tensor;

torch::ScalarType kv_cache_scalar(const std::string& kv_cache_type) {
  if (kv_cache_type == "fp32") return torch::kFloat;
  if (kv_cache_type == "fp16") return torch::kHalf;
  if (kv_cache_type == "int8") return torch::kChar;
  throw Error(ErrorCode::kConfig,
              fmt::format("the cross-attention KV cache type is '{}'", kv_cache_type),
              "fp32, fp16 or int8");
}

TensorOptional patch_mask_of(const EncodedImage& encoded) {
  return encoded.patch_attend_mask.defined() ? TensorOptional(encoded.patch_attend_mask)
                                             : TensorOptional();
}

bool is_identity(const std::vector<int64_t>& rows, int64_t count) {
  if (static_cast<int64_t>(rows.size()) != count) return false;
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i] != static_cast<int64_t>(i)) return false;
  return true;
}

// [B,T], padded on the right.
Tensor padded_ids(const std::vector<std::vector<int64_t>>& texts, int64_t pad_id) {
  size_t longest = 0;
  for (const auto& text : texts) longest = std::max(longest, text.size());
  Tensor ids = torch::full({static_cast<int64_t>(texts.size()), static_cast<int64_t>(longest)},
                           pad_id, torch::kLong);
  for (size_t b = 0; b < texts.size(); ++b)
    std::copy(texts[b].begin(), texts[b].end(), ids.data_ptr<int64_t>() + b * longest);
  return ids;
}

struct CachedTexts : DecoderState {
  DecoderCache cache;
  int64_t studies = 0;
};

class InProcessRuntime : public Runtime {
 public:
  // is_bf16 unset: whatever autocast the caller has.
  InProcessRuntime(GroundedModel network, const std::string& kv_cache_type, torch::Device device,
                   std::optional<bool> is_bf16, nlohmann::ordered_json int8_report = nullptr)
      : network_(std::move(network)),
        kv_cache_type_(kv_cache_scalar(kv_cache_type)),
        device_(device),
        is_bf16_(is_bf16),
        int8_report_(std::move(int8_report)) {}

  const ModelConfig& config() const override { return network_->config(); }
  nlohmann::ordered_json int8_report() const override { return int8_report_; }

  EncodedImage encode(const Tensor& images) const override {
    torch::NoGradGuard no_grad;
    GroundedModel network = network_;
    if (is_bf16_) network->eval();  // a network that is being trained as well
    const Autocast precision(is_bf16_.value_or(Autocast::is_on(device_)), device_);
    EncodedImage encoded = network->encode(images.to(device_));
    // see is_bf16_words()
    if (!device_.is_cpu()) encoded.memory = encoded.memory.to(torch::kFloat);
    return encoded;
  }

  Tensor finding_probabilities(const EncodedImage& encoded) const override {
    torch::NoGradGuard no_grad;
    GroundedModel network = network_;
    return network->finding_probabilities(encoded);
  }

  std::pair<std::unique_ptr<DecoderState>, NextTokens> start(
      const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
      int64_t max_tokens) const override {
    torch::NoGradGuard no_grad;
    const Autocast precision(is_bf16_words(), device_);
    auto state = std::make_unique<CachedTexts>();
    state->studies = static_cast<int64_t>(texts.size());
    const Tensor ids = padded_ids(texts, config().pad_id).to(device_);
    std::vector<int64_t> sizes;
    for (const auto& text : texts) sizes.push_back(static_cast<int64_t>(text.size()));
    const Tensor lengths = torch::tensor(sizes).to(device_);
    const bool is_ragged = std::any_of(sizes.begin(), sizes.end(),
                                       [&](int64_t size) { return size != sizes.front(); });
    state->cache = network_->decoder()->start(encoded.memory, patch_mask_of(encoded), max_tokens,
                                              kv_cache_type_);
    const DecoderOutput out = network_->decoder()->step(
        ids, is_ragged ? TensorOptional(lengths) : TensorOptional(), state->cache);
    const Tensor last = lengths - 1, all = torch::arange(state->studies, last.options());
    NextTokens next =
        predictions(out.logits.index({all, last}), out.attention.transpose(1, 2).index({all, last}),
                    out.null_attention.transpose(1, 2).index({all, last}));
    return {std::move(state), std::move(next)};
  }

  NextTokens step(DecoderState& state, const std::vector<int64_t>& ids) const override {
    torch::NoGradGuard no_grad;
    const Autocast precision(is_bf16_words(), device_);
    DecoderCache& cache = cache_of(state);
    // Sentences that were taken back leave holes: a text may need more slots than it has tokens.
    if (cache.length == cache.max_tokens)
      GroundedDecoderImpl::reserve(cache, cache.length * 3 / 2 + 1);
    const DecoderOutput out =
        network_->decoder()->step(torch::tensor(ids).to(device_).unsqueeze(1), {}, cache);
    return predictions(out.logits.select(1, 0), out.attention.select(2, 0),
                       out.null_attention.select(2, 0));
  }

  void select(DecoderState& state, const std::vector<int64_t>& rows,
              const std::vector<int64_t>& studies) const override {
    torch::NoGradGuard no_grad;
    auto& texts = dynamic_cast<CachedTexts&>(state);
    if (!is_identity(rows, texts.cache.positions.size(0)))
      GroundedDecoderImpl::select(texts.cache, torch::tensor(rows).to(device_),
                                  /*same_images=*/true);
    if (studies.empty() || is_identity(studies, texts.studies)) return;
    GroundedDecoderImpl::select_images(texts.cache, torch::tensor(studies).to(device_));
    texts.studies = static_cast<int64_t>(studies.size());
  }

  void rewind(DecoderState& state, const std::vector<int64_t>& counts) const override {
    torch::NoGradGuard no_grad;
    GroundedDecoderImpl::rewind(cache_of(state), torch::tensor(counts).to(device_));
  }

  TextPredictions read(const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
                       bool keep_heads) const override {
    torch::NoGradGuard no_grad;
    DecoderMasks masks;
    masks.patch_attend_mask = patch_mask_of(encoded);
    const DecoderOutput out = network_->decoder()->forward(
        encoded.memory, padded_ids(texts, config().pad_id).to(encoded.memory.device()), masks);
    TextPredictions read{out.logits,
                         out.attention.mean(1).to(torch::kFloat),
                         out.null_attention.mean(1).to(torch::kFloat),
                         {}};
    if (!keep_heads) return read;
    std::vector<Tensor> layers;
    for (const Tensor& scores : out.grounding_scores)  // [B,A,T,S]
      layers.push_back(
          torch::softmax(scores.to(torch::kFloat), -1).narrow(-1, 0, out.attention.size(3)));
    read.head_attention = torch::cat(layers, 1);
    return read;
  }

 private:
  static DecoderCache& cache_of(DecoderState& state) {
    return dynamic_cast<CachedTexts&>(state).cache;
  }

  // A GPU writes words as fast as it is told to: narrowing each operand would only be one more
  // thing to tell.
  bool is_bf16_words() const {
    return is_bf16_ ? *is_bf16_ && device_.is_cpu() : Autocast::is_on(device_);
  }

  // logits [R,X]; attention [R,A,N]; null [R,A]
  static NextTokens predictions(const Tensor& logits, const Tensor& attention, const Tensor& null) {
    return {logits, attention.mean(1).to(torch::kFloat).contiguous(),
            null.mean(1).to(torch::kFloat).contiguous()};
  }

  GroundedModel network_;
  torch::ScalarType kv_cache_type_;
  torch::Device device_;
  std::optional<bool> is_bf16_;
  nlohmann::ordered_json int8_report_;
};

}  // namespace

std::shared_ptr<const Runtime> make_runtime(GroundedModel network, const RuntimeOptions& options) {
  const bool is_int8 = is_int8_precision(options.precision);
  if (!is_int8 && options.precision != "fp32" && options.precision != "bf16")
    throw Error(ErrorCode::kConfig, fmt::format("the precision is '{}'", options.precision),
                "fp32, bf16, int8 or int8-dynamic");
  network->to(options.device);
  network->eval();
  restore_fp32(network);
  nlohmann::ordered_json int8_report;
  if (is_int8) {
    Int8Options how;
    how.is_dynamic = options.precision == "int8-dynamic";
    if (how.is_dynamic) how.layer_error_limit = how.output_error_limit = 0;
    const Int8Report report = quantise(network, how, options.int8_images);
    log::info(
        "INT8 ({}, weights of {} bits): {} products, {} kept in fp32, error of what the decoder "
        "sees {:.4f}",
        report.engine, report.weight_bits, report.count(true), report.count(false),
        report.output_error);
    int8_report = int8_report_to_json(report);
  }
  // Told where the CPU has no instructions for it.
  const bool is_bf16 = options.precision == "bf16" && use_bf16("bf16", options.device);
  std::string kv_cache_type = options.kv_cache_type;
  if (kv_cache_type.empty()) kv_cache_type = options.precision == "fp32" ? "fp32" : "fp16";
  return std::make_shared<InProcessRuntime>(std::move(network), kv_cache_type, options.device,
                                            is_bf16, std::move(int8_report));
}

std::shared_ptr<const Runtime> runtime_of(GroundedModel network, const std::string& kv_cache_type) {
  const torch::Device device = network->parameters().front().device();
  return std::make_shared<InProcessRuntime>(std::move(network), kv_cache_type, device,
                                            std::nullopt);
}

}  // namespace radgen
