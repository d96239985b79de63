#include "radgen/evaluation/baselines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/evaluation/systematic_subsample.h"
#include "radgen/evaluation/text/tokenize.h"
#include "radgen/imaging/image.h"
#include "radgen/report/bleu.h"

namespace radgen::evaluation {
namespace {

constexpr int kSide = 32;
constexpr size_t kPixels = kSide * kSide;
constexpr uint64_t kRandomReport = 0x72616e64;  // stream of this purpose

// Images that cannot be read are left empty.
std::vector<std::vector<float>> thumbnails(const std::vector<Reference>& references,
                                           const std::vector<size_t>& which, int threads) {
  std::vector<std::vector<float>> result(which.size());
  parallel_for(which.size(), threads, [&](size_t i) {
    const Reference& reference = references[which[i]];
    if (reference.image.empty()) return;
    const Result<cv::Mat> image = read_png16(reference.image);
    if (!image) return;
    cv::Mat small, numbers;
    cv::resize(*image, small, {kSide, kSide}, 0, 0, cv::INTER_AREA);
    small.convertTo(numbers, CV_32F);
    cv::Scalar mean, deviation;
    cv::meanStdDev(numbers, mean, deviation);
    numbers = (numbers - mean[0]) / std::max(deviation[0], 1e-6);
    result[i].assign(numbers.ptr<float>(), numbers.ptr<float>() + kPixels);
  });
  return result;
}

float squared_distance(const float* a, const float* b) {
  float sum = 0;
  for (size_t i = 0; i < kPixels; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

}  // namespace

std::string constant_report(const std::vector<Reference>& train,
                            const std::vector<Reference>& validate,
                            const BaselineOptions& options) {
  if (train.empty()) return "";
  const std::vector<Reference>& judges = validate.empty() ? train : validate;
  std::vector<Ngrams> references;
  for (const size_t i : systematic_subsample(judges.size(), options.constant_references)) {
    references.push_back(ngrams(scoring_tokens(judges[i].text())));
  }
  const std::vector<size_t> candidates =
      systematic_subsample(train.size(), options.constant_candidates);
  std::vector<double> scores(candidates.size());
  parallel_for(candidates.size(), options.threads, [&](size_t c) {
    const Ngrams candidate = ngrams(scoring_tokens(train[candidates[c]].text()));
    BleuCounts total;
    for (const Ngrams& reference : references) total += bleu_counts(candidate, reference);
    scores[c] = bleu(total, kBleuOrder);
  });
  const auto best = std::max_element(scores.begin(), scores.end());
  return train[candidates[static_cast<size_t>(best - scores.begin())]].text();
}

std::vector<std::string> cross_fitted_constants(const std::vector<Reference>& test,
                                                const BaselineOptions& options) {
  std::array<std::vector<Reference>, 2> halves;
  std::vector<size_t> half_of;
  for (const Reference& reference : test) {
    const std::string& patient =
        reference.patient_id.empty() ? reference.study_id : reference.patient_id;
    half_of.push_back(hash_text(patient) & 1);
    halves[half_of.back()].push_back(reference);
  }
  if (halves[0].empty() || halves[1].empty()) return {};
  const std::array<std::string, 2> constants{constant_report(halves[0], {}, options),
                                             constant_report(halves[1], {}, options)};
  std::vector<std::string> reports;
  for (const size_t half : half_of) reports.push_back(constants[1 - half]);
  return reports;
}

std::vector<std::string> nearest_reports(const std::vector<Reference>& test,
                                         const std::vector<Reference>& train,
                                         const BaselineOptions& options) {
  const std::vector<size_t> searched = systematic_subsample(train.size(), options.nearest_images);
  const std::vector<std::vector<float>> known = thumbnails(train, searched, options.threads);
  if (std::all_of(known.begin(), known.end(), [](const auto& k) { return k.empty(); })) return {};
  const std::vector<std::vector<float>> asked =
      thumbnails(test, systematic_subsample(test.size(), 0), options.threads);
  std::vector<std::string> reports(test.size());
  parallel_for(test.size(), options.threads, [&](size_t t) {
    if (asked[t].empty()) return;
    float best = std::numeric_limits<float>::infinity();
    for (size_t k = 0; k < known.size(); ++k) {
      if (known[k].empty()) continue;
      const float distance = squared_distance(asked[t].data(), known[k].data());
      if (distance >= best) continue;
      best = distance;
      reports[t] = train[searched[k]].text();
    }
  });
  return reports;
}

std::vector<std::string> random_reports(const std::vector<Reference>& test,
                                        const std::vector<Reference>& train,
                                        const BaselineOptions& options) {
  std::vector<std::string> reports(test.size());
  for (size_t t = 0; t < test.size(); ++t) {
    Random random(options.seed, {kRandomReport, hash_text(test[t].study_id)});
    if (!train.empty()) {
      reports[t] = random.pick(train).text();
    } else if (test.size() > 1) {
      const size_t step =
          static_cast<size_t>(random.integer(1, static_cast<int64_t>(test.size()) - 1));
      reports[t] = test[(t + step) % test.size()].text();
    }
  }
  return reports;
}

std::string always_positive_report() {
  return "There is cardiomegaly. The mediastinum is widened. There is pulmonary edema. There is "
         "consolidation. There is pneumonia. There is atelectasis. There is a pneumothorax. There "
         "is "
         "a pleural effusion. There is pleural thickening. There is a lung nodule. There is a lung "
         "opacity. There is a rib fracture. There is an endotracheal tube.";
}

}  // namespace radgen::evaluation
