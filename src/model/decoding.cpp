#include "radgen/model/decoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/beam_search.h"
#include "model/independent_texts.h"
#include "model/search.h"
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
  f.field("early_stopping", c.early_stopping,
          {.help = "when beams stop: as soon as beam_size texts are finished (true), when the best "
                   "live one is no better than they are at its length (false), or cannot become "
                   "better (never)",
           .choices = {"true", "false", "never"}});
  f.field("sentence_retries", c.sentence_retries,
          {.help = "how often a sentence that contradicts what the report says already is written "
                   "again; 0: nothing is checked",
           .min = 0,
           .max = 100});
}

namespace {

// Throws Error{kData} for an id outside the vocabulary; `what` names the list.
void check_ids(const std::vector<std::vector<int64_t>>& lists, int64_t vocabulary,
               const char* what) {
  for (const auto& list : lists)
    for (int64_t id : list)
      if (id < 0 || id >= vocabulary)
        throw Error(
            ErrorCode::kData,
            fmt::format("a {} holds token id {}, the vocabulary has {}", what, id, vocabulary),
            "use the tokenizer that lies beside the model");
}

// Each prompt with bos behind it. Throws Error{kData} when there are prompts, but not one a study.
std::vector<std::vector<int64_t>> with_bos(const std::vector<std::vector<int64_t>>& prompts,
                                           int64_t batch, const ModelConfig& config) {
  if (!prompts.empty() && static_cast<int64_t>(prompts.size()) != batch)
    throw Error(ErrorCode::kData, fmt::format("{} prompts for {} studies", prompts.size(), batch),
                "give one prompt a study, or none at all");
  check_ids(prompts, config.decoder.vocabulary_size, "prompt");
  std::vector<std::vector<int64_t>> starts = prompts;
  starts.resize(static_cast<size_t>(batch));
  for (auto& start : starts) start.push_back(config.bos_id);
  return starts;
}

// Words at most behind each start. Throws Error{kData} where there is room for none.
std::vector<int64_t> limits_of(const std::vector<std::vector<int64_t>>& starts,
                               const DecodingConfig& config, int64_t room) {
  std::vector<int64_t> limits;
  for (const auto& start : starts) {
    const auto size = static_cast<int64_t>(start.size());
    limits.push_back(std::min(config.max_tokens, room - size));
    if (limits.back() < 1)
      throw Error(ErrorCode::kData,
                  fmt::format("a prompt of {} tokens leaves no room in decoder.max_tokens = {}",
                              size - 1, room),
                  "shorten the prompt");
  }
  return limits;
}

// Runs the strategy that `make` gives for each study, told its limit and its place in the batch.
template <class Make>
std::vector<std::vector<DecodedText>> search_studies(
    const Runtime& runtime, const EncodedImage& encoded,
    const std::vector<std::vector<int64_t>>& prompts, const DecodingConfig& config,
    const SearchOptions& options, Make make) {
  torch::NoGradGuard no_grad;
  const int64_t batch = encoded.memory.size(0);
  if (batch == 0) return {};
  const ModelConfig& model = runtime.config();
  const auto starts = with_bos(prompts, batch, model);
  const std::vector<int64_t> limits = limits_of(starts, config, model.decoder.max_tokens);
  const LogitsProcessors processors = processors_of(config, model, options.not_first);
  RADGEN_CHECK(options.checkers.size() <= 1 || options.checkers.size() == starts.size(),
               "one checker a study, or one for all");
  TextRules rules{&processors, nullptr, model.eos_id, model.pad_id, config.sentence_retries};
  std::vector<std::unique_ptr<StudySearch>> searches;
  for (size_t b = 0; b < starts.size(); ++b) {
    if (!options.checkers.empty() && config.sentence_retries > 0)
      rules.checker = options.checkers[options.checkers.size() == 1 ? 0 : b];
    searches.push_back(make(rules, limits[b], b));
  }
  return run_search(runtime, encoded, starts, *std::max_element(limits.begin(), limits.end()),
                    searches);
}

}  // namespace

std::vector<DecodedText> generate(const Runtime& runtime, const EncodedImage& encoded,
                                  const std::vector<std::vector<int64_t>>& prompts,
                                  const DecodingConfig& config, const SearchOptions& options) {
  auto texts = search_studies(
      runtime, encoded, prompts, config, options,
      [&](const TextRules& rules, int64_t limit, size_t) -> std::unique_ptr<StudySearch> {
        if (config.beam_size > 1) return std::make_unique<BeamSearch>(rules, config, limit);
        return std::make_unique<IndependentTexts>(rules, std::make_unique<GreedyChooser>(), limit,
                                                  config.length_penalty,
                                                  std::vector<Random>{Random(0)});
      });
  std::vector<DecodedText> drafts;
  for (auto& of_study : texts) drafts.push_back(std::move(of_study.front()));
  return drafts;
}

std::vector<std::vector<DecodedText>> sample_texts(const Runtime& runtime,
                                                   const EncodedImage& encoded,
                                                   const std::vector<std::vector<int64_t>>& prompts,
                                                   const DecodingConfig& config,
                                                   const SearchOptions& options) {
  RADGEN_CHECK(static_cast<int64_t>(options.seeds.size()) == encoded.memory.size(0),
               "one seed a study");
  return search_studies(
      runtime, encoded, prompts, config, options,
      [&](const TextRules& rules, int64_t limit, size_t study) {
        std::vector<Random> streams;
        for (int64_t i = 0; i < config.num_samples; ++i)
          streams.emplace_back(options.seeds[study],
                               std::initializer_list<uint64_t>{static_cast<uint64_t>(i)});
        return std::make_unique<IndependentTexts>(
            rules, std::make_unique<TopPSampler>(config.temperature, config.top_p), limit,
            /*length_penalty=*/1, streams);
      });
}

std::vector<DecodedText> score_tokens(const Runtime& runtime, const EncodedImage& encoded,
                                      const std::vector<std::vector<int64_t>>& prompts,
                                      const std::vector<std::vector<int64_t>>& ids,
                                      bool keep_heads) {
  const int64_t batch = encoded.memory.size(0);
  const ModelConfig& config = runtime.config();
  if (static_cast<int64_t>(ids.size()) != batch ||
      (!prompts.empty() && prompts.size() != ids.size()))
    throw Error(
        ErrorCode::kData,
        fmt::format("{} texts and {} prompts for {} studies", ids.size(), prompts.size(), batch),
        "give one text a study, and one prompt a study or none at all");
  if (batch == 0) return {};
  check_ids(ids, config.decoder.vocabulary_size, "text");
  std::vector<std::vector<int64_t>> texts = with_bos(prompts, batch, config);
  std::vector<int64_t> starts;  // position of bos, which predicts the first word
  for (size_t b = 0; b < ids.size(); ++b) {
    starts.push_back(static_cast<int64_t>(texts[b].size()) - 1);
    texts[b].insert(texts[b].end(), ids[b].begin(), ids[b].end());
  }
  const TextPredictions read = runtime.read(encoded, texts, keep_heads);
  const Tensor log_probs = torch::log_softmax(read.logits.to(torch::kFloat), -1).cpu();  // [B,T,X]
  const Tensor attention = read.attention.cpu(), null = read.null_attention.cpu();
  const Tensor heads = keep_heads ? read.head_attention.cpu() : Tensor();  // [B,L*A,T,N]
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

std::vector<DecodedText> generate(GroundedModel model, const EncodedImage& encoded,
                                  const std::vector<std::vector<int64_t>>& prompts,
                                  const DecodingConfig& config, const SearchOptions& options) {
  return generate(*runtime_of(std::move(model), config.kv_cache_type), encoded, prompts, config,
                  options);
}

std::vector<std::vector<DecodedText>> sample_texts(GroundedModel model, const EncodedImage& encoded,
                                                   const std::vector<std::vector<int64_t>>& prompts,
                                                   const DecodingConfig& config,
                                                   const SearchOptions& options) {
  return sample_texts(*runtime_of(std::move(model), config.kv_cache_type), encoded, prompts, config,
                      options);
}

std::vector<DecodedText> score_tokens(GroundedModel model, const EncodedImage& encoded,
                                      const std::vector<std::vector<int64_t>>& prompts,
                                      const std::vector<std::vector<int64_t>>& ids,
                                      bool keep_heads) {
  return score_tokens(*runtime_of(std::move(model)), encoded, prompts, ids, keep_heads);
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
