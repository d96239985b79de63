// A network as one TorchScript file that any LibTorch or Python's torch (1.13 and later) runs
// without this project.
//
//   save_torchscript(model, {.precision = "fp32"}, folder / "model.pt");
//
// Methods (A heads, N patches, S = N and the other keys, L decoder layers; float unless said):
//   encode(image [B,1,H,W]) -> patches [B,N,D_v], cls [B,D_v or 0], memory [B,S,*],
//       finding_logits [B,N,C or 0]
//   image_cache(memory) -> keys and values of the image, a pair a layer
//   text_cache(rows) -> that of no words, a pair a layer, [rows,A,0,d]
//   decode_step(ids [R,T] int64, positions [R,T] int64, attend [R,M+T] bool,
//       text_cache [R,A,M,d] each, image_cache) -> logits [R,T,X], attention [R,T,N] (mean over
//       heads), null_attention [R,T], text_cache of M+T words. R is a multiple of the images: the
//       rows of one stand side by side. T words at once read a prompt; `attend`: which slots hold
//       a word.
//   read(...) as decode_step, and the attention of each head [R,L*A,T,N] instead of the cache
//   generate(image, prompt [B,T] int64, max_tokens) -> ids [B,T'] (eos, then pad),
//       log-probabilities [B,T'], attention [B,T',N], null_attention [B,T']: greedy, by the words'
//       rules of the model's decoding (min_tokens, no_repeat_ngram, first words); prompt without
//       bos, T may be 0
//   golden_image() -> [1,1,H,W], a picture of waves that every loader can compute
//
// The text is made from the configuration, and the weights are attributes; nothing is traced, so
// that batch, picture size and text length are free. Attention is computed in blocks of queries.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/inference/model_folder.h"

namespace radgen {

struct TorchScriptOptions {
  std::string precision = "fp32";  // "bf16", "int8", "int8-dynamic"
  // false: pictures of the model's own size alone
  bool is_size_free = true;
  // Of "int8": pictures to choose its scales by, [1,C,H,W] each.
  std::vector<torch::Tensor> int8_images;
};

// What is known of the file that was written.
struct TorchScriptFile {
  nlohmann::ordered_json int8;  // int8_report_to_json(); null without INT8
  int weight_bits = 0;          // of INT8
};

// Throws Error{kConfig} for another precision, and what quantise() throws.
TorchScriptFile save_torchscript(const LoadedModel& model, const TorchScriptOptions& options,
                                 const std::filesystem::path& path);

}  // namespace radgen
