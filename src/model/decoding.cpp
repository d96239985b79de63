#include "radgen/model/decoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "model/decoding_parts.h"
#include "radgen/core/error.h"

namespace radgen {

using torch::Tensor;

void describe(Fields& f, DecodingConfig& c) {
  f.field("beam_size", c.beam_size,
          {.help = "texts followed at once; 1: greedy", .min = 1, .max = 64});
  f.field("max_tokens", c.max_tokens,
          {.help = "longest report, without prompt", .min = 1, .max = 65536, .unit = "tokens"});
  f.field("min_tokens", c.min_tokens,
          {.help = "shortest report; 0: any", .min = 0, .max = 65536, .unit = "tokens"});
  f.field("length_penalty", c.length_penalty,
          {.help = "beams are compared by log P / length^penalty; 0: log P", .min = 0, .max = 5});
  f.field("no_repeat_ngram", c.no_repeat_ngram,
          {.help = "no n-gram twice; 0: off", .min = 0, .max = 100, .unit = "tokens"});
  f.renamed("picture_keys", "kv_cache_type");
  f.field("kv_cache_type", c.kv_cache_type,
          {.help = "how a picture's keys and values are kept while words are written; on CPUs; "
                   "fp16 reads half the bytes, int8 a quarter",
           .choices = {"fp32", "fp16", "int8"}});
  f.renamed("candidates", "num_samples");
  f.field(
      "num_samples", c.num_samples,
      {.help =
           "texts drawn for each study, of which the best supported one is kept; 1: none is drawn",
       .min = 1,
       .max = 256});
  f.field("temperature", c.temperature,
          {.help = "of the drawn words: log P is divided by it", .min = 0.05, .max = 2});
  f.renamed("nucleus", "top_p");
  f.field("top_p", c.top_p,
          {.help = "words are drawn from the likeliest that hold this share of P",
           .min = 0.01,
           .max = 1});
  f.renamed("evidence_weight", "finding_head_weight");
  f.field(
      "finding_head_weight", c.finding_head_weight,
      {.help =
           "what the finding head counts against the words' own log P when a drawn text is chosen",
       .min = 0,
       .max = 100});
  f.renamed("consensus_weight", "mbr_weight");
  f.field(
      "mbr_weight", c.mbr_weight,
      {.help = "what the other drawn texts' words count when one is chosen", .min = 0, .max = 100});
}

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// A text that is being written.
struct Hypothesis {
  std::vector<int64_t> ids;
  std::vector<double> log_probs;
  std::vector<int64_t> rows;  // the row of step i's attention that predicted ids[i]
  double sum = 0;             // of log_probs (and eos)
  double eos_log_prob = 0;
  bool is_complete = false;

  double score(double length_penalty) const {
    const double length = static_cast<double>(log_probs.size() + (is_complete ? 1 : 0));
    return sum / std::pow(std::max(length, 1.0), length_penalty);
  }
};

struct Study {
  int64_t index = 0;  // in the caller's batch
  int64_t limit = 0;  // words at most
  std::vector<Hypothesis> live, finished;
  bool is_stuck = false;
};

struct Candidate {
  double sum;
  int64_t beam, id;
  double log_prob;
};

// One search over a batch of studies: prefill, then a step for every word.
class Search {
 public:
  Search(GroundedModel model, const EncodedImage& encoded, const Prompts& prompts,
         const DecodingConfig& config)
      : model_(std::move(model)), config_(config), device_(encoded.memory.device()) {
    const int64_t batch = encoded.memory.size(0), room = model_->config().decoder.max_tokens;
    int64_t longest_limit = 0;
    for (int64_t b = 0; b < batch; ++b) {
      Study study;
      study.index = b;
      study.limit = std::min(config.max_tokens, room - prompts.sizes[b]);
      if (study.limit < 1)
        throw Error(ErrorCode::kData,
                    fmt::format("a prompt of {} tokens leaves no room in decoder.max_tokens = {}",
                                prompts.sizes[b] - 1, room),
                    "shorten the prompt");
      longest_limit = std::max(longest_limit, study.limit);
      study.live.emplace_back();
      studies_.push_back(std::move(study));
    }
    TensorOptional mask;
    if (encoded.patch_attend_mask.defined()) mask = encoded.patch_attend_mask;
    cache_ = model_->decoder()->start(encoded.memory, mask, prompts.ids.size(1) + longest_limit,
                                      kv_cache_type(config));
    const TensorOptional lengths =
        prompts.is_ragged ? TensorOptional(prompts.lengths) : TensorOptional();
    const DecoderOutput out = model_->decoder()->step(prompts.ids, lengths, cache_);
    const Tensor last = prompts.lengths - 1, all = torch::arange(batch, last.options());
    record(out.logits.index({all, last}), out.attention.transpose(1, 2).index({all, last}),
           out.null_attention.transpose(1, 2).index({all, last}));
  }

  std::vector<DecodedText> run() {
    std::vector<DecodedText> drafts(studies_.size());
    while (true) {
      for (Study& study : studies_) advance(study);
      drop_finished(drafts);
      if (studies_.empty()) return drafts;
      const Tensor ids = follow();
      const DecoderOutput out = model_->decoder()->step(ids, {}, cache_);
      record(out.logits.select(1, 0), out.attention.select(2, 0), out.null_attention.select(2, 0));
    }
  }

 private:
  // logits [R,X]; attention [R,A,N]; null [R,A] of the newest step.
  void record(const Tensor& logits, const Tensor& attention, const Tensor& null) {
    log_probs_ = torch::log_softmax(logits.to(torch::kFloat), -1).cpu().contiguous();
    // Maps stay on the device until a text is done: fetching one would wait for the step.
    attention_.push_back(attention.mean(1).to(torch::kFloat).contiguous());
    null_.push_back(null.mean(1).to(torch::kFloat).contiguous());
    // Rows are numbered afresh at every step: study after study, its texts in order.
    int64_t row = 0;
    for (Study& study : studies_) {
      first_row_.resize(studies_.size());
      first_row_[static_cast<size_t>(&study - studies_.data())] = row;
      row += static_cast<int64_t>(study.live.size());
    }
  }

  std::vector<Candidate> candidates(const Study& study) const {
    const ModelConfig& ids = model_->config();
    const int64_t vocabulary = log_probs_.size(1),
                  first = first_row_[static_cast<size_t>(&study - studies_.data())];
    std::vector<Candidate> all;
    std::vector<float> allowed(static_cast<size_t>(vocabulary));
    std::vector<int64_t> order(static_cast<size_t>(vocabulary));
    const int64_t wanted = std::min(2 * config_.beam_size, vocabulary);
    for (size_t beam = 0; beam < study.live.size(); ++beam) {
      const Hypothesis& text = study.live[beam];
      if (text.sum == kNever) continue;
      const float* row =
          log_probs_.data_ptr<float>() + (first + static_cast<int64_t>(beam)) * vocabulary;
      std::copy(row, row + vocabulary, allowed.begin());
      const auto never = static_cast<float>(kNever);
      if (!ids.special_ids_are_words) allowed[ids.pad_id] = allowed[ids.bos_id] = never;
      if (static_cast<int64_t>(text.ids.size()) < config_.min_tokens) allowed[ids.eos_id] = never;
      std::vector<int64_t> written = text.ids;
      if (ids.special_ids_are_words) written.insert(written.begin(), ids.bos_id);
      for (int64_t id : repeated_next(written, config_.no_repeat_ngram)) allowed[id] = never;
      for (int64_t id = 0; id < vocabulary; ++id) order[id] = id;
      std::partial_sort(order.begin(), order.begin() + wanted, order.end(),
                        [&](int64_t a, int64_t b) {
                          return allowed[a] != allowed[b] ? allowed[a] > allowed[b] : a < b;
                        });
      for (int64_t i = 0; i < wanted && allowed[order[i]] > never; ++i)
        all.push_back({text.sum + allowed[order[i]], static_cast<int64_t>(beam), order[i],
                       allowed[order[i]]});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Candidate& a, const Candidate& b) { return a.sum > b.sum; });
    return all;
  }

  // Continues each live text by its best words; texts that end are put aside.
  void advance(Study& study) {
    const auto beams = static_cast<size_t>(config_.beam_size);
    const int64_t first = first_row_[static_cast<size_t>(&study - studies_.data())];
    std::vector<Hypothesis> next;
    std::vector<int64_t> parents;
    size_t rank = 0;
    for (const Candidate& candidate : candidates(study)) {
      if (next.size() == beams) break;
      Hypothesis text = study.live[static_cast<size_t>(candidate.beam)];
      text.sum = candidate.sum;
      if (candidate.id == model_->config().eos_id) {
        // An end that is no better than the live texts is not worth keeping.
        if (rank++ >= beams) continue;
        text.eos_log_prob = candidate.log_prob;
        text.is_complete = true;
        study.finished.push_back(std::move(text));
        if (beams == 1) break;
        continue;
      }
      ++rank;
      text.ids.push_back(candidate.id);
      text.log_probs.push_back(candidate.log_prob);
      text.rows.push_back(first + candidate.beam);
      next.push_back(std::move(text));
      parents.push_back(first + candidate.beam);
    }
    if (next.empty() && study.finished.empty()) {
      study.is_stuck = true;  // every word is forbidden: the text ends as it stands
      return;
    }
    study.live = std::move(next);
    parents_[study.index] = std::move(parents);
  }

  bool is_done(const Study& study) const {
    if (study.live.empty() || study.is_stuck) return true;
    if (static_cast<int64_t>(study.live.front().ids.size()) >= study.limit) return true;
    if (study.finished.empty()) return false;
    if (config_.beam_size == 1) return true;
    // log P only falls: without a penalty no live text can overtake a finished one. With one, stop
    // when as many finished texts as there are beams lead at the present length.
    const double live = best_of(study.live).score(config_.length_penalty);
    if (config_.length_penalty == 0) return best_of(study.finished).score(0) >= live;
    const auto leads = [&](const Hypothesis& text) {
      return text.score(config_.length_penalty) >= live;
    };
    return std::count_if(study.finished.begin(), study.finished.end(), leads) >= config_.beam_size;
  }

  const Hypothesis& best_of(const std::vector<Hypothesis>& texts) const {
    return *std::max_element(
        texts.begin(), texts.end(), [&](const Hypothesis& a, const Hypothesis& b) {
          return a.score(config_.length_penalty) < b.score(config_.length_penalty);
        });
  }

  // Writes the drafts of studies that are done and takes their rows out of the cache.
  void drop_finished(std::vector<DecodedText>& drafts) {
    std::vector<Study> remaining;
    std::vector<int64_t> kept;
    for (size_t i = 0; i < studies_.size(); ++i) {
      if (is_done(studies_[i])) {
        drafts[static_cast<size_t>(studies_[i].index)] = draft_of(studies_[i]);
      } else {
        kept.push_back(static_cast<int64_t>(i));
        remaining.push_back(std::move(studies_[i]));
      }
    }
    if (kept.size() != studies_.size() && !kept.empty())
      GroundedDecoderImpl::select_images(cache_, torch::tensor(kept).to(device_));
    studies_ = std::move(remaining);
  }

  // Orders the cache like the live texts; returns their newest words [R,1]. Every study has the
  // same number of rows.
  Tensor follow() {
    std::vector<int64_t> rows, ids;
    for (Study& study : studies_) {
      std::vector<int64_t>& parents = parents_[study.index];
      while (static_cast<int64_t>(study.live.size()) < config_.beam_size) {
        study.live.push_back(
            study.live.back());  // too few words are allowed: a place holder that never wins
        study.live.back().sum = kNever;
        parents.push_back(parents.back());
      }
      for (size_t beam = 0; beam < study.live.size(); ++beam) {
        rows.push_back(parents[beam]);
        ids.push_back(study.live[beam].ids.back());
      }
    }
    bool is_identity = static_cast<int64_t>(rows.size()) == cache_.positions.size(0);
    for (size_t i = 0; i < rows.size() && is_identity; ++i)
      is_identity = rows[i] == static_cast<int64_t>(i);
    if (!is_identity)
      GroundedDecoderImpl::select(cache_, torch::tensor(rows).to(device_), /*same_images=*/true);
    return torch::tensor(ids).to(device_).unsqueeze(1);
  }

  DecodedText draft_of(const Study& study) const {
    const Hypothesis& text = best_of(study.finished.empty() ? study.live : study.finished);
    DecodedText draft;
    draft.ids = text.ids;
    draft.log_probs = text.log_probs;
    draft.eos_log_prob = text.eos_log_prob;
    draft.is_complete = text.is_complete;
    draft.score = text.score(config_.length_penalty);
    std::vector<Tensor> maps, nulls;
    for (size_t i = 0; i < text.rows.size(); ++i) {
      maps.push_back(attention_[i][text.rows[i]]);
      nulls.push_back(null_[i][text.rows[i]]);
    }
    draft.attention =
        maps.empty() ? torch::zeros({0, attention_.front().size(1)}) : torch::stack(maps).cpu();
    draft.null_attention = nulls.empty() ? torch::zeros({0}) : torch::stack(nulls).cpu();
    return draft;
  }

  GroundedModel model_;
  DecodingConfig config_;
  torch::Device device_;
  DecoderCache cache_;
  std::vector<Study> studies_;
  std::vector<int64_t> first_row_;                   // of each study at the newest step
  std::map<int64_t, std::vector<int64_t>> parents_;  // study index -> cache row of each live text
  Tensor log_probs_;                                 // [R,X] of the newest step
  std::vector<Tensor> attention_, null_;             // a step each, on the device: [R,N], [R]
};

}  // namespace

std::vector<DecodedText> generate(GroundedModel model, const EncodedImage& encoded,
                                  const std::vector<std::vector<int64_t>>& prompts,
                                  const DecodingConfig& config) {
  torch::NoGradGuard no_grad;
  const int64_t batch = encoded.memory.size(0);
  if (batch == 0) return {};
  check_ids(prompts, model->config().decoder.vocabulary_size, "prompt");
  const Prompts starts = with_bos(prompts, batch, model->config(), encoded.memory.device());
  return Search(model, encoded, starts, config).run();
}

std::vector<DecodedText> score_tokens(GroundedModel model, const EncodedImage& encoded,
                                      const std::vector<std::vector<int64_t>>& prompts,
                                      const std::vector<std::vector<int64_t>>& ids,
                                      bool keep_heads) {
  torch::NoGradGuard no_grad;
  const int64_t batch = encoded.memory.size(0);
  const ModelConfig& config = model->config();
  if (static_cast<int64_t>(ids.size()) != batch ||
      (!prompts.empty() && prompts.size() != ids.size()))
    throw Error(
        ErrorCode::kData,
        fmt::format("{} texts and {} prompts for {} studies", ids.size(), prompts.size(), batch),
        "give one text a study, and one prompt a study or none at all");
  if (batch == 0) return {};
  check_ids(prompts, config.decoder.vocabulary_size, "prompt");
  check_ids(ids, config.decoder.vocabulary_size, "text");
  std::vector<int64_t> starts;  // position of bos, which predicts the first word
  int64_t longest = 0;
  for (size_t b = 0; b < ids.size(); ++b) {
    starts.push_back(prompts.empty() ? 0 : static_cast<int64_t>(prompts[b].size()));
    longest = std::max(longest, starts[b] + 1 + static_cast<int64_t>(ids[b].size()));
  }
  Tensor text = torch::full({batch, longest}, config.pad_id, torch::kLong);
  for (size_t b = 0; b < ids.size(); ++b) {
    std::vector<int64_t> line = prompts.empty() ? std::vector<int64_t>{} : prompts[b];
    line.push_back(config.bos_id);
    line.insert(line.end(), ids[b].begin(), ids[b].end());
    text[static_cast<int64_t>(b)]
        .narrow(0, 0, static_cast<int64_t>(line.size()))
        .copy_(torch::tensor(line));
  }
  DecoderMasks masks;
  if (encoded.patch_attend_mask.defined()) masks.patch_attend_mask = encoded.patch_attend_mask;
  const DecoderOutput out =
      model->decoder()->forward(encoded.memory, text.to(encoded.memory.device()), masks);
  const Tensor log_probs = torch::log_softmax(out.logits.to(torch::kFloat), -1).cpu();  // [B,T,X]
  const Tensor attention = out.attention.mean(1).to(torch::kFloat).cpu();               // [B,T,N]
  const Tensor null = out.null_attention.mean(1).to(torch::kFloat).cpu();               // [B,T]
  Tensor heads;  // [B,L*A,T,N]
  if (keep_heads) {
    std::vector<Tensor> layers;
    for (const Tensor& scores : out.grounding_scores)  // [B,A,T,S]
      layers.push_back(
          torch::softmax(scores.to(torch::kFloat), -1).narrow(-1, 0, attention.size(2)));
    heads = torch::cat(layers, 1).cpu();
  }
  std::vector<DecodedText> drafts;
  for (size_t b = 0; b < ids.size(); ++b) {
    const auto row = static_cast<int64_t>(b), count = static_cast<int64_t>(ids[b].size());
    const auto values = log_probs.accessor<float, 3>();
    DecodedText draft;
    draft.ids = ids[b];
    for (int64_t i = 0; i < count; ++i) {
      draft.log_probs.push_back(values[row][starts[b] + i][ids[b][static_cast<size_t>(i)]]);
      draft.score += draft.log_probs.back();
    }
    draft.eos_log_prob = values[row][starts[b] + count][config.eos_id];
    draft.score += draft.eos_log_prob;
    draft.is_complete = true;
    draft.attention = attention[row].narrow(0, starts[b], count).clone();
    draft.null_attention = null[row].narrow(0, starts[b], count).clone();
    if (heads.defined()) draft.head_attention = heads[row].narrow(1, starts[b], count).clone();
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

EncodedImage select_studies(const EncodedImage& encoded, const std::vector<int64_t>& rows) {
  const Tensor index = torch::tensor(rows, torch::kLong).to(encoded.memory.device());
  EncodedImage selected;
  selected.grid = encoded.grid;
  selected.memory = encoded.memory.index_select(0, index);
  if (encoded.patches.defined()) selected.patches = encoded.patches.index_select(0, index);
  if (encoded.cls.defined()) selected.cls = encoded.cls.index_select(0, index);
  if (encoded.finding_logits.defined())
    selected.finding_logits = encoded.finding_logits.index_select(0, index);
  if (encoded.patch_attend_mask.defined())
    selected.patch_attend_mask = encoded.patch_attend_mask.index_select(0, index);
  return selected;
}

}  // namespace radgen
