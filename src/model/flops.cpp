#include "radgen/model/flops.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace radgen {
namespace {

double number(int64_t value) { return static_cast<double>(value); }

// Of a matrix product [rows,from] x [from,to].
double product(double rows, int64_t from, int64_t to) {
  return 2 * rows * number(from) * number(to);
}

double hidden(double ratio, int64_t width) { return number(std::lround(ratio * number(width))); }

// Feed-forward of `rows` tokens; swiglu has a third matrix.
double feed_forward(double rows, int64_t width, double ratio, const std::string& kind) {
  return (kind == "swiglu" ? 3 : 2) * 2 * rows * number(width) * hidden(ratio, width);
}

double stem_flops(const EncoderConfig& e, PatchGrid grid) {
  if (e.stem == "patch")
    return product(number(grid.size()), e.channels * e.patch_px * e.patch_px, e.width);
  const int64_t stages = std::bit_width(static_cast<uint64_t>(e.patch_px)) - 1;
  double flops = 0;
  int64_t input = e.channels;
  // as ConvStem: widths double up to the last, each side halves
  for (int64_t stage = 0; stage < stages; ++stage) {
    const int64_t output = e.width >> std::min<int64_t>(stages - 1 - stage, 3);
    const double pixels = number(grid.size()) * std::pow(4.0, number(stages - 1 - stage));
    flops += product(pixels, 9 * input, output);
    if (stage > 0) flops += 2 * number(e.stem_blocks) * product(pixels, 9 * output, output);
    input = output;
  }
  return flops + product(number(grid.size()), input, e.width);
}

// Pairs of a query and a key of one layer, over which attention goes.
double attention_pairs(const EncoderConfig& e, PatchGrid grid, bool is_global, double keys) {
  const double cls = e.has_cls ? 1 : 0, n = number(grid.size());
  const bool is_dense = is_global || e.window_patches >= std::max(grid.rows, grid.columns);
  if (is_dense) return (n + cls) * (is_global ? keys : n + cls);
  double pairs = cls * (n + cls);  // [CLS] sees all, and each window sees [CLS]
  for (int64_t row = 0; row < grid.rows; row += e.window_patches)
    for (int64_t column = 0; column < grid.columns; column += e.window_patches) {
      const double inside = number(std::min(e.window_patches, grid.rows - row)) *
                            number(std::min(e.window_patches, grid.columns - column));
      pairs += (inside + cls) * (inside + cls);
    }
  return pairs;
}

}  // namespace

EncoderFlops encoder_flops(const ModelConfig& config, PatchGrid grid) {
  const EncoderConfig& e = config.encoder;
  const double cls = e.has_cls ? 1 : 0, tokens = number(grid.size()) + cls;
  EncoderFlops work;
  work.stem = stem_flops(e, grid);
  for (int64_t layer = 1; layer <= e.layers; ++layer) {
    const bool is_global =
        e.window_patches == 0 ||
        std::find(e.global_layers.begin(), e.global_layers.end(), layer) != e.global_layers.end();
    const int64_t pool = is_global ? e.pool_keys : 1;
    const double keys =
        number((grid.rows + pool - 1) / pool * ((grid.columns + pool - 1) / pool)) + cls;
    work.linear += product(tokens, e.width, 2 * e.width)  // queries and the output
                   + product(keys, e.width, 2 * e.width) +
                   feed_forward(tokens, e.width, e.mlp_ratio, e.feed_forward);
    work.attention += 4 * attention_pairs(e, grid, is_global, keys) * number(e.width);
  }
  const double patches = number(grid.size());
  if (config.projection) work.projection += product(patches, e.width, config.decoder.width);
  work.projection += product(patches, e.width, config.finding_classes);
  return work;
}

DecoderFlops decoder_flops(const ModelConfig& config, int64_t patches, int64_t tokens) {
  const DecoderConfig& d = config.decoder;
  const double t = number(tokens), layers = number(d.layers);
  DecoderFlops work;
  work.image = layers * product(number(patches), d.width, 2 * d.width);
  // self-attention 4, cross-attention's query and output
  const double linear =
      product(t, d.width, 6 * d.width) + feed_forward(t, d.width, d.mlp_ratio, d.feed_forward);
  const double attention = 4 * number(d.width) * (t * (t + 1) / 2 + t * number(patches));
  work.words = layers * (linear + attention) + product(t, d.width, d.vocabulary_size);
  return work;
}

double bytes_per_token(const ModelConfig& config, int64_t patches, int64_t tokens, int64_t batch,
                       int64_t kv_cache_element_bytes) {
  const DecoderConfig& d = config.decoder;
  const double width = number(d.width), layers = number(d.layers);
  const double matrices = d.feed_forward == "swiglu" ? 3 : 2;
  const double weights = layers * width * (6 * width + matrices * hidden(d.mlp_ratio, d.width)) +
                         width * number(d.vocabulary_size);
  const double of_image = layers * 2 * width * number(patches),
               of_text = layers * width * number(tokens);
  return sizeof(float) * (weights + number(batch) * of_text) +
         number(kv_cache_element_bytes) * number(batch) * of_image;
}

}  // namespace radgen
