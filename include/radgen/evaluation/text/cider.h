// CIDEr and CIDEr-D (Vedantam et al. 2015) as the COCO caption tools compute them: n-grams of 1 to
// 4 words weighted by how rare they are among the references, cosine, times 10. What the COCO tools
// call "Cider" is CIDEr-D.
//
//   Cider cider(reference_sets);                       // one list of references a study
//   double score = cider.score(hypothesis_words, references_of_the_study).cider_d;
//
// The document frequencies belong to the set of references: scores of different sets cannot be
// compared, and of a set of one study everything is 0.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace radgen::evaluation {

struct CiderScore {
  double cider = 0, cider_d = 0;  // 0..10
};

class Cider {
 public:
  using Words = std::vector<std::string>;
  explicit Cider(const std::vector<std::vector<Words>>& references);
  // Thread safe.
  CiderScore score(const Words& hypothesis, const std::vector<Words>& references) const;

 private:
  static constexpr size_t kOrders = 4;
  struct Vector {
    // Hash of the n-gram and its weight, sorted by hash.
    std::array<std::vector<std::pair<uint64_t, double>>, kOrders> weights;
    std::array<double, kOrders> norm{};
    double bigrams = 0;
  };
  Vector vector_of(const Words& words) const;

  std::unordered_map<uint64_t, int> documents_;  // in how many studies an n-gram stands
  double log_studies_ = 0;
};

}  // namespace radgen::evaluation
