// Predictor: prepared images -> grounded drafts.
//
//   Predictor predictor(load_model_folder("model"), torch::kCPU);
//   std::vector<Draft> drafts = predictor.draft(studies);
//   drafts[0].sentences[0].boxes ...                         // in pixels of the prepared image
#pragma once

#include <torch/torch.h>

#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "radgen/inference/model_folder.h"
#include "radgen/model/decoding.h"
#include "radgen/model/int8.h"
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

// log P of one token of a text that was given; begin and end are its bytes.
struct TokenLogProb {
  size_t begin = 0, end = 0;
  double log_prob = 0;  // nats
};

class Predictor {
 public:
  explicit Predictor(LoadedModel model, torch::Device device = torch::kCPU,
                     int64_t batch_size = 32);

  const LoadedModel& model() const { return model_; }
  int64_t batch_size() const { return batch_size_; }  // studies that are encoded together
  void set_calibration(const Calibration& calibration) { model_.calibration = calibration; }

  // "fp32", "bf16" (autocast), "int8-dynamic", or "int8", whose scales are chosen by the images
  // of `films` (int8.h). The weights in memory stay fp32; but for "fp32" an image's keys and
  // values are kept in half precision. What was measured is written to the log and returned; empty
  // for fp32 and bf16.
  Int8Report set_precision(const std::string& precision, const std::vector<StudyInput>& films = {});

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

  // The same for each head of the decoder's grounding layers alone, [head][study], the first
  // layer's heads first.
  std::vector<std::vector<std::vector<PhraseGrounding>>> ground_by_head(
      const std::vector<StudyInput>& studies, const std::vector<std::string>& texts) const;

  // Teacher forced: log P of the tokens of `texts[i]` over study i, each behind the ones before it;
  // without the tokens that the decoder has no room for.
  std::vector<std::vector<TokenLogProb>> log_probs(const std::vector<StudyInput>& studies,
                                                   const std::vector<std::string>& texts) const;

 private:
  torch::Tensor letterboxes_of(const std::vector<StudyInput>& studies, size_t begin, size_t end,
                               std::vector<Letterbox>& letterboxes) const;
  struct Encoded;   // a batch's inputs and prompts
  struct ReadText;  // a text as it was read over its image
  std::vector<ReadText> read_batch(const std::vector<StudyInput>& studies,
                                   const std::vector<std::string>& texts, size_t begin, size_t end,
                                   bool keep_heads = false) const;
  Encoded encode_inputs(const std::vector<StudyInput>& studies, size_t begin, size_t end) const;
  std::vector<DecodedText> write(const std::vector<StudyInput>& studies, size_t begin,
                                 const Encoded& encoded) const;
  std::vector<DecodedText> best_of_samples(const std::vector<StudyInput>& studies, size_t begin,
                                           const Encoded& encoded) const;

  LoadedModel model_;
  torch::Device device_;
  int64_t batch_size_;
  bool is_bf16_ = false;
  Labeler labeler_;
};

}  // namespace radgen
