#include "radgen/model/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/decoding_parts.h"
#include "radgen/core/error.h"
#include "radgen/core/random.h"

namespace radgen {
namespace {

using torch::Tensor;

// Words beyond these hold nothing that a nucleus would take, and sorting them all would cost more
// than the network.
constexpr int64_t kLikeliest = 64;
constexpr double kLeastWeight = 1e-6;  // of the likeliest word's

// A word by its chance among the allowed ones; -1 when none is. words holds -inf for forbidden ones
// and is used up.
int64_t draw_word(std::vector<std::pair<float, int64_t>>& words, const DecodingConfig& config,
                  Random& random) {
  float largest = -std::numeric_limits<float>::infinity();
  for (const auto& word : words) largest = std::max(largest, word.first);
  const auto least = static_cast<float>(largest + config.temperature * std::log(kLeastWeight));
  std::erase_if(words, [least](const auto& word) { return !(word.first >= least); });
  if (words.empty()) return -1;
  const auto kept = std::min<size_t>(kLikeliest, words.size());
  const auto likelier = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  };
  std::partial_sort(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(kept), words.end(),
                    likelier);
  const double top = words.front().first;
  if (!std::isfinite(top)) return -1;
  std::vector<double> weights;
  double all = 0;
  for (size_t i = 0; i < kept; ++i) {
    weights.push_back(std::exp((words[i].first - top) / config.temperature));
    all += weights.back();
  }
  double held = 0;
  size_t count = 0;
  while (count < kept && held < config.top_p * all) held += weights[count++];
  weights.resize(count);
  return words[random.weighted(weights)].second;
}

class TextSampler {
 public:
  TextSampler(GroundedModel model, const EncodedImage& encoded, const Prompts& prompts,
              const DecodingConfig& config, const SamplingOptions& options)
      : model_(std::move(model)),
        config_(config),
        not_first_(options.not_first),
        device_(encoded.memory.device()) {
    const int64_t batch = encoded.memory.size(0), room = model_->config().decoder.max_tokens;
    int64_t longest = 0;
    for (int64_t b = 0; b < batch; ++b) {
      Study study;
      study.index = b;
      study.limit = std::min(config.max_tokens, room - prompts.sizes[static_cast<size_t>(b)]);
      if (study.limit < 1)
        throw Error(ErrorCode::kData,
                    "a prompt leaves no room in decoder.max_tokens = " + std::to_string(room),
                    "shorten the prompt");
      for (int64_t c = 0; c < config.num_samples; ++c)
        study.texts.push_back(
            {Random(options.seeds.at(static_cast<size_t>(b)), {static_cast<uint64_t>(c)}),
             {},
             {},
             {},
             {}});
      longest = std::max(longest, study.limit);
      studies_.push_back(std::move(study));
    }
    TensorOptional mask;
    if (encoded.patch_attend_mask.defined()) mask = encoded.patch_attend_mask;
    cache_ = model_->decoder()->start(encoded.memory, mask, prompts.ids.size(1) + longest,
                                      kv_cache_type(config));
    const DecoderOutput out = model_->decoder()->step(
        prompts.ids, prompts.is_ragged ? TensorOptional(prompts.lengths) : TensorOptional(),
        cache_);
    // The prompt is read once; then a row for each text of a study, side by side.
    const Tensor last = prompts.lengths - 1, all = torch::arange(batch, last.options());
    const Tensor rows = all.repeat_interleave(config.num_samples);
    record(out.logits.index({all, last}).index_select(0, rows),
           out.attention.transpose(1, 2).index({all, last}).index_select(0, rows),
           out.null_attention.transpose(1, 2).index({all, last}).index_select(0, rows));
    GroundedDecoderImpl::select(cache_, rows, /*same_images=*/true);
  }

  std::vector<std::vector<DecodedText>> run() {
    std::vector<std::vector<DecodedText>> drawn(studies_.size());
    while (true) {
      const Tensor ids = next_words();
      drop_finished(drawn);
      if (studies_.empty()) return drawn;
      const DecoderOutput out =
          model_->decoder()->step(ids.index_select(0, kept_).unsqueeze(1).to(device_), {}, cache_);
      record(out.logits.select(1, 0), out.attention.select(2, 0), out.null_attention.select(2, 0));
    }
  }

 private:
  struct Text {
    Random random;
    DecodedText decoded;
    std::vector<Tensor> maps, nulls;  // [N], scalar, a word each
    bool is_done = false;
  };
  struct Study {
    int64_t index = 0, limit = 0;
    std::vector<Text> texts;
  };

  // logits [R,X]; attention [R,A,N]; null [R,A] of the newest step.
  void record(const Tensor& logits, const Tensor& attention, const Tensor& null) {
    log_probs_ = torch::log_softmax(logits.to(torch::kFloat), -1).cpu().contiguous();
    attention_ = attention.mean(1).to(torch::kFloat).cpu();
    null_ = null.mean(1).to(torch::kFloat).cpu();
  }

  // The next word of each row, [R]; a text that is done gets pad.
  Tensor next_words() {
    const ModelConfig& special = model_->config();
    const int64_t vocabulary = log_probs_.size(1);
    std::vector<int64_t> ids;
    std::vector<std::pair<float, int64_t>> words;
    for (Study& study : studies_) {
      for (Text& text : study.texts) {
        const auto row = static_cast<int64_t>(ids.size());
        ids.push_back(special.pad_id);
        if (text.is_done) continue;
        DecodedText& decoded = text.decoded;
        const float* log_prob = log_probs_.data_ptr<float>() + row * vocabulary;
        words.resize(static_cast<size_t>(vocabulary));
        for (int64_t id = 0; id < vocabulary; ++id)
          words[static_cast<size_t>(id)] = {log_prob[id], id};
        const auto forbid = [&](int64_t id) {
          words[static_cast<size_t>(id)].first = -std::numeric_limits<float>::infinity();
        };
        if (!special.special_ids_are_words) {
          forbid(special.pad_id);
          forbid(special.bos_id);
        }
        if (static_cast<int64_t>(decoded.ids.size()) < config_.min_tokens) forbid(special.eos_id);
        for (int64_t id : repeated_next(decoded.ids, config_.no_repeat_ngram)) forbid(id);
        if (decoded.ids.empty())
          for (int64_t id : not_first_) forbid(id);
        const int64_t id = draw_word(words, config_, text.random);
        if (id < 0 || id == special.eos_id) {
          decoded.is_complete = id >= 0;
          decoded.eos_log_prob = id < 0 ? 0 : log_prob[id];
          text.is_done = true;
          continue;
        }
        decoded.ids.push_back(id);
        decoded.log_probs.push_back(log_prob[id]);
        text.maps.push_back(attention_[row]);
        text.nulls.push_back(null_[row]);
        text.is_done = static_cast<int64_t>(decoded.ids.size()) >= study.limit;
        ids.back() = id;
      }
    }
    return torch::tensor(ids);
  }

  // Hands out the studies all of whose texts are done and takes their rows out of the cache; kept_:
  // the rows that go on.
  void drop_finished(std::vector<std::vector<DecodedText>>& drawn) {
    std::vector<Study> remaining;
    std::vector<int64_t> images, rows;
    for (size_t s = 0; s < studies_.size(); ++s) {
      Study& study = studies_[s];
      if (std::all_of(study.texts.begin(), study.texts.end(),
                      [](const Text& text) { return text.is_done; })) {
        for (Text& text : study.texts)
          drawn[static_cast<size_t>(study.index)].push_back(finished(text));
        continue;
      }
      images.push_back(static_cast<int64_t>(s));
      for (int64_t c = 0; c < config_.num_samples; ++c)
        rows.push_back(static_cast<int64_t>(s) * config_.num_samples + c);
      remaining.push_back(std::move(study));
    }
    kept_ = torch::tensor(rows, torch::kLong);
    if (remaining.size() != studies_.size() && !remaining.empty()) {
      GroundedDecoderImpl::select(cache_, kept_.to(device_), /*same_images=*/true);
      GroundedDecoderImpl::select_images(cache_, torch::tensor(images).to(device_));
    }
    studies_ = std::move(remaining);
  }

  DecodedText finished(Text& text) const {
    DecodedText& decoded = text.decoded;
    const double words = static_cast<double>(decoded.ids.size()) + (decoded.is_complete ? 1 : 0);
    double sum = decoded.eos_log_prob;
    for (double log_prob : decoded.log_probs) sum += log_prob;
    decoded.score = sum / std::max(words, 1.0);
    decoded.attention =
        text.maps.empty() ? torch::zeros({0, attention_.size(1)}) : torch::stack(text.maps);
    decoded.null_attention = text.nulls.empty() ? torch::zeros({0}) : torch::stack(text.nulls);
    return std::move(decoded);
  }

  GroundedModel model_;
  DecodingConfig config_;
  std::vector<int64_t> not_first_;
  torch::Device device_;
  DecoderCache cache_;
  std::vector<Study> studies_;
  Tensor kept_;                          // rows of the last step that go on
  Tensor log_probs_, attention_, null_;  // [R,X], [R,N], [R] of the newest step, on the CPU
};

}  // namespace

std::vector<std::vector<DecodedText>> sample_texts(GroundedModel model, const EncodedImage& encoded,
                                                   const std::vector<std::vector<int64_t>>& prompts,
                                                   const DecodingConfig& config,
                                                   const SamplingOptions& options) {
  torch::NoGradGuard no_grad;
  const int64_t batch = encoded.memory.size(0);
  RADGEN_CHECK(static_cast<int64_t>(options.seeds.size()) == batch, "one seed a study");
  if (batch == 0) return {};
  check_ids(prompts, model->config().decoder.vocabulary_size, "prompt");
  const Prompts starts = with_bos(prompts, batch, model->config(), encoded.memory.device());
  return TextSampler(model, encoded, starts, config, options).run();
}

}  // namespace radgen
