// What one study's words teach: token ids, which predictions count, and which boxes each token
// should look at. Worked out once a study; the image's augmentation only moves the boxes.
//
// Alignment, here and in Batch: ids = prompt, bos, words, eos. Position t predicts ids[t + 1], so
// everything that is said about a token stands at the position that predicts it. With P prompt
// tokens and W words, position P (bos) predicts the first word, position P + W predicts eos, and
// the last position predicts nothing.
//
//   ids      <female> <report>  bos   heart  is  normal  eos          P = 2, W = 3
//   counts       0       0       1      1     1     1     0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "radgen/data/manifest.h"
#include "radgen/report/labeler.h"
#include "radgen/report/tokenizer.h"

namespace radgen {

struct TextTargets {
  std::vector<int64_t> ids;
  int64_t prompt_length = 0;         // tokens before bos
  std::vector<uint8_t> counts;       // 1: the prediction made here counts in the loss
  std::vector<uint8_t> is_positive;  // 1: predicts a token of a positive mention
  std::vector<int32_t> group;        // index into box_groups of the boxes to look at; -1: none
  std::vector<std::vector<size_t>> box_groups;  // indices of the study's boxes
  size_t ambiguous_mentions =
      0;  // mentions with boxes that could not be told apart (box_phrase_matching.h)
  size_t linked_mentions = 0;
  bool is_cut = false;  // longer than max_tokens: cut, without eos
};

struct TextTargetOptions {
  int64_t max_tokens = 256;       // prompt, bos, words and eos together
  int64_t prompt_max_tokens = 0;  // 0: no prompt
  bool whole_sentences =
      false;  // supervise every token of a linked mention's sentence, not only the finding words
};
TextTargets make_text_targets(const ManifestEntry& entry, const Tokenizer& tokenizer,
                              const Labeler& labeler, const TextTargetOptions& options);

}  // namespace radgen
