// The network: ViT encoder, projection, grounded decoder, and the loss.
//
//   GroundedModel model(config);
//   ForwardInput input;
//   input.image = ...;       // [B,1,H,W]
//   input.text_ids = ...;    // [B,T]: prompt, bos, words, eos, then pad
//   ForwardOutput out = model->forward(input);
//   out.losses.total.backward();
//
// The logits at position t predict text_ids[:, t+1]. Masks and grounding masks are aligned with the
// position that PREDICTS the token, i.e. the mask of word text_ids[b,t+1] is in row t.
//
// With `sees_findings` the decoder's memory is z~_j = W z_j + b + sum_c (p_jc e_c + o_jc f_c): p_jc
// is the finding head's probability of finding c in patch j and o_jc its log-odds over 8, cut at -1
// and 1 (both without their gradient: the head learns from labels and boxes alone); e_c and f_c are
// learned. A word still reaches the image only through the patches it attends to; what stands in
// them is easier to find.
//
// Parameter names: encoder.*, projection.{weight,bias}, memory_positions, evidence, decoder.*,
// finding_head.{weight,bias}.
#pragma once

#include "radgen/model/config.h"
#include "radgen/model/decoder.h"
#include "radgen/model/shapes.h"
#include "radgen/model/vit_encoder.h"

namespace radgen {

struct ForwardInput {
  torch::Tensor image;     // [B,C,H,W]
  torch::Tensor text_ids;  // [B,T] int64
  // All below may be undefined.
  torch::Tensor text_mask;  // [B,T] bool, TRUE: the prediction at t counts; else: the target is no
                            // padding and stands behind the prompt and bos
  // [B] int64, tokens before bos, for the default text_mask; else: up to bos_id
  torch::Tensor prompt_length;
  torch::Tensor patch_attend_mask;  // [B,N] bool, TRUE: a patch of the image, false: padding
  torch::Tensor grounding_masks;    // [B,T,N] in [0,1], share of the patch inside the boxes
  // [B,T] bool, F; else: the rows of grounding_masks that are not empty
  torch::Tensor grounding_tokens;
  // [B,T] bool, tokens of positive findings, for entropy_on = "positive"
  torch::Tensor positive_tokens;
  torch::Tensor labels;        // [B,C] 1 | 0 | anything else: ignored
  torch::Tensor patch_labels;  // [B,C,N] in [0,1]
  torch::Tensor has_boxes;     // [B,C] bool: patch_labels of this finding are complete
};

// Scalars. Undefined: nothing to compute it from, or its weight is 0 and it was not asked for.
struct Losses {
  torch::Tensor total;
  torch::Tensor text, grounding, entropy, labels, patches;  // without their lambdas
};

struct ForwardOutput {
  torch::Tensor logits;          // [B,T,X]
  torch::Tensor attention;       // [B,A,T,N]
  torch::Tensor null_attention;  // [B,A,T]; the grounded mass is 1 - its head mean
  torch::Tensor finding_logits;  // [B,N,C]; undefined without a finding head
  PatchGrid grid;
  Losses losses;
};

// An image, ready for any number of texts.
struct EncodedImage {
  // z~ [B,N,D_t], with findings [B,N,D_t+C]; behind it the row of [CLS] when sees_cls
  torch::Tensor memory;
  torch::Tensor patches;            // z [B,N,D_v]
  torch::Tensor cls;                // [B,D_v]; undefined without CLS
  torch::Tensor finding_logits;     // [B,N,C]; undefined without a finding head
  torch::Tensor patch_attend_mask;  // [B,N] or undefined
  PatchGrid grid;
};

class GroundedModelImpl : public torch::nn::Module {
 public:
  // Checks the config (Error{kConfig}) and initialises all weights from torch's generator
  // (initialisation.h).
  explicit GroundedModelImpl(const ModelConfig& config);

  ForwardOutput forward(const ForwardInput& input);
  // The short form: image [B,1,H,W], text_ids [B,T], grounding_masks [B,T,N].
  ForwardOutput forward(const torch::Tensor& image, const torch::Tensor& text_ids,
                        const TensorOptional& grounding_masks = {});

  EncodedImage encode(const torch::Tensor& image, const torch::Tensor& patch_attend_mask = {});
  // P(finding) of the images, [B,C], pooled as the config says; Error{kUsage} without a finding
  // head.
  torch::Tensor finding_probabilities(const EncodedImage& encoded);

  GroundedDecoder decoder() const { return decoder_; }
  VitEncoder encoder() const { return encoder_; }
  const ModelConfig& config() const { return config_; }

 private:
  EncodedImage encode_patches(const EncodedPatches& seen, const torch::Tensor& patch_attend_mask);
  Losses losses(const ForwardInput& input, const DecoderOutput& decoded,
                const torch::Tensor& finding_logits);

  ModelConfig config_;
  VitEncoder encoder_{nullptr};
  Linear projection_{nullptr};
  torch::nn::Linear finding_head_{nullptr};
  torch::Tensor memory_positions_;
  torch::Tensor finding_embeddings_;  // [2C,D_t]
  GroundedDecoder decoder_{nullptr};
};
TORCH_MODULE(GroundedModel);

// Which predictions count when the batch does not say: the target text_ids[:, t+1] is no padding
// and comes after bos. text_ids [B,T]; prompt_length [B] or undefined (then the first bos_id is
// looked for). Result [B,T] bool.
torch::Tensor default_text_mask(const torch::Tensor& text_ids, const torch::Tensor& prompt_length,
                                int64_t pad_id, int64_t bos_id);

}  // namespace radgen
