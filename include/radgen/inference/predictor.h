// Predictor: prepared images -> grounded drafts.
//
//   Predictor predictor(load_model_folder("model"));         // fp32 on the CPU
//   Predictor fast = make_predictor(load_model_folder("model"), {.precision = "bf16"});
//   std::vector<Draft> drafts = predictor.draft(studies);
//   drafts[0].sentences[0].boxes ...                         // in pixels of the prepared image
//
// A predictor is immutable: its runtime (model/runtime.h) decides on precision, device and the type
// of the KV cache, and whoever has another runtime gives it to the constructor. What is drafted
// depends on the pixels and the model alone (and on the prompt, where the model takes one), not on
// names, paths or the batch: the seeds of sampled texts come from the pixels' and the model's hash.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "radgen/inference/consistency_checker.h"
#include "radgen/inference/model_folder.h"
#include "radgen/inference/region_features.h"
#include "radgen/model/decoding.h"
#include "radgen/model/runtime.h"
#include "radgen/report/labeler.h"
#include "radgen/report/prediction.h"

namespace radgen {

// One study as the network sees it. `image` is CV_16UC1, upright, at the prepared size.
struct StudyInput {
  std::string study_id, image_id;
  cv::Mat image;
  std::optional<double> age_years;
  std::string sex, indication;
};

// Where the model looks while it reads a sentence that is given (phrase grounding): one for each
// positive or uncertain mention in the text.
struct PhraseGrounding {
  Mention mention;
  AttentionMap map;
  Box map_box;  // prepared-image pixels
  RegionFeatures region_features;
};

// The same for a sentence that rules something out.
struct ExaminedGrounding {
  size_t sentence = 0;                 // index into split_sentences()
  std::vector<std::string> anatomies;  // what it was read off (report/anatomy.h)
  AttentionMap map;
  Box map_box;  // prepared-image pixels
};

// log P of one token of a text that was given; begin and end are its bytes.
struct TokenLogProb {
  size_t begin = 0, end = 0;
  double log_prob = 0;  // nats
};

class Predictor {
 public:
  // The model's network in this process, fp32.
  explicit Predictor(LoadedModel model, torch::Device device = torch::kCPU,
                     int64_t batch_size = 32);
  // Any runtime of the model; model.network may be empty then.
  Predictor(LoadedModel model, std::shared_ptr<const Runtime> runtime, int64_t batch_size = 32);

  const LoadedModel& model() const { return model_; }
  const std::shared_ptr<const Runtime>& runtime() const { return runtime_; }
  int64_t batch_size() const { return batch_size_; }  // studies that are encoded together

  // P(finding) of each study by the finding head, all_findings() order; Error{kUsage} when the
  // network has none.
  std::vector<std::vector<double>> finding_probabilities(
      const std::vector<StudyInput>& studies) const;

  // The mean of each image's patches as the encoder leaves them (z, of the real ones), of length
  // 1: [study][D_v].
  std::vector<std::vector<float>> embeddings(const std::vector<StudyInput>& studies) const;

  // Drafts in the order of the studies. timing_ms of a study is its share of the batch.
  std::vector<Draft> draft(const std::vector<StudyInput>& studies) const;

  // Teacher forced: `texts[i]` is read over study i.
  std::vector<std::vector<PhraseGrounding>> ground(const std::vector<StudyInput>& studies,
                                                   const std::vector<std::string>& texts) const;

  // Teacher forced: where the model looks at the words that rule something out.
  std::vector<std::vector<ExaminedGrounding>> ground_examined(
      const std::vector<StudyInput>& studies, const std::vector<std::string>& texts) const;

  // ground() for each head of the decoder's grounding layers alone, [head][study], the first
  // layer's heads first.
  std::vector<std::vector<std::vector<PhraseGrounding>>> ground_by_head(
      const std::vector<StudyInput>& studies, const std::vector<std::string>& texts) const;

  // Teacher forced: log P of the tokens of `texts[i]` over study i, each behind the ones before it;
  // without the tokens that the decoder has no room for.
  std::vector<std::vector<TokenLogProb>> log_probs(const std::vector<StudyInput>& studies,
                                                   const std::vector<std::string>& texts) const;

 private:
  struct Encoded;   // a batch's inputs and prompts
  struct ReadText;  // a text as it was read over its image
  std::vector<ReadText> read_batch(const std::vector<StudyInput>& studies,
                                   const std::vector<std::string>& texts, size_t begin, size_t end,
                                   bool keep_heads = false) const;
  Encoded encode_inputs(const std::vector<StudyInput>& studies, size_t begin, size_t end) const;
  // A study's text, and what each of the samples says among which it was chosen.
  struct Written {
    DecodedText text;
    std::vector<std::vector<Mention>> samples;
  };
  std::vector<Written> write(const std::vector<StudyInput>& studies, size_t begin,
                             const Encoded& encoded) const;
  std::vector<Written> best_of_samples(const std::vector<StudyInput>& studies, size_t begin,
                                       const Encoded& encoded, SearchOptions options) const;
  // The sample to keep.
  Written choose(std::vector<DecodedText> samples, const FindingLogits& logits) const;

  LoadedModel model_;
  std::shared_ptr<const Runtime> runtime_;
  int64_t batch_size_;
  std::shared_ptr<const Labeler> labeler_;
  std::shared_ptr<const ConsistencyChecker> checker_;
};

struct PredictorOptions {
  std::string precision = "fp32";  // RuntimeOptions::precision
  torch::Device device = torch::kCPU;
  int64_t batch_size = 32;
  std::vector<StudyInput> int8_films;  // by whose images "int8" chooses its scales
};
// The model's network in this process. In fp32 an image's keys and values are kept as the model's
// configuration says, else in half precision. Throws as make_runtime() does.
Predictor make_predictor(LoadedModel model, const PredictorOptions& options);

}  // namespace radgen
