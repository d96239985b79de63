// The losses: text, grounding, entropy, and two auxiliary ones for findings.
//
//   L = L_CE + lambda_ground L_ground + lambda_entropy L_entropy
//       (+ lambda_labels L_labels + lambda_patches L_patches)
//
// Each is first the mean over a study's own T real tokens (text_mask), then the mean over the
// batch's studies, so that the number of studies in a step, on a device or in an accumulation does
// not change what is optimised. (Accumulate with weights B_i / B_total.) Attention is the head-mean
// patch attention a [B,T,N]; with a null key its rows sum to the grounded mass, which is less
// than 1:
//   bce      uses a as it is: mass on the null key is missing inside the mask;
//   mass     -log(sum_j m_j a_j): mass on the null key counts as outside;
//   kl       cross-entropy of a to the mask normalised to sum 1, less the mask's own entropy:
//            sum_j p_j (log p_j - log a_j), p = m / sum(m). For a binary mask this is
//            -1/|m| sum_{j in m} log a_j - log|m|; 0 if and only if all mass is spread over the
//            mask as the mask is. Mass on the null key counts as outside;
//   kl_dice  kl + 2 (1 - Dice), Dice = 2 sum_j s_j m_j / (sum_j s_j^2 + sum_j m_j^2) (Milletari et
//            al. 2016) of what a map cut at a tenth of its maximum shows, softly:
//            s = 1.1 r / (r + .1), r = a / max(a). Where a place is not sure, kl alone leaves a
//            haze around the box, and the cut map shows too large a region;
//   entropy  -sum_j a_j log(a_j + eps) over patches only: attention to nothing has no entropy.
#pragma once

#include <string>
#include <vector>

#include "radgen/model/config.h"
#include "radgen/model/torch_compat.h"

namespace radgen {

// L_CE. logits [B,T,X]; targets [B,T] int64; text_mask [B,T] bool, true: this prediction counts. A
// study without a token counts as 0. Scalar.
torch::Tensor text_loss(const torch::Tensor& logits, const torch::Tensor& targets,
                        const torch::Tensor& text_mask);

// L_ground = 1/T sum_t 1[y_t in F] loss(a_t, m_t). attention [B,T,N] head mean; log_attention: log
// of the same for the grounded rows only, [G,N] in row-major order of grounding_tokens, needed by
// "kl" and "kl_dice" (undefined: log of the clamped attention); grounding_masks [B,T,N] in [0,1];
// grounding_tokens [B,T] bool, F; a token whose mask is empty is skipped. kind:
// LossConfig::grounding_loss. Scalar.
torch::Tensor grounding_loss(const torch::Tensor& attention, const torch::Tensor& log_attention,
                             const torch::Tensor& grounding_masks,
                             const torch::Tensor& grounding_tokens, const torch::Tensor& text_mask,
                             const std::string& kind, double eps);

// L_entropy = -1/T sum_t sum_j a_tj log(a_tj + eps) over the tokens of entropy_tokens [B,T] bool
// (undefined: all).
torch::Tensor entropy_loss(const torch::Tensor& attention, const torch::Tensor& text_mask,
                           const torch::Tensor& entropy_tokens, double eps);

// log of the head- and layer-mean patch attention at the positions where tokens [B,T] is true, from
// the scores (DecoderOutput::grounding_scores), without underflow: [G,N].
torch::Tensor log_mean_attention(const std::vector<torch::Tensor>& grounding_scores,
                                 const torch::Tensor& tokens, int64_t patches);

// log P(finding) and log(1 - P) of the image from per-patch logits [B,N,C]: {log_p, log_not_p},
// each [B,C].
//   "lse"       sigmoid of the log-sum-exp pooled logit, 1/r log(mean exp(r x)) (Pinheiro and
//   Collobert 2015; used for
//               chest films by Wang et al. 2017, ChestX-ray8)
//   "noisy_or"  1 - prod_j (1 - p_j) (Li et al. 2018, "Thoracic Disease Identification and
//   Localization with Limited
//               Supervision"), in logs, so that N = 16,384 patches do not underflow
struct PooledFindings {
  torch::Tensor log_p, log_not_p;
};
PooledFindings pool_findings(const torch::Tensor& patch_logits, const std::string& pooling,
                             double sharpness);

// Binary cross-entropy on labels [B,C]: 1, 0; anything else (uncertain, absent) is ignored. Mean
// over a study's known labels, then over the studies.
torch::Tensor label_loss(const PooledFindings& pooled, const torch::Tensor& labels);

// Binary cross-entropy of each patch where a finding's boxes are known: patch_labels [B,C,N] in
// [0,1] (share of the patch that is inside), has_boxes [B,C] bool. Inside and outside count half
// each, else the background drowns a nodule. The findings that have a box and those that are known
// to have none are averaged on their own and added, else a dozen absent findings drown the one that
// is there; then the mean over the studies.
torch::Tensor patch_loss(const torch::Tensor& patch_logits, const torch::Tensor& patch_labels,
                         const torch::Tensor& has_boxes);

}  // namespace radgen
