// How much work a network is: floating-point operations and bytes, counted from its shapes.
//
//   EncoderFlops work = encoder_flops(config, {128, 128});   // one image of 2048 x 2048
//   work.total() / seconds / measured_gemm_rate              // how near to what the machine can do
//
// A multiplication and an addition are 2. What is not a matrix product or a convolution (norms,
// softmax, activations) is not counted, as everywhere in the field.
#pragma once

#include "radgen/model/config.h"
#include "radgen/model/shapes.h"

namespace radgen {

// Of one image.
struct EncoderFlops {
  double stem = 0;
  double linear = 0;      // the layers' projections and feed-forwards
  double attention = 0;   // q k^T and the weights times v
  double projection = 0;  // z W + b and the finding head
  double total() const { return stem + linear + attention + projection; }
};
EncoderFlops encoder_flops(const ModelConfig& config, PatchGrid grid);

// Of the decoder for one text of `tokens` words over N = `patches`: the image's keys and values
// once, and all words.
struct DecoderFlops {
  double image = 0;
  double words = 0;
  double total() const { return image + words; }
};
DecoderFlops decoder_flops(const ModelConfig& config, int64_t patches, int64_t tokens);

// Bytes that writing one word must read at least, fp32, averaged over a text of `tokens` words and
// with `batch` texts at once: every weight once, and each text's keys and values of the image and
// of the words before.
double bytes_per_token(const ModelConfig& config, int64_t patches, int64_t tokens, int64_t batch,
                       int64_t kv_cache_element_bytes = 4);

}  // namespace radgen
