// BLEU of one sentence or report, as NLTK 3.8 and sacreBLEU compute it. Corpus BLEU with the COCO
// tools' semantics is radgen/report/bleu.h; the three differ on the same text, so name the one.
//
//   const NltkBleu counts(hypothesis_words, {reference_words});
//   double bleu_4 = counts.score(4, Smoothing::kMethod4);
#pragma once

#include <array>
#include <string>
#include <vector>

namespace radgen::evaluation {

// NLTK's SmoothingFunction().method0 ... method7 with epsilon .1, alpha 5, k 5. Source: Chen and
// Cherry 2014, "A systematic comparison of smoothing techniques for sentence-level BLEU".
enum class Smoothing {
  kMethod0,  // none; a precision of 0 counts as the smallest double
  kMethod1,  // epsilon instead of 0 matches
  kMethod2,  // one is added to matches and n-grams, n > 1
  kMethod3,  // 1/2, 1/4, ... of a match (NIST)
  kMethod4,  // as 3, the smaller the shorter the text
  kMethod5,  // mean with the precisions of the neighbouring orders
  kMethod6,  // interpolated with a prior from the two lower orders
  kMethod7   // 4, then 5
};

class NltkBleu {
 public:
  NltkBleu() = default;
  NltkBleu(const std::vector<std::string>& hypothesis,
           const std::vector<std::vector<std::string>>& references);
  // Corpus BLEU is that of the summed counts; only methods 0 to 3 are defined on it.
  NltkBleu& operator+=(const NltkBleu& other);
  // BLEU-`order`, 1..4. NaN where the method is not defined (method 6 for orders 1 and 2, or
  // without a matching trigram); methods 5 and 7 may exceed 1.
  double score(int order, Smoothing smoothing) const;

 private:
  static constexpr size_t kOrders = 5;  // method 5 looks at 5-grams too
  std::array<double, kOrders> matches_{}, grams_{};
  double words_ = 0, reference_words_ = 0;
};

// sacreBLEU's score / 100: exponential smoothing, only the orders that the text is long enough for
// (effective order) when it is one sentence; first reference words only where counts are summed.
class SacreBleu {
 public:
  SacreBleu() = default;
  SacreBleu(const std::vector<std::string>& hypothesis,
            const std::vector<std::vector<std::string>>& references);
  SacreBleu& operator+=(const SacreBleu& other);
  double score(bool uses_effective_order) const;

 private:
  std::array<double, 4> matches_{}, grams_{};
  double words_ = 0, reference_words_ = 0;
};

}  // namespace radgen::evaluation
