#include "radgen/training/initial_weights.h"

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/model/public_weights.h"
#include "radgen/report/byte_pair_encoding.h"
#include "radgen/report/prompt.h"

namespace radgen {
namespace {

constexpr const char* kTokenizer = "tokenizer.model";

WeightReport load_vision(GroundedModel network, const TrainConfig& config, const fs::path& path) {
  const PublicCheckpoint checkpoint = read_public_checkpoint(path);
  PublicLoadOptions options;
  options.grey_mean = config.data.model_input.mean;
  options.grey_sd = config.data.model_input.sd;
  if (checkpoint.config.encoder && checkpoint.config.pixel_sd.empty())
    log::warning(
        "{} does not say how its pictures were normalised (no preprocessor_config.json): they are "
        "given as "
        "data.model_input.mean and data.model_input.sd say",
        path.string());
  return load_public_vision(network->encoder(), checkpoint, options);
}

WeightReport load_text(GroundedModel network, const Tokenizer& tokenizer, const fs::path& path) {
  const PublicCheckpoint checkpoint = read_public_checkpoint(path);
  PublicLoadOptions options;
  options.may_be_missing = new_text_parts(checkpoint.config);
  options.vocabulary_offset = kFirstTextId;
  const ByteLevelBpe* bpe = tokenizer.byte_level_bpe();
  RADGEN_CHECK(bpe != nullptr, "text weights need the text model's own tokenizer");
  if (checkpoint.config.eos_id >= 0)
    options.special_tokens = {{kBosId, checkpoint.config.eos_id},
                              {kEosId, checkpoint.config.eos_id}};
  options.special_tokens[kSeparatorId] = bpe->id_of("\n");
  return load_public_text(network, checkpoint, options);
}

}  // namespace

void check(const InitialWeights& initial, bool is_resume) {
  if (is_resume && (!initial.vision.empty() || !initial.text.empty()))
    throw Error(
        ErrorCode::kUsage, "--init-vision and --init-text are for a new run",
        "leave them out with --resume: the run goes on with the weights and the tokenizer it has");
  if (!initial.all.empty() && (!initial.vision.empty() || !initial.text.empty()))
    throw Error(ErrorCode::kUsage,
                "--init-from gives all weights, --init-vision and --init-text a part of them",
                "give either the one or the others");
}

std::shared_ptr<const Tokenizer> choose_tokenizer(const fs::path& data,
                                                  const InitialWeights& initial,
                                                  const fs::path& resumed_run) {
  if (!initial.text.empty())
    return std::make_shared<const Tokenizer>(Tokenizer::gpt2(initial.text));
  const fs::path own = resumed_run / kTokenizer;
  if (!resumed_run.empty() && fs::exists(own)) return std::make_shared<const Tokenizer>(own);
  return std::make_shared<const Tokenizer>(data / kTokenizer);
}

nlohmann::ordered_json load_initial_weights(GroundedModel network, const TrainConfig& config,
                                            const Tokenizer& tokenizer,
                                            const InitialWeights& initial) {
  nlohmann::ordered_json reports = nlohmann::ordered_json::array();
  if (!initial.all.empty()) {
    const fs::path file =
        fs::is_directory(initial.all) ? initial.all / "model.safetensors" : initial.all;
    const LoadReport report = load_weights(*network, file);
    log::info("weights from {}", file.string());
    reports.push_back(
        {{"source", file.string()}, {"family", "radgen"}, {"tensors", report.loaded}});
  }
  const auto add = [&](const WeightReport& report) {
    log::info("weights from {}", report.summary());
    reports.push_back(report.json());
  };
  if (!initial.vision.empty()) add(load_vision(network, config, initial.vision));
  if (!initial.text.empty()) add(load_text(network, tokenizer, initial.text));
  return reports;
}

void save_initial_weights(const fs::path& run, const InitialWeights& initial,
                          const Tokenizer& tokenizer, const nlohmann::ordered_json& reports) {
  if (initial.empty()) return;
  write_json_atomic(run / "initial_weights.json", reports);
  if (!initial.text.empty()) write_file_atomic(run / kTokenizer, tokenizer.model_bytes());
}

}  // namespace radgen
