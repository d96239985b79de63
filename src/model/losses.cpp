#include "radgen/model/losses.h"

#include <cmath>
#include <limits>

#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

// What each token weighs in "mean over a study's tokens, then over studies": 1 / (T_b B) where the
// mask is true.
Tensor token_weights(const Tensor& text_mask, torch::ScalarType type) {
  const Tensor mask = text_mask.to(type);  // [B,T]
  return mask / mask.sum(1, /*keepdim=*/true).clamp_min(1) / static_cast<double>(mask.size(0));
}

// -sum x log x of each row, 0 log 0 = 0.
Tensor row_entropy(const Tensor& x) { return -torch::special::xlogy(x, x).sum(-1); }

// Binary cross-entropy of clamped probabilities, element by element.
Tensor binary_cross_entropy(const Tensor& probability, const Tensor& target, double eps) {
  const Tensor p = probability.clamp(eps, 1 - eps);
  return -(target * p.log() + (1 - target) * (1 - p).log());
}

// Maps are cut at this share of their maximum; there a patch counts half.
constexpr double kCut = 0.1;

// 1 - Dice coefficient of each attention and its mask, [G] (Milletari et al. 2016, with squares in
// the denominator), the attention as what a cut map shows of it: r over its maximum counts (1 +
// cut) r / (r + cut), 0..1 with a slope everywhere.
Tensor dice_loss(const Tensor& attention, const Tensor& mask, double eps) {
  const Tensor relative = attention / attention.amax(-1, /*keepdim=*/true).clamp_min(eps);
  const Tensor shown = relative * (1 + kCut) / (relative + kCut);
  return 1 - 2 * (shown * mask).sum(-1) / (shown.square().sum(-1) + mask.square().sum(-1));
}

// KL alone leaves a haze around the box where the place is not sure; what it weighs against is of
// the size of 1.
constexpr double kDiceWeight = 2;

// The loss of each grounded token, [G]. attention, mask [G,N]; masks are not empty.
Tensor grounded_rows(const Tensor& attention, const Tensor& log_attention, const Tensor& mask,
                     const std::string& kind, double eps) {
  if (kind == "bce_mean") return binary_cross_entropy(attention, mask, eps).mean(-1);
  if (kind == "bce_sum") return binary_cross_entropy(attention, mask, eps).sum(-1);
  if (kind == "mass") return -(attention * mask).sum(-1).clamp_min(eps).log();
  RADGEN_CHECK(kind == "kl" || kind == "kl_dice",
               "grounding loss must be bce_mean, bce_sum, mass, kl or kl_dice");
  const Tensor target = mask / mask.sum(-1, true);
  const Tensor log_a = log_attention.defined() ? log_attention : attention.clamp_min(eps).log();
  const Tensor divergence = -(target * log_a).sum(-1) - row_entropy(target);
  return kind == "kl" ? divergence : divergence + kDiceWeight * dice_loss(attention, mask, eps);
}

// log(1 - exp(x)) for x < 0 without cancellation (Maechler 2012).
Tensor log_one_minus_exp(const Tensor& x) {
  const Tensor near_zero = (-torch::expm1(x.clamp_min(-std::log(2.0)))).log();
  const Tensor far = torch::log1p(-torch::exp(x.clamp_max(-std::log(2.0))));
  return torch::where(x > -std::log(2.0), near_zero, far);
}

// Mean over the known entries of each study, then over the studies; a study without any counts as
// 0.
Tensor mean_known(const Tensor& values, const Tensor& is_known) {
  const Tensor weight = is_known.to(values.scalar_type());
  const Tensor kept = torch::where(is_known, values, torch::zeros_like(values));
  return (kept.sum(1) / weight.sum(1).clamp_min(1)).mean();
}

}  // namespace

Tensor text_loss(const Tensor& logits, const Tensor& targets, const Tensor& text_mask) {
  namespace F = torch::nn::functional;
  const int64_t vocabulary = logits.size(2);
  constexpr int64_t kIgnored = -100;
  const Tensor kept = targets.masked_fill(text_mask.logical_not(), kIgnored);  // [B,T]
  const Tensor losses =
      F::cross_entropy(logits.reshape({-1, vocabulary}), kept.reshape({-1}),
                       F::CrossEntropyFuncOptions().ignore_index(kIgnored).reduction(torch::kNone))
          .view(targets.sizes());  // [B,T]
  return (losses * token_weights(text_mask, logits.scalar_type())).sum();
}

Tensor log_mean_attention(const std::vector<Tensor>& grounding_scores, const Tensor& tokens,
                          int64_t patches) {
  const Tensor rows = tokens.reshape({-1}).nonzero().squeeze(1);  // [G], index b * T + t
  const int64_t t = tokens.size(1);
  const Tensor study = torch::div(rows, t, "floor"), token = rows - study * t;
  std::vector<Tensor> logs;
  for (const Tensor& scores : grounding_scores)  // [B,A,T,S]
    logs.push_back(torch::log_softmax(scores.transpose(1, 2).index({study, token}), -1)
                       .narrow(-1, 0, patches));
  const Tensor all = torch::cat(logs, 1);  // [G,layers*A,N]
  return torch::logsumexp(all, 1) - std::log(static_cast<double>(all.size(1)));
}

Tensor grounding_loss(const Tensor& attention, const Tensor& log_attention,
                      const Tensor& grounding_masks, const Tensor& grounding_tokens,
                      const Tensor& text_mask, const std::string& kind, double eps) {
  const Tensor rows = grounding_tokens.reshape({-1}).nonzero().squeeze(1);  // [G]
  const int64_t patches = attention.size(2);
  const Tensor mask =
      grounding_masks.reshape({-1, patches}).index_select(0, rows).to(attention.scalar_type());
  const Tensor has_mask = mask.sum(-1) > 0;  // [G]
  // An empty mask has no normalisation: it is replaced by a full one here and weighs nothing below.
  const Tensor safe = torch::where(has_mask.unsqueeze(1), mask, torch::ones_like(mask));
  const Tensor losses = grounded_rows(attention.reshape({-1, patches}).index_select(0, rows),
                                      log_attention, safe, kind, eps);
  const Tensor weights =
      token_weights(text_mask, attention.scalar_type()).reshape({-1}).index_select(0, rows);
  return (losses * weights * has_mask).sum();
}

Tensor entropy_loss(const Tensor& attention, const Tensor& text_mask, const Tensor& entropy_tokens,
                    double eps) {
  Tensor weights = token_weights(text_mask, attention.scalar_type());  // [B,T]
  if (entropy_tokens.defined()) weights = weights * entropy_tokens.to(weights.scalar_type());
  const Tensor entropy = -(attention * (attention + eps).log()).sum(-1);  // [B,T]
  return (entropy * weights).sum();
}

PooledFindings pool_findings(const Tensor& patch_logits, const std::string& pooling,
                             double sharpness) {
  if (pooling == "noisy_or") {
    const Tensor log_not_p = torch::log_sigmoid(-patch_logits).sum(1);  // [B,C]
    // One patch at p = 1e-7 at least, so that log P stays finite.
    return {log_one_minus_exp(log_not_p.clamp_max(-1e-7)), log_not_p};
  }
  RADGEN_CHECK(pooling == "lse", "label pooling must be lse or noisy_or");
  const Tensor pooled = sharpness == 0 ? patch_logits.mean(1)
                                       : (torch::logsumexp(patch_logits * sharpness, 1) -
                                          std::log(static_cast<double>(patch_logits.size(1)))) /
                                             sharpness;
  return {torch::log_sigmoid(pooled), torch::log_sigmoid(-pooled)};
}

Tensor label_loss(const PooledFindings& pooled, const Tensor& labels) {
  const Tensor is_present = labels == 1, is_absent = labels == 0;
  const Tensor losses = -torch::where(is_present, pooled.log_p, pooled.log_not_p);
  return mean_known(losses, is_present.logical_or(is_absent));
}

Tensor patch_loss(const Tensor& patch_logits, const Tensor& patch_labels, const Tensor& has_boxes) {
  const Tensor logits = patch_logits.transpose(1, 2);  // [B,C,N]
  const Tensor inside = patch_labels.to(logits.scalar_type()), outside = 1 - inside;
  const Tensor loss_inside =
      -(inside * torch::log_sigmoid(logits)).sum(-1) / inside.sum(-1).clamp_min(1);
  const Tensor loss_outside =
      -(outside * torch::log_sigmoid(-logits)).sum(-1) / outside.sum(-1).clamp_min(1);
  const Tensor is_known = has_boxes.to(torch::kBool), has_inside = inside.sum(-1) > 0;
  return mean_known((loss_inside + loss_outside) / 2, is_known & has_inside) +
         mean_known(loss_outside / 2, is_known & ~has_inside);
}

}  // namespace radgen
