#include "radgen/deployment/triton.h"

#include <fmt/format.h>

#include "radgen/core/files.h"
#include "radgen/report/finding.h"
#include "script_module.h"
#include "script_source.h"

namespace radgen {
namespace {

using fmt::format;

// What a request waits at most for others to share its batch, far below the stages' budgets (2 s to
// encode, 5 s to write).
constexpr int kEncoderDelayUs = 5000, kStepDelayUs = 500, kGenerateDelayUs = 20000;
constexpr int kMostStudies = 4;

struct TritonTensor {
  std::string type;  // "TYPE_FP32"
  std::vector<int64_t> dims;
  std::string labels;                     // file of labels, of an output
  std::vector<int64_t> warmup_dims = {};  // where dims are free
};

struct TritonModel {
  std::string name;
  std::vector<TritonTensor> inputs, outputs;
  int delay_us = 0;
};

std::string dims_text(const std::vector<int64_t>& dims) {
  return format("[ {} ]", fmt::join(dims, ", "));
}

// Triton has no tensors that a request leaves out here: every input is named INPUT__k, every output
// OUTPUT__k, in the order of forward().
std::string config_text(const TritonModel& model, int64_t bos_id) {
  std::string text = format("name: \"{}\"\nplatform: \"pytorch_libtorch\"\nmax_batch_size: {}\n",
                            model.name, kMostStudies);
  for (size_t i = 0; i < model.inputs.size(); ++i)
    text += format("input {{\n  name: \"INPUT__{}\"\n  data_type: {}\n  dims: {}\n}}\n", i,
                   model.inputs[i].type, dims_text(model.inputs[i].dims));
  for (size_t i = 0; i < model.outputs.size(); ++i) {
    const TritonTensor& output = model.outputs[i];
    text +=
        format("output {{\n  name: \"OUTPUT__{}\"\n  data_type: {}\n  dims: {}\n{}}}\n", i,
               output.type, dims_text(output.dims),
               output.labels.empty() ? "" : format("  label_filename: \"{}\"\n", output.labels));
  }
  text += "instance_group {\n  count: 1\n  kind: KIND_CPU\n}\n";
  text += format("dynamic_batching {{\n  max_queue_delay_microseconds: {}\n}}\n", model.delay_us);
  text += "version_policy {\n  latest {\n    num_versions: 1\n  }\n}\n";
  text += "model_warmup {\n  name: \"zeros\"\n  batch_size: 1\n";
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const TritonTensor& input = model.inputs[i];
    text += format(
        "  inputs {{\n    key: \"INPUT__{}\"\n    value {{\n      data_type: {}\n      "
        "dims: {}\n      zero_data: true\n    }}\n  }}\n",
        i, input.type, dims_text(input.warmup_dims.empty() ? input.dims : input.warmup_dims));
  }
  text += "}\n";
  const auto parameter = [&](const char* name, const std::string& value) {
    text += format("parameters {{\n  key: \"{}\"\n  value {{\n    string_value: \"{}\"\n  }}\n}}\n",
                   name, value);
  };
  parameter("INFERENCE_MODE", "true");
  // Sizes change with every word: specialising the graph to them costs more than it saves.
  parameter("DISABLE_OPTIMIZED_EXECUTION", "true");
  parameter("bos_id", std::to_string(bos_id));  // of ours, for clients
  return text;
}

constexpr const char* kEncoderForward = R"(
def forward(self, image: Tensor) -> Tuple[Tensor, Tensor{0}]:
  patches, cls, memory, findings = self.encode(image)
  cache = self.image_cache(memory)
  keys = []
  values = []
  for i in range(len(cache) // 2):
    keys.append(cache[2 * i])
    values.append(cache[2 * i + 1])
{1}
)";

constexpr const char* kStepForward = R"(
def forward(self, ids: Tensor, positions: Tensor, attend: Tensor, text_keys: Tensor, text_values: Tensor, image_keys: Tensor, image_values: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
  text_cache = []
  image_cache = []
  for i in range(text_keys.size(1)):
    text_cache.append(text_keys.select(1, i))
    text_cache.append(text_values.select(1, i))
    image_cache.append(image_keys.select(1, i))
    image_cache.append(image_values.select(1, i))
  logits, attention, null, cache = self.decode_step(ids, positions, attend, text_cache, image_cache)
  keys = []
  values = []
  for i in range(len(cache) // 2):
    keys.append(cache[2 * i])
    values.append(cache[2 * i + 1])
  return logits, attention, null, torch.stack(keys, 1), torch.stack(values, 1)
)";

// The requests of a batch may allow different numbers of words: each is cut where its own ends.
constexpr const char* kGenerateForward = R"(
def forward(self, image: Tensor, start: Tensor, max_tokens: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
  longest = int(max_tokens.max())
  prompt = start.narrow(1, 0, start.size(1) - 1)
  ids, log_probs, attention, null = self.generate(image, prompt, max(1, longest))
  beyond = torch.arange(0, ids.size(1), dtype=4).unsqueeze(0) >= max_tokens
  return ids.masked_fill(beyond, {0}), log_probs.masked_fill(beyond, 0.0), attention, null
)";

// P(finding) of the image as the network pools it (losses.h).
std::string findings_return(const ModelConfig& config) {
  if (config.finding_classes == 0) return "  return torch.stack(keys, 1), torch.stack(values, 1)\n";
  const double r = config.loss.label_pooling_sharpness;
  std::string pooled;
  if (config.loss.label_pooling == "noisy_or") {
    pooled = "1.0 - (-torch.softplus(findings)).sum([1]).exp()";
  } else if (r == 0) {
    pooled = "findings.mean([1]).sigmoid()";
  } else {
    pooled = format(
        "(((findings * {0:.9f}).logsumexp([1]) - torch.full([1], "
        "float(findings.size(1)), dtype=6).log()) / {0:.9f}).sigmoid()",
        r);
  }
  return "  probabilities = " + pooled +
         "\n  return torch.stack(keys, 1), torch.stack(values, 1), probabilities\n";
}

std::string labels_text() {
  std::string text;
  for (Finding finding : all_findings()) text += finding_name(finding) + std::string("\n");
  return text;
}

struct Sizes {
  int64_t layers, heads, key, value, channels, height, width, vocabulary, findings, warmup_keys,
      longest;
};

Sizes sizes_of(const ModelConfig& config) {
  const EncoderConfig& e = config.encoder;
  const DecoderConfig& d = config.decoder;
  const int64_t head = d.width / d.heads;
  const int64_t patches = (e.image_height_px / e.patch_px) * (e.image_width_px / e.patch_px);
  return {d.layers,
          d.heads,
          head + (config.sees_findings ? config.finding_classes : 0),
          head,
          e.channels,
          e.image_height_px,
          e.image_width_px,
          d.vocabulary_size,
          config.finding_classes,
          patches + (d.has_null_key ? 1 : 0) + (d.sees_cls ? 1 : 0),
          d.max_tokens};
}

TritonTensor picture(const Sizes& s, bool is_size_free) {
  TritonTensor tensor{"TYPE_FP32", {s.channels, s.height, s.width}, "", {}};
  if (is_size_free) {
    tensor.warmup_dims = tensor.dims;
    tensor.dims = {s.channels, -1, -1};
  }
  return tensor;
}

TritonModel encoder_model(const Sizes& s, bool is_size_free) {
  TritonModel model{"radgen_encoder", {picture(s, is_size_free)}, {}, kEncoderDelayUs};
  model.outputs = {{"TYPE_FP32", {s.layers, s.heads, -1, s.key}, "", {}},
                   {"TYPE_FP32", {s.layers, s.heads, -1, s.value}, "", {}}};
  const bool has_names = s.findings == static_cast<int64_t>(kFindingCount);
  if (s.findings > 0)
    model.outputs.push_back({"TYPE_FP32", {s.findings}, has_names ? "labels.txt" : "", {}});
  return model;
}

TritonModel step_model(const Sizes& s) {
  const auto cache = [&](int64_t slots, int64_t width) {
    return TritonTensor{
        "TYPE_FP32", {s.layers, s.heads, -1, width}, "", {s.layers, s.heads, slots, width}};
  };
  return {"radgen_decoder_step",
          {{"TYPE_INT64", {-1}, "", {1}},
           {"TYPE_INT64", {-1}, "", {1}},
           {"TYPE_BOOL", {-1}, "", {2}},
           cache(1, s.value),
           cache(1, s.value),
           cache(s.warmup_keys, s.key),
           cache(s.warmup_keys, s.value)},
          {{"TYPE_FP32", {-1, s.vocabulary}, "", {}},
           {"TYPE_FP32", {-1, -1}, "", {}},
           {"TYPE_FP32", {-1}, "", {}},
           {"TYPE_FP32", {s.layers, s.heads, -1, s.value}, "", {}},
           {"TYPE_FP32", {s.layers, s.heads, -1, s.value}, "", {}}},
          kStepDelayUs};
}

TritonModel generate_model(const Sizes& s, bool is_size_free) {
  return {"radgen_generate",
          {picture(s, is_size_free), {"TYPE_INT64", {-1}, "", {1}}, {"TYPE_INT64", {1}, "", {}}},
          {{"TYPE_INT64", {-1}, "", {}},
           {"TYPE_FP32", {-1}, "", {}},
           {"TYPE_FP32", {-1, -1}, "", {}},
           {"TYPE_FP32", {-1}, "", {}}},
          kGenerateDelayUs};
}

}  // namespace

TorchScriptFile write_triton_repository(const LoadedModel& model, const TorchScriptOptions& options,
                                        const fs::path& folder) {
  const torch::NoGradGuard no_grad;
  const PreparedNetwork prepared(model.network, options);
  const ModelConfig& config = model.config.network;
  const Sizes sizes = sizes_of(config);
  const auto write = [&](const TritonModel& triton, const auto& source) {
    const fs::path place = folder / "models" / triton.name;
    fs::create_directories(place / "1");
    torch::jit::Module module("RadGen");
    ScriptWeights weights(model.network, options.precision, module);
    save_script(module, source(weights), place / "1" / "model.pt");
    write_file_atomic(place / "config.pbtxt", config_text(triton, config.bos_id));
    for (const TritonTensor& output : triton.outputs)
      if (!output.labels.empty()) write_file_atomic(place / output.labels, labels_text());
  };
  write(encoder_model(sizes, options.is_size_free), [&](ScriptWeights& weights) {
    return encoder_source(config, options.is_size_free, weights) + rows_source() +
           image_cache_source(config, weights) +
           format(fmt::runtime(kEncoderForward), sizes.findings > 0 ? ", Tensor" : "",
                  findings_return(config));
  });
  write(step_model(sizes), [&](ScriptWeights& weights) {
    return rows_source() + decoder_source(config, weights) + kStepForward;
  });
  write(generate_model(sizes, options.is_size_free), [&](ScriptWeights& weights) {
    return encoder_source(config, options.is_size_free, weights) + rows_source() +
           image_cache_source(config, weights) + decoder_source(config, weights) +
           generate_source(config, model.config.decoding, first_words_forbidden(model)) +
           format(fmt::runtime(kGenerateForward), config.pad_id);
  });
  return prepared.file();
}

}  // namespace radgen
