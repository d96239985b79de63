#include "radgen/inference/torchscript_runtime.h"

#include <fmt/format.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include <algorithm>
#include <mutex>

#include "radgen/core/error.h"
#include "radgen/model/autocast.h"
#include "radgen/model/int8_packed.h"
#include "radgen/model/losses.h"

namespace radgen {
namespace {

using c10::IValue;
using torch::Tensor;

constexpr const char* kMethods[] = {"encode", "image_cache", "text_cache", "decode_step", "read"};

struct ScriptTexts : DecoderState {
  IValue image_cache;  // a pair a layer, of the images that are left
  IValue text_cache;   // a pair a layer, [R,A,M,d]
  Tensor attend;       // [R,M] bool, slots that hold a token
  Tensor positions;    // [R] int64, of the next token
  int64_t studies = 0;
};

ScriptTexts& texts_of(DecoderState& state) { return dynamic_cast<ScriptTexts&>(state); }

IValue selected(const IValue& cache, const Tensor& rows) {
  c10::List<Tensor> out;
  for (const Tensor& part : cache.toTensorVector()) out.push_back(part.index_select(0, rows));
  return out;
}

bool is_all(const std::vector<int64_t>& rows, int64_t count) {
  if (static_cast<int64_t>(rows.size()) != count) return false;
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i] != static_cast<int64_t>(i)) return false;
  return true;
}

// Texts of any lengths, [R,T] padded on the right.
struct PaddedTexts {
  Tensor ids, attend;  // int64, bool
  Tensor lengths;      // [R]
};

PaddedTexts padded(const std::vector<std::vector<int64_t>>& texts, int64_t pad_id) {
  size_t longest = 0;
  for (const auto& text : texts) longest = std::max(longest, text.size());
  const std::vector<int64_t> sizes{static_cast<int64_t>(texts.size()),
                                   static_cast<int64_t>(longest)};
  PaddedTexts out{torch::full(sizes, pad_id, torch::kLong), torch::zeros(sizes, torch::kBool),
                  torch::zeros({sizes[0]}, torch::kLong)};
  for (size_t r = 0; r < texts.size(); ++r) {
    const auto row = static_cast<int64_t>(r), length = static_cast<int64_t>(texts[r].size());
    std::copy(texts[r].begin(), texts[r].end(), out.ids[row].data_ptr<int64_t>());
    out.attend[row].narrow(0, 0, length).fill_(true);
    out.lengths[row] = length;
  }
  return out;
}

class TorchScriptRuntime : public Runtime {
 public:
  TorchScriptRuntime(torch::jit::Module module, ModelConfig config)
      : module_(std::move(module)), config_(std::move(config)) {}

  const ModelConfig& config() const override { return config_; }

  EncodedImage encode(const Tensor& images) const override {
    const EncoderConfig& c = config_.encoder;
    const auto out = call("encode", {images.to(torch::kFloat)}).toTuple();
    EncodedImage encoded;
    encoded.grid = {images.size(2) / c.patch_px, images.size(3) / c.patch_px};
    encoded.patches = out->elements()[0].toTensor();
    if (c.has_cls) encoded.cls = out->elements()[1].toTensor();
    encoded.memory = out->elements()[2].toTensor();
    if (config_.finding_classes > 0) encoded.finding_logits = out->elements()[3].toTensor();
    return encoded;
  }

  Tensor finding_probabilities(const EncodedImage& encoded) const override {
    if (!encoded.finding_logits.defined())
      throw Error(ErrorCode::kUsage, "this model has no finding head (finding_classes = 0)");
    return pool_findings(encoded.finding_logits, config_.loss.label_pooling,
                         config_.loss.label_pooling_sharpness)
        .log_p.exp();
  }

  // `max_tokens` is no limit: the cache grows.
  std::pair<std::unique_ptr<DecoderState>, NextTokens> start(
      const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
      int64_t /*max_tokens*/) const override {
    auto state = std::make_unique<ScriptTexts>();
    const PaddedTexts all = padded(texts, config_.pad_id);
    state->studies = all.ids.size(0);
    state->image_cache = cache_of_image(encoded);
    state->text_cache = call("text_cache", {state->studies});
    state->attend = all.attend;
    state->positions = all.lengths;
    const auto out = decode(*state, all.ids, torch::arange(all.ids.size(1)).expand_as(all.ids));
    const Tensor last = all.lengths - 1, rows = torch::arange(state->studies);
    NextTokens next{out[0].index({rows, last}), out[1].index({rows, last}),
                    out[2].index({rows, last})};
    return {std::move(state), std::move(next)};
  }

  NextTokens step(DecoderState& state, const std::vector<int64_t>& ids) const override {
    ScriptTexts& texts = texts_of(state);
    const Tensor tokens = torch::tensor(ids, torch::kLong).unsqueeze(1);
    const Tensor positions = texts.positions.unsqueeze(1);
    texts.attend = torch::constant_pad_nd(texts.attend, {0, 1}, true);
    texts.positions = texts.positions + 1;
    const auto out = decode(texts, tokens, positions);
    return {out[0].select(1, 0), out[1].select(1, 0), out[2].select(1, 0)};
  }

  void select(DecoderState& state, const std::vector<int64_t>& rows,
              const std::vector<int64_t>& studies) const override {
    ScriptTexts& texts = texts_of(state);
    if (!is_all(rows, texts.positions.size(0))) {
      const Tensor index = torch::tensor(rows, torch::kLong);
      texts.text_cache = selected(texts.text_cache, index);
      texts.attend = texts.attend.index_select(0, index);
      texts.positions = texts.positions.index_select(0, index);
    }
    if (studies.empty() || is_all(studies, texts.studies)) return;
    texts.image_cache = selected(texts.image_cache, torch::tensor(studies, torch::kLong));
    texts.studies = static_cast<int64_t>(studies.size());
  }

  void rewind(DecoderState& state, const std::vector<int64_t>& counts) const override {
    ScriptTexts& texts = texts_of(state);
    const Tensor back = torch::tensor(counts, torch::kLong);
    const Tensor from_end = texts.attend.to(torch::kLong).flip(1).cumsum(1).flip(1);
    texts.attend = texts.attend.masked_fill(from_end <= back.unsqueeze(1), false);
    texts.positions = texts.positions - back;
  }

  TextPredictions read(const EncodedImage& encoded, const std::vector<std::vector<int64_t>>& texts,
                       bool keep_heads) const override {
    const PaddedTexts all = padded(texts, config_.pad_id);
    const Tensor positions = torch::arange(all.ids.size(1)).expand_as(all.ids).contiguous();
    // A position never sees a later one: padding on the right needs no mask.
    const Tensor attend = torch::ones_like(all.attend);
    const auto out = call(keep_heads ? "read" : "decode_step",
                          {all.ids, positions, attend, call("text_cache", {all.ids.size(0)}),
                           cache_of_image(encoded)})
                         .toTuple();
    const auto& parts = out->elements();
    return {parts[0].toTensor(), parts[1].toTensor(), parts[2].toTensor(),
            keep_heads ? parts[3].toTensor() : Tensor()};
  }

 private:
  IValue call(const char* method, std::vector<IValue> arguments) const {
    const torch::NoGradGuard no_grad;
    // Specialising a graph to the sizes of its first calls costs more than it saves: sizes change
    // with every word.
    const torch::jit::GraphOptimizerEnabledGuard plain(false);
    torch::jit::Module module = module_;
    return module.get_method(method)(std::move(arguments));
  }

  IValue cache_of_image(const EncodedImage& encoded) const {
    RADGEN_CHECK(!encoded.patch_attend_mask.defined(), "an exported network masks no patches");
    return call("image_cache", {encoded.memory});
  }

  // logits [R,T,X], attention [R,T,N], null [R,T]; the state's cache grows.
  std::vector<Tensor> decode(ScriptTexts& texts, const Tensor& ids, const Tensor& positions) const {
    const auto out = call("decode_step", {ids, positions.contiguous(), texts.attend,
                                          texts.text_cache, texts.image_cache})
                         .toTuple();
    const auto& parts = out->elements();
    texts.text_cache = parts[3];
    return {parts[0].toTensor(), parts[1].toTensor(), parts[2].toTensor()};
  }

  torch::jit::Module module_;
  ModelConfig config_;
};

// Weights of bf16 and no packed INT8 products: linear layers multiply in bf16.
bool multiplies_in_bf16(const torch::jit::Module& module) {
  bool has_bf16 = false;
  for (const auto& attribute : module.named_attributes(/*recurse=*/false)) {
    if (attribute.value.isObject() || attribute.value.isCustomClass()) return false;
    has_bf16 |=
        attribute.value.isTensor() && attribute.value.toTensor().scalar_type() == torch::kBFloat16;
  }
  return has_bf16;
}

}  // namespace

std::shared_ptr<const Runtime> load_torchscript_runtime(const std::filesystem::path& file,
                                                        const ModelConfig& config) {
  torch::jit::Module module;
  try {
    // Saved products are packed while they are read, for the engine that is in place then.
    static std::once_flag once;
    std::call_once(once, [] {
      try {
        use_int8_engine();
      } catch (const Error&) {
        // Without INT8 in the file it does not matter; with it, loading says so.
      }
    });
    module = torch::jit::load(file.string(), torch::kCPU);
    module.eval();
  } catch (const c10::Error& error) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: cannot be loaded as TorchScript: {}", file.string(),
                            error.what_without_backtrace()),
                "export the model again with a LibTorch that is not newer than this one");
  }
  for (const char* method : kMethods)
    if (!module.find_method(method))
      throw Error(ErrorCode::kData, fmt::format("{}: has no method '{}'", file.string(), method),
                  "export the model again with this version");
  if (multiplies_in_bf16(module)) use_bf16("bf16", torch::kCPU);  // warns where that is slow
  return std::make_shared<TorchScriptRuntime>(std::move(module), config);
}

}  // namespace radgen
