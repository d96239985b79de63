// The training configuration; configs/*.json are such files.
#pragma once

#include <cstdint>
#include <string>

#include "radgen/batches/augment.h"
#include "radgen/batches/dataset.h"
#include "radgen/core/config.h"
#include "radgen/model/config.h"
#include "radgen/model/decoding.h"
#include "radgen/training/optimizer.h"

namespace radgen {

struct LoopConfig {
  int64_t batch_size = 16;   // studies in one forward pass
  int64_t accumulation = 1;  // forward passes an optimizer step
  double epochs = 10;        // used when max_steps is 0
  int64_t max_steps = 0;
  double max_minutes = 0;  // ends the schedule early; 0: off
  int64_t encoder_pretraining_steps = 0;
  int64_t low_resolution_steps = 0;
  int64_t freeze_encoder_steps = 0;
  std::string precision = "fp32";  // "fp32" | "bf16" | "auto" (model/autocast.h)
  int64_t log_every_steps = 20;
  int64_t checkpoint_every_steps = 500;
  int64_t keep_last = 2;
  int64_t loader_threads = 1;
  int64_t bucket_batches = 16;
  double boxed_share = 0;
};
inline void describe(Fields& f, LoopConfig& c) {
  f.field("batch_size", c.batch_size,
          {.help = "studies in one forward pass", .min = 1, .max = 4096});
  f.field("accumulation", c.accumulation,
          {.help = "forward passes an optimizer step", .min = 1, .max = 4096});
  f.field(
      "epochs", c.epochs,
      {.help = "passes over the training split; used when max_steps is 0", .min = 0, .max = 1e4});
  f.field("max_steps", c.max_steps,
          {.help = "length of the schedule; 0: from epochs", .min = 0, .unit = "steps"});
  f.field("max_minutes", c.max_minutes,
          {.help = "training time after which the run ends before its schedule; 0: off",
           .min = 0,
           .unit = "min"});
  f.renamed("encoder_first_steps", "encoder_pretraining_steps");
  f.field("encoder_pretraining_steps", c.encoder_pretraining_steps,
          {.help = "first steps in which only the encoder learns, from labels and boxes; twice as "
                   "fast a step",
           .min = 0,
           .unit = "steps"});
  f.renamed("half_size_steps", "low_resolution_steps");
  f.field(
      "low_resolution_steps", c.low_resolution_steps,
      {.help = "of encoder_pretraining_steps, the first ones, on pictures of half the side; four "
               "times as fast a step",
       .min = 0,
       .unit = "steps"});
  f.field("freeze_encoder_steps", c.freeze_encoder_steps,
          {.help = "first steps in which the encoder is not trained; 0: never frozen",
           .min = 0,
           .unit = "steps"});
  f.field("precision", c.precision,
          {.help = "bf16: autocast, half the time where the CPU or GPU multiplies it; auto: bf16 "
                   "there and fp32 elsewhere",
           .choices = {"fp32", "bf16", "auto"}});
  f.field("log_every_steps", c.log_every_steps,
          {.help = "lines of metrics.jsonl", .min = 1, .unit = "steps"});
  f.field("checkpoint_every_steps", c.checkpoint_every_steps,
          {.help = "besides those at validations", .min = 1, .unit = "steps"});
  f.field("keep_last", c.keep_last,
          {.help = "checkpoints kept besides the best", .min = 1, .max = 1000});
  f.field("loader_threads", c.loader_threads,
          {.help = "threads that prepare batches", .min = 1, .max = 64});
  f.field("bucket_batches", c.bucket_batches,
          {.help = "studies are sorted by length within so many batches, which saves padding; 0: "
                   "not sorted",
           .min = 0});
  f.field("boxed_share", c.boxed_share,
          {.help = "studies with boxes among those of an epoch, which then leaves out others; 0: "
                   "all studies",
           .min = 0,
           .max = 1});
}

struct ValidationConfig {
  int64_t every_steps = 500;
  int64_t max_studies = 400;        // for the losses
  int64_t generated_studies = 128;  // drafted and scored; 0: losses only
  std::string metric = "selection";
  std::string mode = "max";
  double min_delta = 0;
  int64_t patience = 0;
};
inline void describe(Fields& f, ValidationConfig& c) {
  f.field("every_steps", c.every_steps,
          {.help = "and always at the end", .min = 1, .unit = "steps"});
  f.field("max_studies", c.max_studies, {.help = "studies for the losses; 0: all", .min = 0});
  f.field("generated_studies", c.generated_studies,
          {.help = "studies that are drafted and scored; 0: losses only", .min = 0});
  f.field("metric", c.metric,
          {.help = "what the best checkpoint is chosen by; selection is the mean of bleu_4, "
                   "meteor_nltk, f1_macro and iou_phrase",
           .choices = {"selection", "loss", "bleu_4", "meteor_nltk", "f1_macro", "iou",
                       "iou_phrase", "pointing"}});
  f.field("mode", c.mode,
          {.help = "whether more or less of it is better", .choices = {"max", "min"}});
  f.field("min_delta", c.min_delta, {.help = "least improvement that counts", .min = 0});
  f.field(
      "patience", c.patience,
      {.help = "validations without improvement after which training ends; 0: never", .min = 0});
}

struct TrainConfig {
  ModelConfig network;
  DatasetConfig data;
  AugmentConfig augment;
  OptimizerConfig optimizer;
  LoopConfig loop;
  ValidationConfig validation;
  DecodingConfig decoding;
  int64_t seed = 1;
};
inline void describe(Fields& f, TrainConfig& c) {
  f.section("network", c.network);
  f.section("data", c.data);
  f.section("augment", c.augment);
  f.section("optimizer", c.optimizer);
  f.section("loop", c.loop);
  f.section("validation", c.validation);
  f.section("decoding", c.decoding);
  f.field("seed", c.seed, {.help = "of weights, order, augmentation and dropout", .min = 0});
}

// The configuration with what follows from its data (vocabulary, preparation) and from itself (the
// native image, the finding head). Throws Error{kConfig} for what does not fit together.
TrainConfig completed(TrainConfig config, int64_t vocabulary_size,
                      const PreparationConfig& preparation);

}  // namespace radgen
