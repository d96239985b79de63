// The decoder's text: keys and values of the image, one step, and the greedy loop over it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "script_source.h"

namespace radgen {
namespace {

using fmt::format;

// Rows get a scale each: divided by their largest value they lie in -1..1, and a row with both ends
// behind them gives every call the same 8-bit steps, so that texts of one batch do not see each
// other.
constexpr const char* kRowsSource = R"(
def scaled_rows(self, x: Tensor) -> Tensor:
  flat = x.reshape([-1, x.size(-1)])
  largest = flat.abs().amax([1], True).clamp(1e-12)
  ends = torch.zeros([1, flat.size(1)], dtype=6)
  ends[0, 0] = 1.0
  ends[0, 1] = -1.0
  return torch.cat([flat / largest, ends], 0)

def unscaled_rows(self, y: Tensor, x: Tensor) -> Tensor:
  flat = x.reshape([-1, x.size(-1)])
  largest = flat.abs().amax([1], True).clamp(1e-12)
  out = y.narrow(0, 0, y.size(0) - 1) * largest
  sizes = x.size()
  sizes[-1] = y.size(1)
  return out.view(sizes)
)";

// G texts an image: [S*G,A,T,d] <-> [S,A,G*T,d].
constexpr const char* kGroupSource = R"(
def group_texts(self, x: Tensor, images: int) -> Tensor:
  group = x.size(0) // images
  return x.reshape([images, group, x.size(1), x.size(2), x.size(3)]).transpose(1, 2).reshape([images, x.size(1), group * x.size(2), x.size(3)])

def ungroup_texts(self, x: Tensor, group: int) -> Tensor:
  t = x.size(2) // group
  return x.reshape([x.size(0), x.size(1), group, t, x.size(3)]).transpose(1, 2).reshape([x.size(0) * group, x.size(1), t, x.size(3)])
)";

std::string layer_of(int64_t index) { return format("decoder.layers.{}.", index); }

// Log-odds of the findings are channels of the keys, and no part of the values.
int64_t odds_of(const ModelConfig& config) {
  return config.sees_findings ? config.finding_classes : 0;
}

std::string text_cache_source(const DecoderConfig& c) {
  return format(R"(
def text_cache(self, rows: int) -> List[Tensor]:
  cache = []
  for i in range({}):
    cache.append(torch.zeros([rows, {}, 0, {}], dtype=6))
  return cache
)",
                2 * c.layers, c.heads, c.width / c.heads);
}

void self_attention_lines(const DecoderConfig& c, int64_t i, ScriptWeights& w, ScriptText& to) {
  const int64_t d = c.width / c.heads;
  const std::string name = layer_of(i) + "self_attention.";
  to.line("y = " + w.linear(name + "query_key_value", "y"));
  to.line(format("qkv = y.view([texts, t, 3, {}, {}]).permute([2, 0, 3, 1, 4])", c.heads, d));
  to.line(format("k = torch.cat([text_cache[{}], qkv[1]], 2)", 2 * i));
  to.line(format("v = torch.cat([text_cache[{}], qkv[2]], 2)", 2 * i + 1));
  to.line("cache.append(k)");
  to.line("cache.append(v)");
  to.line(format("scores = torch.matmul(qkv[0] * {:.17g}, k.transpose(2, 3))",
                 1 / std::sqrt(static_cast<double>(d))));
  to.line(
      "weights = torch.softmax(scores.masked_fill(hidden, -1e30), -1).masked_fill(hidden, 0.0)");
  to.line(format("y = torch.matmul(weights, v).transpose(1, 2).reshape([texts, t, {}])", c.width));
  to.line("y = " + w.linear(name + "output", "y"));
}

void cross_attention_lines(const ModelConfig& config, int64_t i, ScriptWeights& w, ScriptText& to) {
  const DecoderConfig& c = config.decoder;
  const int64_t d = c.width / c.heads, odds = odds_of(config);
  const std::string name = layer_of(i) + "cross_attention.";
  to.line("q = " + w.linear(name + "query", "y"));
  to.line(format("q = q.view([texts, t, {}, {}]).transpose(1, 2)", c.heads, d));
  if (odds > 0) {
    to.line("e = " + w.linear(name + "evidence_query", "y"));
    to.line(format("e = e.view([texts, t, {}, {}]).transpose(1, 2)", c.heads, odds));
    to.line("q = torch.cat([q, e], 3)");
  }
  to.line("q = self.group_texts(q, images)");
  to.line(format("scores = torch.matmul(q * {:.17g}, image_cache[{}].transpose(2, 3))",
                 1 / std::sqrt(static_cast<double>(d + odds)), 2 * i));
  to.line("weights = torch.softmax(scores, -1)");
  to.line(format("y = self.ungroup_texts(torch.matmul(weights, image_cache[{}]), texts // images)",
                 2 * i + 1));
  to.line(format("y = y.transpose(1, 2).reshape([texts, t, {}])", c.width));
  to.line("y = " + w.linear(name + "output", "y"));
  if (c.grounding_layers == "last" && i + 1 < c.layers) return;
  to.line("weights = self.ungroup_texts(weights, texts // images)");
  const int64_t others = (c.has_null_key ? 1 : 0) + (c.sees_cls ? 1 : 0);
  to.line(format("maps.append(weights.narrow(3, 0, weights.size(3) - {}))", others));
  to.line(c.has_null_key
              ? "nulls.append(weights.select(3, weights.size(3) - 1))"
              : "nulls.append(torch.zeros_like(weights.select(3, weights.size(3) - 1)))");
}

std::string decode_source(const ModelConfig& config, ScriptWeights& w) {
  const DecoderConfig& c = config.decoder;
  ScriptText to;
  to.line("texts = ids.size(0)");
  to.line("t = ids.size(1)");
  to.line("images = image_cache[0].size(0)");
  to.line("if texts % images != 0:");
  to.line("  prim.RaiseException(\"each image has as many rows of ids\")");
  to.line("begin = text_cache[0].size(2)");
  to.line("end = begin + t");
  to.line("causal = torch.ones([t, end], dtype=11, device=ids.device).tril(begin)");
  to.line("hidden = attend.view([texts, 1, 1, end]).logical_and(causal).logical_not()");
  to.line(format("places = positions.clamp(0, {})", c.max_tokens - 1));
  to.line("x = " + w.embedding("decoder.token_embedding.weight", "ids") + " + " +
          w.embedding("decoder.position_embedding.weight", "places"));
  to.line("cache = []");
  to.line("maps = []");
  to.line("nulls = []");
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string name = layer_of(i);
    to.line("y = " + w.layer_norm(name + "norm_1", "x", c.layer_norm_eps));
    self_attention_lines(c, i, w, to);
    to.line("x = x + y");
    to.line("y = " + w.layer_norm(name + "norm_2", "x", c.layer_norm_eps));
    cross_attention_lines(config, i, w, to);
    to.line("x = x + y");
    to.line("y = " + w.layer_norm(name + "norm_3", "x", c.layer_norm_eps));
    feed_forward_lines(name + "mlp", c.feed_forward, "y", "y", w, to);
    to.line("x = x + y");
  }
  to.line("x = " + w.layer_norm("decoder.norm", "x", c.layer_norm_eps));
  to.line("logits = " +
          w.product(c.tie_embeddings ? "decoder.token_embedding.weight" : "decoder.output.weight",
                    "x"));
  to.line("attention = maps[0].mean([1])");
  to.line("null = nulls[0].mean([1])");
  to.line("for i in range(1, len(maps)):");
  to.line("  attention = attention + maps[i].mean([1])");
  to.line("  null = null + nulls[i].mean([1])");
  to.line("attention = attention / float(len(maps))");
  to.line("null = null / float(len(maps))");
  to.line("heads = attention");
  to.line("if keep_heads:");
  to.line("  heads = torch.cat(maps, 1)");
  to.line("return logits, attention, null, cache, heads");
  constexpr const char* kArguments =
      "ids: Tensor, positions: Tensor, attend: Tensor, text_cache: List[Tensor], image_cache: "
      "List[Tensor]";
  return format(
             "\ndef decode(self, {}, keep_heads: bool) -> Tuple[Tensor, Tensor, Tensor, "
             "List[Tensor], Tensor]:\n",
             kArguments) +
         to.text() +
         format(R"(
def decode_step(self, {0}) -> Tuple[Tensor, Tensor, Tensor, List[Tensor]]:
  logits, attention, null, cache, heads = self.decode(ids, positions, attend, text_cache, image_cache, False)
  return logits, attention, null, cache

def read(self, {0}) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
  logits, attention, null, cache, heads = self.decode(ids, positions, attend, text_cache, image_cache, True)
  return logits, attention, null, heads
)",
                kArguments);
}

std::string ids_text(const std::vector<int64_t>& ids) {
  return format("[{}]", fmt::join(ids, ", "));
}

// What the rules of the words forbid behind `words`: the search's logits processors.
std::string allowed_source(const ModelConfig& config, const DecodingConfig& decoding,
                           const std::vector<int64_t>& not_first) {
  ScriptText to;
  to.line("scores = log_probs.clone()");
  if (!config.special_ids_are_words)
    for (int64_t id : {config.pad_id, config.bos_id})
      to.line(format("scores.select(1, {}).fill_(-1e30)", id));
  if (decoding.min_tokens > 0) {
    to.line(format("if words.size(1) < {}:", decoding.min_tokens));
    to.line(format("  scores.select(1, {}).fill_(-1e30)", config.eos_id));
  }
  if (!not_first.empty()) {
    to.line("if words.size(1) == 0:");
    to.line(format("  for id in {}:", ids_text(not_first)));
    to.line("    scores.select(1, id).fill_(-1e30)");
  }
  if (decoding.no_repeat_ngram > 0) {
    const int64_t n = decoding.no_repeat_ngram;
    to.line(
        config.special_ids_are_words
            ? format("text = torch.cat([torch.full([words.size(0), 1], {}, dtype=4), words], 1)",
                     config.bos_id)
            : "text = words");
    to.line(format("if text.size(1) >= {}:", n));
    to.line(format("  grams = text.unfold(1, {}, 1)", n));
    to.line(format("  last = text.narrow(1, text.size(1) - {0}, {0}).unsqueeze(1)", n - 1));
    to.line(format("  repeats = (grams.narrow(2, 0, {}) == last).all(2)", n - 1));
    to.line("  banned = torch.zeros_like(scores).scatter_add_(1, grams.select(2, " +
            std::to_string(n - 1) + "), repeats.to(6))");
    to.line("  scores = scores.masked_fill(banned > 0.0, -1e30)");
  }
  to.line("return scores");
  return "\ndef allowed(self, log_probs: Tensor, words: Tensor) -> Tensor:\n" + to.text();
}

}  // namespace

std::string rows_source() { return kRowsSource; }

std::string image_cache_source(const ModelConfig& config, ScriptWeights& w) {
  const DecoderConfig& c = config.decoder;
  const int64_t d = c.width / c.heads, odds = odds_of(config);
  ScriptText to;
  to.line("batch = memory.size(0)");
  to.line("n = memory.size(1)");
  to.line("cache = []");
  to.line(format("seen = memory.narrow(2, 0, {})", c.width));
  if (odds > 0)
    to.line(
        format("odds = (memory.narrow(2, {}, {}) * {:.17g}).unsqueeze(1).expand([batch, {}, n, "
               "{}])",
               c.width, odds, std::sqrt(static_cast<double>(d + odds)), c.heads, odds));
  for (int64_t i = 0; i < c.layers; ++i) {
    const std::string name = layer_of(i) + "cross_attention.";
    to.line("both = " + w.linear(name + "key_value", "seen"));
    to.line(format("both = both.view([batch, n, 2, {}, {}]).permute([2, 0, 3, 1, 4])", c.heads, d));
    to.line("key = both[0]");
    to.line("value = both[1]");
    if (odds > 0) to.line("key = torch.cat([key, odds], 3)");
    if (w.has(name + "null_key")) {
      to.line(format("null = torch.constant_pad_nd({}, [0, {}]).view([1, {}, 1, {}])",
                     w.value(name + "null_key"), odds, c.heads, d + odds));
      to.line(
          format("key = torch.cat([key, null.expand([batch, {}, 1, {}])], 2)", c.heads, d + odds));
      to.line("value = torch.constant_pad_nd(value, [0, 0, 0, 1])");
    }
    to.line("cache.append(key.contiguous())");
    to.line("cache.append(value.contiguous())");
  }
  to.line("return cache");
  return "\ndef image_cache(self, memory: Tensor) -> List[Tensor]:\n" + to.text();
}

std::string decoder_source(const ModelConfig& config, ScriptWeights& w) {
  return kGroupSource + text_cache_source(config.decoder) + decode_source(config, w);
}

std::string generate_source(const ModelConfig& config, const DecodingConfig& decoding,
                            const std::vector<int64_t>& not_first) {
  constexpr const char* kSource = R"(
def generate(self, image: Tensor, prompt: Tensor, max_tokens: int) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
  batch = image.size(0)
  if prompt.dim() != 2 or prompt.size(0) != batch:
    prim.RaiseException("a prompt is [B,T], of as many rows as pictures")
  patches, cls, memory, findings = self.encode(image)
  seen = self.image_cache(memory)
  start = torch.cat([prompt, torch.full([batch, 1], {bos}, dtype=4)], 1)
  length = start.size(1)
  limit = min(max_tokens, {room} - length)
  if limit < 1:
    prim.RaiseException("a prompt leaves no room for words, or max_tokens is below 1")
  positions = torch.arange(0, length, dtype=4).unsqueeze(0).expand([batch, length])
  attend = torch.ones([batch, length], dtype=11)
  logits, attention, null, cache = self.decode_step(start, positions, attend, self.text_cache(batch), seen)
  words = torch.zeros([batch, 0], dtype=4)
  ended = torch.zeros([batch], dtype=11)
  log_ps = []
  maps = []
  nulls = []
  going = True
  while going:
    last = logits.size(1) - 1
    log_probs = torch.log_softmax(logits.select(1, last).to(6), -1)
    word = self.allowed(log_probs, words).argmax(-1).masked_fill(ended, {pad})
    log_ps.append(log_probs.gather(1, word.unsqueeze(1)).masked_fill(ended.unsqueeze(1), 0.0))
    maps.append(attention.narrow(1, last, 1))
    nulls.append(null.narrow(1, last, 1))
    ended = ended.logical_or(word == {eos})
    words = torch.cat([words, word.unsqueeze(1)], 1)
    going = words.size(1) < limit and not bool(ended.all())
    if going:
      place = length + words.size(1) - 1
      attend = torch.ones([batch, place + 1], dtype=11)
      logits, attention, null, cache = self.decode_step(word.unsqueeze(1), torch.full([batch, 1], place, dtype=4), attend, cache, seen)
  return words, torch.cat(log_ps, 1), torch.cat(maps, 1), torch.cat(nulls, 1)

def golden_image(self) -> Tensor:
  down = torch.arange(0, {height}, dtype=6) / {height}.0
  across = torch.arange(0, {width}, dtype=6) / {width}.0
  waves = torch.sin(down * 40.0).unsqueeze(1) * torch.cos(across * 23.0).unsqueeze(0)
  shade = (down * 5.0).cos().unsqueeze(1) + (across * 9.0).sin().unsqueeze(0)
  return (waves + 0.5 * shade).expand([1, {channels}, {height}, {width}]).contiguous()
)";
  const EncoderConfig& e = config.encoder;
  return allowed_source(config, decoding, not_first) +
         format(fmt::runtime(kSource), fmt::arg("bos", config.bos_id),
                fmt::arg("eos", config.eos_id), fmt::arg("pad", config.pad_id),
                fmt::arg("room", config.decoder.max_tokens), fmt::arg("height", e.image_height_px),
                fmt::arg("width", e.image_width_px), fmt::arg("channels", e.channels));
}

}  // namespace radgen
