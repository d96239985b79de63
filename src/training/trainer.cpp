#include "radgen/training/trainer.h"

#include <chrono>
#include <cmath>
#include <fstream>

#include "radgen/batches/loader.h"
#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/progress.h"
#include "radgen/core/random.h"
#include "radgen/core/stop.h"
#include "radgen/core/tool.h"
#include "radgen/data/prepare.h"
#include "radgen/inference/device.h"
#include "radgen/inference/model_folder.h"
#include "radgen/model/autocast.h"
#include "radgen/model/torch_compat.h"
#include "radgen/model/weights.h"
#include "radgen/training/checkpoint.h"
#include "radgen/training/run_folder.h"
#include "radgen/training/step_losses.h"
#include "radgen/training/step_time.h"
#include "radgen/training/untrained_model.h"
#include "radgen/training/validation.h"

namespace radgen {

namespace {

constexpr uint64_t kStepStream = 2;  // of the seed; 1 is the weights' (untrained_model.cpp)

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

SamplerConfig sampler_config(const TrainConfig& config, const Dataset& data) {
  if (config.loop.batch_size > static_cast<int64_t>(data.size()))
    throw Error(ErrorCode::kConfig,
                fmt::format("loop.batch_size {} is more than the {} training studies",
                            config.loop.batch_size, data.size()),
                "make it smaller");
  SamplerConfig sampler{.batch_size = static_cast<size_t>(config.loop.batch_size),
                        .drops_last = true,
                        .bucket_batches = static_cast<size_t>(config.loop.bucket_batches),
                        .boxed_share = config.loop.boxed_share,
                        .seed = static_cast<uint64_t>(config.seed)};
  for (size_t i = 0; i < data.size(); ++i) sampler.is_boxed.push_back(data.entry(i).has_boxes);
  return sampler;
}

// What must be equal for a run to be resumed: the data's identity.
std::string hash_of_data(const fs::path& data) { return sha256_file(data / "manifest.jsonl"); }

}  // namespace

int64_t total_steps(const LoopConfig& loop, int64_t studies) {
  if (loop.max_steps > 0) return loop.max_steps;
  const double per_epoch =
      static_cast<double>(studies) / static_cast<double>(loop.batch_size * loop.accumulation);
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(loop.epochs * per_epoch)));
}

namespace {

class Trainer {
 public:
  explicit Trainer(const TrainRequest& request)
      : request_(request),
        device_(choose_device(request.device)),
        is_bf16_(use_bf16(request.config.loop.precision, device_)),
        tokenizer_(choose_tokenizer(request.data, request.initial,
                                    request.is_resume ? request.output : "")),
        config_(completed(request.config, tokenizer_->vocabulary_size(),
                          dataset_preparation(read_json(request.data / "prepare.json")))),
        train_data_(request.data, "train", tokenizer_, config_.data),
        validation_data_(request.data, "validate", tokenizer_, config_.data),
        sampler_(train_data_.lengths(), sampler_config(config_, train_data_)),
        network_(make_network()),
        optimizer_(parameters(), config_.optimizer),
        total_steps_(
            radgen::total_steps(config_.loop, static_cast<int64_t>(sampler_.studies_per_epoch()))),
        validator_(config_, request.data, validation_data_, tokenizer_) {
    state_.config_sha256 = sha256_hex(dump_config(config_).dump());
    state_.data_sha256 = hash_of_data(request.data);
  }

  // The run folder is made when everything has been checked: a mistake leaves nothing behind.
  void open_run() {
    run_ = request_.is_resume ? RunFolder::open(request_.output)
                              : RunFolder::create(request_.output, dump_config(request_.config),
                                                  request_.command, request_.may_overwrite);
    log::add_file((run_.path() / "train.log").string());
    if (!request_.is_resume)
      save_initial_weights(run_.path(), request_.initial, *tokenizer_, initial_reports_);
  }

  void start() {
    initial_reports_ = load_initial_weights(network_, config_, *tokenizer_, request_.initial);
  }

  void resume() {
    const std::optional<fs::path> checkpoint = find_checkpoint(run_.path());
    if (!checkpoint) {
      log::info("no checkpoint yet: starting from the beginning");
      run_.truncate_metrics(0);
      return;
    }
    const TrainState saved = load_checkpoint(*checkpoint, network_, optimizer_);
    if (saved.data_sha256 != state_.data_sha256)
      throw Error(ErrorCode::kData, "the prepared data set is not the one this run was started on",
                  "resume with the old data set, or start a new run with --init-from " +
                      checkpoint->string());
    if (saved.config_sha256 != state_.config_sha256)
      log::warning("the configuration differs from the one this run was started with");
    const std::string config_sha256 = state_.config_sha256;
    state_ = saved;
    state_.config_sha256 = config_sha256;
    run_.truncate_metrics(state_.step);
    log::info("resumed at step {} of {}", state_.step, total_steps_);
  }

  TrainSummary run();

 private:
  GroundedModel make_network() {
    GroundedModel network = untrained_network(config_);
    network->to(device_);
    return network;
  }

  std::map<std::string, torch::Tensor> parameters() const {
    std::map<std::string, torch::Tensor> named;
    for (const auto& item : network_->named_parameters()) named[item.key()] = item.value();
    return named;
  }

  void set_encoder_trainable(bool is_trainable) {
    for (auto& parameter : network_->encoder()->parameters())
      parameter.set_requires_grad(is_trainable);
    network_->encoder()->train(is_trainable);  // frozen norms keep their running means, too
  }

  void tell_duration() const;
  void train_step(BatchLoader& loader);
  bool validate_and_save();
  void save(bool is_best) {
    state_.seconds = seconds_before_ + seconds_since(started_);
    save_checkpoint(run_.path(), state_, network_, optimizer_, is_best, config_.loop.keep_last);
  }
  // Of loop.max_minutes; 0 without.
  double time_share() const {
    const double trained_s = seconds_before_ + seconds_since(started_);
    return config_.loop.max_minutes > 0 ? trained_s / (60 * config_.loop.max_minutes) : 0;
  }
  double epoch() const {
    return static_cast<double>(state_.studies_seen) /
           static_cast<double>(std::max<size_t>(1, train_data_.size()));
  }
  nlohmann::ordered_json finish();

  TrainRequest request_;
  RunFolder run_;
  torch::Device device_;
  bool is_bf16_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  TrainConfig config_;
  Dataset train_data_, validation_data_;
  BatchSampler sampler_;
  GroundedModel network_;
  Optimizer optimizer_;
  int64_t total_steps_;
  Validator validator_;
  TrainState state_;
  nlohmann::ordered_json initial_reports_;
  nlohmann::ordered_json best_validation_;
  std::chrono::steady_clock::time_point started_;
  double seconds_before_ = 0;
  double last_lr_ = 0, last_norm_ = 0;
  std::map<std::string, double> sums_;  // of losses since the last line of metrics.jsonl
  int64_t summed_ = 0;
};

// One optimizer step over `accumulation` batches. The loss of a batch is the mean over its studies,
// so batches are weighted by their studies' share of the step.
void Trainer::train_step(BatchLoader& loader) {
  network_->train();
  torch::manual_seed(hash_mix(hash_mix(static_cast<uint64_t>(config_.seed), kStepStream),
                              static_cast<uint64_t>(state_.step)));
  set_encoder_trainable(state_.step >= config_.loop.freeze_encoder_steps);
  std::vector<Batch> batches;
  int64_t studies = 0;
  for (int64_t i = 0; i < config_.loop.accumulation; ++i) {
    batches.push_back(std::move(*loader.next()));
    studies += batches.back().size();
  }
  double total = 0;
  for (const Batch& batch : batches) {
    const double share = static_cast<double>(batch.size()) / static_cast<double>(studies);
    Losses losses;
    {
      const Autocast precision(is_bf16_, device_);
      losses = step_losses(network_, batch.to(device_), config_, state_.step);
    }
    (losses.total * share).backward();
    add_losses(losses, share, sums_);
    total += share * losses.total.item<double>();
  }
  last_lr_ = learning_rate(config_.optimizer, state_.step, total_steps_, time_share());
  last_norm_ = optimizer_.step(last_lr_);
  if (!std::isfinite(last_norm_))
    log::warning("step {}: the gradient is not finite; the step is skipped", state_.step);
  ++summed_;
  ++state_.step;
  state_.studies_seen += studies;
  const LoaderPosition position = loader.position();
  state_.epoch = position.epoch;
  state_.batch_in_epoch = position.batch_in_epoch;
  state_.mean_loss = state_.mean_loss == 0 ? total : 0.95 * state_.mean_loss + 0.05 * total;
}

// Measured on the first batch of the schedule, before the first step.
void Trainer::tell_duration() const {
  BatchLoader loader(train_data_, sampler_,
                     {.threads = 1, .seed = static_cast<uint64_t>(config_.seed)}, {});
  const StepTimes times = measure_steps(config_, *loader.next(), device_, is_bf16_);
  const double seconds = expected_seconds(times, config_.loop, state_.step, total_steps_);
  const bool ends_early = config_.loop.max_minutes > 0 && 60 * config_.loop.max_minutes < seconds;
  log::info("training will take about {:.0f} min here, validations apart: {} ({} steps measured){}",
            seconds / 60, describe_times(times, config_.loop, state_.step, total_steps_),
            times.measured,
            ends_early
                ? fmt::format("; loop.max_minutes ends it after {:g} min", config_.loop.max_minutes)
                : "");
}

// Returns whether training should end because nothing got better for `patience` validations.
bool Trainer::validate_and_save() {
  const ValidationResult result = validator_.run(network_, device_);
  run_.log_metrics(state_.step, epoch(), "validate", result.metrics);
  const double value = result.value(config_.validation.metric);
  const double sign = config_.validation.mode == "max" ? 1 : -1;
  const bool is_best = !state_.best || sign * (value - *state_.best) > config_.validation.min_delta;
  if (is_best) {
    state_.best = value;
    state_.best_step = state_.step;
    state_.stalled = 0;
  } else {
    ++state_.stalled;
  }
  log::info("validate | step {} | {} {:.4f}{} | {}", state_.step, config_.validation.metric, value,
            is_best ? " (best so far)" : "", result.summary());
  save(is_best);
  return config_.validation.patience > 0 && state_.stalled >= config_.validation.patience;
}

TrainSummary Trainer::run() {
  TrainSummary summary;
  for (const auto& [name, parameter] : parameters()) summary.parameters += parameter.numel();
  log::info(
      "{} training studies, {} for validation, {:.2f} M parameters, {} steps of {} studies in {}",
      train_data_.size(), validation_data_.size(), static_cast<double>(summary.parameters) / 1e6,
      total_steps_, config_.loop.batch_size * config_.loop.accumulation,
      is_bf16_ ? "bf16" : "fp32");
  tell_duration();
  const uint64_t seed = static_cast<uint64_t>(config_.seed);
  BatchLoader loader(train_data_, sampler_,
                     {.threads = static_cast<int>(config_.loop.loader_threads),
                      .augment = config_.augment.enabled ? &config_.augment : nullptr,
                      .seed = seed},
                     {state_.epoch, state_.batch_in_epoch});

  started_ = std::chrono::steady_clock::now();
  seconds_before_ = state_.seconds;
  const int64_t first_step = state_.step, first_study = state_.studies_seen;
  double validating_s = 0;
  summary.stopped_by = "schedule";
  Progress progress("training", total_steps_ - state_.step, "steps");
  while (state_.step < total_steps_) {
    train_step(loader);
    progress.advance();
    if (state_.step % config_.loop.log_every_steps == 0 || state_.step == total_steps_) {
      std::vector<std::pair<std::string, double>> values;
      for (const auto& [name, sum] : sums_)
        values.emplace_back(name, sum / static_cast<double>(summed_));
      const double rate = static_cast<double>(state_.studies_seen - first_study) /
                          (seconds_since(started_) - validating_s);
      values.insert(values.end(),
                    {{"lr", last_lr_}, {"gradient_norm", last_norm_}, {"studies_per_s", rate}});
      run_.log_metrics(state_.step, epoch(), "train", values);
      progress.set_note(
          fmt::format("loss {:.3f}  text {:.3f}  ground {:.3f}  lr {:.1e}  {:.0f} studies/s",
                      state_.mean_loss, sums_["loss_text"] / static_cast<double>(summed_),
                      sums_["loss_grounding"] / static_cast<double>(summed_), last_lr_, rate));
      sums_.clear();
      summed_ = 0;
    }
    if (const int signal = current_stop().requested(); signal != 0) {
      save(/*is_best=*/false);
      log::warning("stopped at step {}: saved; continue with --resume", state_.step);
      throw Interrupted(signal);
    }
    const bool is_out_of_time = time_share() >= 1;
    const bool is_last = state_.step == total_steps_ || is_out_of_time;
    if (is_last || state_.step % config_.validation.every_steps == 0) {
      const auto validation_started = std::chrono::steady_clock::now();
      const bool has_stalled = validate_and_save();
      validating_s += seconds_since(validation_started);
      if (has_stalled) summary.stopped_by = "patience";
      if (is_out_of_time && state_.step < total_steps_) summary.stopped_by = "max_minutes";
      if (has_stalled || is_out_of_time) break;
    } else if (state_.step % config_.loop.checkpoint_every_steps == 0) {
      save(/*is_best=*/false);
    }
  }
  progress.finish();

  summary.steps = state_.step;
  summary.seconds = seconds_before_ + seconds_since(started_);
  if (state_.step > first_step)
    summary.studies_per_s = static_cast<double>(state_.studies_seen - first_study) /
                            (seconds_since(started_) - validating_s);
  summary.best_step = state_.best_step;
  summary.validation = finish();
  summary.peak_rss_gib = peak_rss_gib();
  summary.model = run_.path() / "model";
  run_.draw_curves();
  return summary;
}

// The best checkpoint becomes the model folder, its thresholds chosen on the whole validation
// split.
nlohmann::ordered_json Trainer::finish() {
  const fs::path best = run_.path() / "checkpoints" / "best";
  if (fs::exists(best)) load_checkpoint_weights(fs::canonical(best), network_);
  network_->eval();
  LoadedModel model;
  model.config = model_folder_config(config_);
  model.network = network_;
  model.tokenizer = tokenizer_;
  log::info("choosing thresholds on the validation split");
  const assessment::FittedCalibration fitted = validator_.calibrate(model, device_);
  model.calibration = fitted.calibration;
  const nlohmann::json prepare = read_json(request_.data / "prepare.json");
  const bool is_phantom =
      prepare.value("is_synthetic", true);  // an older data set: the careful answer
  nlohmann::ordered_json card = {
      {"version", version()},
      {"trained_on_phantoms", is_phantom},
      {"warning",
       is_phantom ? "Trained on synthetic films: its words mean nothing for a patient." : ""},
      {"data",
       {{"source", prepare.value("source", "")},
        {"manifest_sha256", state_.data_sha256},
        {"licence",
         is_phantom ? "synthetic, no restriction" : "that of the data set it was trained on"}}},
      {"training",
       {{"steps", state_.step},
        {"best_step", state_.best_step},
        {"studies_seen", state_.studies_seen},
        {"seed", config_.seed},
        {"config", dump_config(config_)}}},
      {"validation", fitted.metrics}};
  save_model_folder(run_.path() / "model", model, card);
  return fitted.metrics;
}

void require_prepared(const fs::path& data) {
  for (const char* name : {"manifest.jsonl", "prepare.json", "tokenizer.model"})
    if (!fs::exists(data / name))
      throw Error(ErrorCode::kData,
                  "no prepared dataset in " + data.string() + ": " + name + " is missing",
                  "make one with preprocess-radgen");
}

}  // namespace

TrainSummary train(const TrainRequest& request) {
  require_prepared(request.data);
  check(request.initial, request.is_resume);
  if (!request.is_resume) RunFolder::require_free(request.output, request.may_overwrite);
  Trainer trainer(request);
  if (!request.is_resume) trainer.start();
  trainer.open_run();
  if (request.is_resume) trainer.resume();
  return trainer.run();
}

nlohmann::ordered_json plan_training(const TrainRequest& request) {
  require_prepared(request.data);
  check(request.initial, request.is_resume);
  const auto tokenizer =
      choose_tokenizer(request.data, request.initial, request.is_resume ? request.output : "");
  const TrainConfig config =
      completed(request.config, tokenizer->vocabulary_size(),
                dataset_preparation(read_json(request.data / "prepare.json")));
  const Dataset train_data(request.data, "train", tokenizer, config.data);
  const Dataset validation_data(request.data, "validate", tokenizer, config.data);
  GroundedModel network(config.network);
  if (!request.is_resume) load_initial_weights(network, config, *tokenizer, request.initial);
  int64_t parameters = 0;
  for (const auto& parameter : network->parameters()) parameters += parameter.numel();
  const BatchSampler sampler(train_data.lengths(), sampler_config(config, train_data));
  const int64_t steps = total_steps(config.loop, static_cast<int64_t>(sampler.studies_per_epoch()));
  return {{"train_studies", train_data.size()},
          {"validate_studies", validation_data.size()},
          {"parameters", parameters},
          {"weights_and_optimizer_mib", static_cast<double>(parameters) * 16 / (1 << 20)},
          {"steps", steps},
          {"lr_first", learning_rate(config.optimizer, 0, steps)},
          {"lr_middle", learning_rate(config.optimizer, steps / 2, steps)},
          {"lr_last", learning_rate(config.optimizer, steps - 1, steps)},
          {"would_write", request.output.string()}};
}

}  // namespace radgen
