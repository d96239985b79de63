#include "radgen/inference/predictor.h"

#include <chrono>
#include <cmath>
#include <numeric>

#include "radgen/core/error.h"
#include "radgen/core/random.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/letterbox.h"
#include "radgen/imaging/midline.h"
#include "radgen/inference/consistency_checker.h"
#include "radgen/inference/draft_assembly.h"
#include "radgen/inference/sample_ranking.h"
#include "radgen/inference/stability.h"
#include "radgen/report/prompt.h"

namespace radgen {

namespace {

double elapsed_ms(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since)
      .count();
}

// Of each image; empty ones for a network without a head of the fourteen findings.
std::vector<FindingLogits> finding_logits_of(const Runtime& runtime, const EncodedImage& image) {
  std::vector<FindingLogits> all(static_cast<size_t>(image.memory.size(0)));
  if (!image.finding_logits.defined() ||
      image.finding_logits.size(2) != static_cast<int64_t>(kFindingCount))
    return all;
  const torch::Tensor p =
      runtime.finding_probabilities(image).to(torch::kCPU, torch::kDouble).contiguous();
  const torch::Tensor patches = image.finding_logits.to(torch::kCPU, torch::kFloat).contiguous();
  for (size_t b = 0; b < all.size(); ++b) {
    const auto row = static_cast<int64_t>(b);
    const double* of_image = p[row].data_ptr<double>();
    const float* of_patches = patches[row].data_ptr<float>();
    all[b].probabilities.assign(of_image, of_image + p.size(1));
    all[b].patches.assign(of_patches, of_patches + patches[row].numel());
  }
  return all;
}

// [n,1,H,W] of studies begin..end; appends the inputs.
torch::Tensor letterboxes_of(const ModelInputConfig& config, const std::vector<StudyInput>& studies,
                             size_t begin, size_t end, std::vector<Letterbox>& letterboxes) {
  torch::Tensor images =
      torch::empty({static_cast<int64_t>(end - begin), 1, config.height_px, config.width_px});
  for (size_t i = begin; i < end; ++i) {
    letterboxes.push_back(make_letterbox(studies[i].image, config));
    const cv::Mat& input = letterboxes.back().input;
    images[static_cast<int64_t>(i - begin)].copy_(
        torch::from_blob(input.data, {1, input.rows, input.cols}, torch::kFloat32));
  }
  return images;
}

// Those that the finding head sees with more confidence than its threshold asks for. Without fitted
// thresholds nobody knows what its probabilities are worth.
std::set<Finding> findings_present(const FindingLogits& logits, const Calibration& calibration) {
  std::set<Finding> present;
  if (logits.empty() || calibration.finding_thresholds.empty()) return present;
  for (size_t f = 0; f < kFindingCount; ++f)
    if (all_findings()[f] != Finding::kNoFinding &&
        logits.probabilities[f] > calibration.finding_thresholds[f])
      present.insert(all_findings()[f]);
  return present;
}

// Of the prepared pixels and their size.
uint64_t hash_pixels(const cv::Mat& image) {
  uint64_t hash = hash_mix(static_cast<uint64_t>(image.rows), static_cast<uint64_t>(image.cols));
  const size_t row_bytes = static_cast<size_t>(image.cols) * image.elemSize();
  for (int y = 0; y < image.rows; ++y)
    hash = hash_mix(hash, hash_text({reinterpret_cast<const char*>(image.ptr(y)), row_bytes}));
  return hash;
}

}  // namespace

struct Predictor::Encoded {
  EncodedImage image;
  std::vector<std::vector<int64_t>> prompts;  // empty when the network knows none
  std::vector<GridPlacement> placements;
  std::vector<FindingLogits> finding_logits;
  double load_ms = 0, encode_ms = 0;
};

struct Predictor::ReadText {
  std::vector<Token> tokens;
  DecodedText decoded;
  GridPlacement placement;
  FindingLogits finding_logits;
};

Predictor::Predictor(LoadedModel model, std::shared_ptr<const Runtime> runtime, int64_t batch_size)
    : model_(std::move(model)),
      runtime_(std::move(runtime)),
      batch_size_(batch_size),
      labeler_(std::make_shared<const Labeler>()),
      checker_(std::make_shared<const ConsistencyChecker>(model_.tokenizer, labeler_)) {
  RADGEN_CHECK(runtime_ != nullptr, "a predictor needs a runtime");
}

Predictor::Predictor(LoadedModel model, torch::Device device, int64_t batch_size)
    : Predictor(model,
                make_runtime(model.network, {.kv_cache_type = model.config.decoding.kv_cache_type,
                                             .device = device}),
                batch_size) {}

Predictor make_predictor(LoadedModel model, const PredictorOptions& options) {
  RuntimeOptions runtime{.precision = options.precision, .device = options.device};
  if (options.precision == "fp32") runtime.kv_cache_type = model.config.decoding.kv_cache_type;
  std::vector<Letterbox> letterboxes;
  for (size_t i = 0; i < options.int8_films.size(); ++i)
    runtime.int8_images.push_back(
        letterboxes_of(model.config.model_input, options.int8_films, i, i + 1, letterboxes));
  auto made = make_runtime(model.network, runtime);
  return {std::move(model), std::move(made), options.batch_size};
}

Predictor::Encoded Predictor::encode_inputs(const std::vector<StudyInput>& studies, size_t begin,
                                            size_t end) const {
  Encoded encoded;
  auto started = std::chrono::steady_clock::now();
  std::vector<Letterbox> letterboxes;
  const torch::Tensor images =
      letterboxes_of(model_.config.model_input, studies, begin, end, letterboxes);
  for (size_t i = begin; i < end; ++i) {
    if (model_.config.prompt_max_tokens > 0)
      encoded.prompts.push_back(prompt_ids(
          *model_.tokenizer, {studies[i].age_years, studies[i].sex, studies[i].indication},
          model_.config.prompt_max_tokens));
  }
  encoded.load_ms = elapsed_ms(started);

  started = std::chrono::steady_clock::now();
  encoded.image = runtime_->encode(images);
  encoded.encode_ms = elapsed_ms(started);
  for (size_t i = 0; i < letterboxes.size(); ++i) {
    encoded.placements.push_back(place_grid(encoded.image.grid.rows, encoded.image.grid.columns,
                                            model_.config.network.encoder.patch_px,
                                            letterboxes[i].image_to_input));
    encoded.placements.back().midline_x = chest_midline_px(studies[begin + i].image);
  }
  encoded.finding_logits = finding_logits_of(*runtime_, encoded.image);
  return encoded;
}

std::vector<Predictor::Written> Predictor::write(const std::vector<StudyInput>& studies,
                                                 size_t begin, const Encoded& encoded) const {
  SearchOptions options;
  std::vector<StudyChecker> checkers;
  for (const FindingLogits& logits : encoded.finding_logits)
    checkers.emplace_back(*checker_, findings_present(logits, model_.calibration));
  for (const StudyChecker& checker : checkers) options.checkers.push_back(&checker);
  // A draft describes what is seen before it sums up. Some reports in every data set are an
  // impression alone, and nothing in the image tells which.
  for (const Token& token : model_.tokenizer->encode("\n")) options.not_first.push_back(token.id);
  if (model_.config.decoding.num_samples > 1)
    return best_of_samples(studies, begin, encoded, options);
  std::vector<Written> written;
  for (DecodedText& text :
       generate(*runtime_, encoded.image, encoded.prompts, model_.config.decoding, options))
    written.push_back({std::move(text), {}});
  return written;
}

// Several texts a study, of which the best supported one stays.
std::vector<Predictor::Written> Predictor::best_of_samples(const std::vector<StudyInput>& studies,
                                                           size_t begin, const Encoded& encoded,
                                                           SearchOptions options) const {
  for (size_t i = 0; i < encoded.placements.size(); ++i)
    options.seeds.push_back(
        hash_mix(hash_text(model_.sha256), hash_pixels(studies[begin + i].image)));
  auto drawn =
      sample_texts(*runtime_, encoded.image, encoded.prompts, model_.config.decoding, options);
  std::vector<Written> chosen;
  for (size_t i = 0; i < drawn.size(); ++i)
    chosen.push_back(choose(std::move(drawn[i]), encoded.finding_logits[i]));
  return chosen;
}

// Texts without a contradiction come before the others.
Predictor::Written Predictor::choose(std::vector<DecodedText> samples,
                                     const FindingLogits& logits) const {
  const DecodingConfig& config = model_.config.decoding;
  std::vector<std::vector<int64_t>> ids;
  for (const DecodedText& text : samples) ids.push_back(text.ids);
  const std::vector<double> mbr = mbr_scores(ids);
  Written chosen;
  std::optional<std::pair<double, size_t>> best;
  int64_t least_faults = 0;
  for (size_t c = 0; c < samples.size(); ++c) {
    const std::string text = model_.tokenizer->decode(ids[c]);
    chosen.samples.push_back(labeler_->mentions(text));
    double value = samples[c].score + config.mbr_weight * mbr[c];
    if (!logits.empty() && config.finding_head_weight > 0)
      value += config.finding_head_weight * support_of(Labeler::aggregate(chosen.samples.back()),
                                                       logits.probabilities,
                                                       model_.calibration.finding_thresholds);
    const int64_t faults =
        config.sentence_retries > 0 ? report_faults(text, chosen.samples.back()).faults : 0;
    if (best && (faults > least_faults || (faults == least_faults && value <= best->first)))
      continue;
    best = {value, c};
    least_faults = faults;
  }
  chosen.text = std::move(samples[best->second]);
  return chosen;
}

std::vector<std::vector<double>> Predictor::finding_probabilities(
    const std::vector<StudyInput>& studies) const {
  if (model_.config.network.finding_classes != static_cast<int64_t>(kFindingCount))
    throw Error(ErrorCode::kUsage,
                "this model has no head of the 14 findings (network.finding_classes)");
  torch::NoGradGuard no_grad;
  std::vector<std::vector<double>> all;
  for (size_t begin = 0; begin < studies.size(); begin += static_cast<size_t>(batch_size_)) {
    const size_t end = std::min(studies.size(), begin + static_cast<size_t>(batch_size_));
    for (auto& one : encode_inputs(studies, begin, end).finding_logits)
      all.push_back(std::move(one.probabilities));
  }
  return all;
}

std::vector<std::vector<float>> Predictor::embeddings(
    const std::vector<StudyInput>& studies) const {
  torch::NoGradGuard no_grad;
  std::vector<std::vector<float>> all;
  for (size_t begin = 0; begin < studies.size(); begin += static_cast<size_t>(batch_size_)) {
    const size_t end = std::min(studies.size(), begin + static_cast<size_t>(batch_size_));
    const EncodedImage image = encode_inputs(studies, begin, end).image;
    torch::Tensor sum = image.patches.to(torch::kFloat);
    if (image.patch_attend_mask.defined())
      sum = sum * image.patch_attend_mask.unsqueeze(-1).to(torch::kFloat);
    sum = sum.sum(1);
    const torch::Tensor unit =
        (sum / sum.norm(2, 1, true).clamp_min(1e-12)).to(torch::kCPU).contiguous();
    const float* values = unit.data_ptr<float>();
    for (int64_t row = 0; row < unit.size(0); ++row)
      all.emplace_back(values + row * unit.size(1), values + (row + 1) * unit.size(1));
  }
  return all;
}

std::vector<Draft> Predictor::draft(const std::vector<StudyInput>& studies) const {
  torch::NoGradGuard no_grad;
  std::vector<Draft> drafts;
  for (size_t begin = 0; begin < studies.size(); begin += static_cast<size_t>(batch_size_)) {
    const size_t end = std::min(studies.size(), begin + static_cast<size_t>(batch_size_));
    const double count = static_cast<double>(end - begin);
    const Encoded encoded = encode_inputs(studies, begin, end);
    auto started = std::chrono::steady_clock::now();
    const std::vector<Written> texts = write(studies, begin, encoded);
    const double decode_ms = elapsed_ms(started);
    for (size_t i = begin; i < end; ++i) {
      started = std::chrono::steady_clock::now();
      Draft draft = assemble_draft(texts[i - begin].text, encoded.placements[i - begin],
                                   encoded.finding_logits[i - begin], *model_.tokenizer, *labeler_,
                                   model_.calibration);
      add_stability(draft, texts[i - begin].samples);
      draft.study_id = studies[i].study_id;
      draft.image_id = studies[i].image_id;
      draft.model_version = model_.version;
      draft.model_sha256 = model_.sha256;
      draft.timing_ms = {{"load", encoded.load_ms / count},
                         {"encode", encoded.encode_ms / count},
                         {"decode", decode_ms / count},
                         {"post", elapsed_ms(started)}};
      drafts.push_back(std::move(draft));
    }
  }
  return drafts;
}

std::vector<Predictor::ReadText> Predictor::read_batch(const std::vector<StudyInput>& studies,
                                                       const std::vector<std::string>& texts,
                                                       size_t begin, size_t end,
                                                       bool keep_heads) const {
  torch::NoGradGuard no_grad;
  const Encoded encoded = encode_inputs(studies, begin, end);
  std::vector<std::vector<Token>> tokens;
  std::vector<std::vector<int64_t>> ids;
  const size_t room = static_cast<size_t>(model_.config.network.decoder.max_tokens - 2 -
                                          model_.config.prompt_max_tokens);
  for (size_t i = begin; i < end; ++i) {
    tokens.push_back(model_.tokenizer->encode(texts[i]));
    if (tokens.back().size() > room) tokens.back().resize(room);
    ids.emplace_back();
    for (const Token& token : tokens.back()) ids.back().push_back(token.id);
  }
  std::vector<DecodedText> decoded =
      score_tokens(*runtime_, encoded.image, encoded.prompts, ids, keep_heads);
  std::vector<ReadText> read;
  for (size_t i = 0; i < decoded.size(); ++i)
    read.push_back({std::move(tokens[i]), std::move(decoded[i]), encoded.placements[i],
                    encoded.finding_logits[i]});
  return read;
}

std::vector<std::vector<PhraseGrounding>> Predictor::ground(
    const std::vector<StudyInput>& studies, const std::vector<std::string>& texts) const {
  RADGEN_CHECK(texts.size() == studies.size(), "one text a study");
  std::vector<std::vector<PhraseGrounding>> groundings;
  for (size_t begin = 0; begin < studies.size(); begin += static_cast<size_t>(batch_size_)) {
    const size_t end = std::min(studies.size(), begin + static_cast<size_t>(batch_size_));
    for (const ReadText& read : read_batch(studies, texts, begin, end))
      groundings.push_back(ground_mentions(texts[groundings.size()], read.tokens, read.decoded,
                                           read.placement, read.finding_logits, *labeler_));
  }
  return groundings;
}

std::vector<std::vector<ExaminedGrounding>> Predictor::ground_examined(
    const std::vector<StudyInput>& studies, const std::vector<std::string>& texts) const {
  RADGEN_CHECK(texts.size() == studies.size(), "one text a study");
  std::vector<std::vector<ExaminedGrounding>> groundings;
  for (size_t begin = 0; begin < studies.size(); begin += static_cast<size_t>(batch_size_)) {
    const size_t end = std::min(studies.size(), begin + static_cast<size_t>(batch_size_));
    for (const ReadText& read : read_batch(studies, texts, begin, end))
      groundings.push_back(radgen::ground_examined(texts[groundings.size()], read.tokens,
                                                   read.decoded, read.placement, *labeler_));
  }
  return groundings;
}

std::vector<std::vector<std::vector<PhraseGrounding>>> Predictor::ground_by_head(
    const std::vector<StudyInput>& studies, const std::vector<std::string>& texts) const {
  RADGEN_CHECK(texts.size() == studies.size(), "one text a study");
  std::vector<std::vector<std::vector<PhraseGrounding>>> by_head;
  for (size_t begin = 0; begin < studies.size(); begin += static_cast<size_t>(batch_size_)) {
    const size_t end = std::min(studies.size(), begin + static_cast<size_t>(batch_size_));
    std::vector<ReadText> batch = read_batch(studies, texts, begin, end, /*keep_heads=*/true);
    for (size_t i = begin; i < end; ++i) {
      ReadText& read = batch[i - begin];
      const torch::Tensor heads = read.decoded.head_attention;
      by_head.resize(static_cast<size_t>(heads.size(0)),
                     std::vector<std::vector<PhraseGrounding>>(studies.size()));
      for (size_t h = 0; h < by_head.size(); ++h) {
        read.decoded.attention = heads[static_cast<int64_t>(h)];
        by_head[h][i] = ground_mentions(texts[i], read.tokens, read.decoded, read.placement,
                                        read.finding_logits, *labeler_);
      }
    }
  }
  return by_head;
}

std::vector<std::vector<TokenLogProb>> Predictor::log_probs(
    const std::vector<StudyInput>& studies, const std::vector<std::string>& texts) const {
  RADGEN_CHECK(texts.size() == studies.size(), "one text a study");
  std::vector<std::vector<TokenLogProb>> all;
  for (size_t begin = 0; begin < studies.size(); begin += static_cast<size_t>(batch_size_)) {
    const size_t end = std::min(studies.size(), begin + static_cast<size_t>(batch_size_));
    for (const ReadText& read : read_batch(studies, texts, begin, end)) {
      all.emplace_back();
      for (size_t t = 0; t < read.tokens.size(); ++t)
        all.back().push_back({read.tokens[t].begin, read.tokens[t].end, read.decoded.log_probs[t]});
    }
  }
  return all;
}

}  // namespace radgen
