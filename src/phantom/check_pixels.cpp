#include <algorithm>
#include <map>

#include "checked_set.h"
#include "pixel_shortcuts.h"

namespace radgen::phantom {
namespace {

constexpr int kFewestPositives = 8;  // in training and in test; fewer give no AUROC

bool shows(const CheckedStudy& study, Finding finding) {
  bool has_pathology = false;
  for (const TrueFinding& f : study.truth.findings) {
    if (f.finding == finding && f.is_visible) return true;
    has_pathology = has_pathology || (f.is_visible && f.finding != Finding::kSupportDevices);
  }
  return finding == Finding::kNoFinding && !has_pathology;
}

cv::Mat pixels_of(const std::vector<const CheckedStudy*>& studies) {
  cv::Mat rows(static_cast<int>(studies.size()), kThumbnailSide * kThumbnailSide, CV_32F);
  for (int i = 0; i < rows.rows; ++i)
    studies[static_cast<size_t>(i)]->thumbnail.copyTo(rows.row(i));
  return rows;
}

cv::Mat labels_of(const std::vector<const CheckedStudy*>& studies) {
  cv::Mat labels(static_cast<int>(studies.size()), static_cast<int>(kFindingCount), CV_32F);
  for (int i = 0; i < labels.rows; ++i) {
    for (Finding f : all_findings()) {
      labels.at<float>(i, static_cast<int>(f)) =
          shows(*studies[static_cast<size_t>(i)], f) ? 1.0f : 0.0f;
    }
  }
  return labels;
}

double column_auroc(const cv::Mat& scores, const cv::Mat& labels, int k) {
  std::vector<float> s;
  std::vector<bool> y;
  for (int i = 0; i < scores.rows; ++i) {
    s.push_back(scores.at<float>(i, k));
    y.push_back(labels.at<float>(i, k) > 0.5f);
  }
  return auroc(s, y);
}

std::vector<int> judged_columns(const cv::Mat& train, const cv::Mat& test) {
  std::vector<int> columns;
  for (int k = 0; k < train.cols; ++k) {
    const double in_train = cv::sum(train.col(k))[0], in_test = cv::sum(test.col(k))[0];
    if (k == static_cast<int>(Finding::kNoFinding)) continue;
    if (in_train >= kFewestPositives && in_test >= kFewestPositives) columns.push_back(k);
  }
  return columns;
}

void check_logistic(const CheckedSet& set, SelfCheck& check) {
  const auto train = set.split("train"), validate = set.split("validate"), test = set.split("test");
  const cv::Mat train_labels = labels_of(train), test_labels = labels_of(test),
                validate_labels = labels_of(validate);
  const cv::Mat train_pixels = pixels_of(train), test_pixels = pixels_of(test),
                validate_pixels = pixels_of(validate);
  const std::vector<int> columns = judged_columns(train_labels, test_labels);
  if (columns.empty()) return;
  // The penalty that does best on the validation split: the shortcut gets a fair chance.
  double best = -1;
  LogisticModel model;
  for (double l2 : {0.003, 0.03, 0.3, 3.0}) {
    LogisticModel candidate = fit_logistic(train_pixels, train_labels, l2);
    const cv::Mat scores = logistic_scores(candidate, validate_pixels);
    double sum = 0;
    for (int k : columns) sum += column_auroc(scores, validate_labels, k);
    if (sum <= best) continue;
    best = sum;
    model = std::move(candidate);
  }
  const cv::Mat scores = logistic_scores(model, test_pixels);
  double sum = 0, highest = 0;
  for (int k : columns) {
    const double value = column_auroc(scores, test_labels, k);
    sum += value;
    highest = std::max(highest, value);
    for (FindingDifficulty& f : check.findings) {
      if (f.finding == finding_name(static_cast<Finding>(k))) f.auroc = value;
    }
  }
  const auto n = static_cast<int64_t>(test.size());
  check.values.push_back({"shortcut",
                          "logistic_auroc_macro",
                          sum / static_cast<double>(columns.size()),
                          {},
                          0.80,
                          n,
                          "logistic regression on 32 x 32 pixels, visible findings, mean over "
                          "findings with 8 or more"});
  check.values.push_back(
      {"shortcut", "logistic_auroc_highest", highest, {}, 0.92, n, "the finding it does best on"});
}

void check_neighbour(const CheckedSet& set, SelfCheck& check) {
  const auto train = set.split("train"), test = set.split("test");
  if (train.empty() || test.empty()) return;
  const std::vector<int> nearest = nearest_rows(pixels_of(train), pixels_of(test));
  auto says = [](const CheckedStudy& s, Finding f) {
    const auto label = s.labels.find(f);
    return label != s.labels.end() && label->second != 0;
  };
  double sum = 0;
  int classes = 0;
  for (Finding f : all_findings()) {
    if (f == Finding::kNoFinding) continue;
    double hit = 0, said = 0, wanted = 0;
    for (size_t i = 0; i < test.size(); ++i) {
      const bool a = says(*train[static_cast<size_t>(nearest[i])], f), b = says(*test[i], f);
      hit += a && b;
      said += a;
      wanted += b;
    }
    if (wanted == 0) continue;
    sum += 2 * hit / (said + wanted);
    ++classes;
  }
  if (classes == 0) return;
  check.values.push_back(
      {"shortcut",
       "nearest_neighbour_f1_macro",
       sum / classes,
       {},
       0.35,
       static_cast<int64_t>(test.size()),
       "CheXpert-F1 of the nearest training film's report (32 x 32 pixels), uncertain as positive, "
       "13 classes"});
}

void check_location(const CheckedSet& set, SelfCheck& check) {
  using Place = std::pair<Finding, Side>;
  std::map<Place, std::vector<cv::Mat>> masks;
  auto each_mask = [&](const std::string& split, auto&& use) {
    for (const CheckedStudy* study : set.split(split)) {
      for (const TrueFinding& f : study->truth.findings) {
        if (!f.is_visible) continue;
        const cv::Mat mask = grid_mask(f, study->film);
        if (!mask.empty()) use(Place{f.finding, f.side}, mask);
      }
    }
  };
  each_mask("train",
            [&](const Place& place, const cv::Mat& mask) { masks[place].push_back(mask); });
  std::map<Place, cv::Mat> priors;
  for (const auto& [place, list] : masks) priors[place] = location_prior(list);
  std::map<Finding, std::pair<double, int>> by_finding;
  int64_t count = 0;
  each_mask("test", [&](const Place& place, const cv::Mat& mask) {
    const auto prior = priors.find(place);
    auto& [sum, n] = by_finding[place.first];
    sum += prior == priors.end() ? 0 : mask_iou(prior->second, mask);
    ++n;
    ++count;
  });
  double sum = 0;
  int findings = 0;
  for (const auto& [finding, total] : by_finding) {
    const double value = total.first / total.second;
    check.values.push_back({"location prior",
                            finding_name(finding),
                            value,
                            {},
                            {},
                            total.second,
                            "IoU, printed only"});
    sum += value;
    ++findings;
  }
  if (findings == 0) return;
  check.values.push_back(
      {"shortcut",
       "location_prior_iou_macro",
       sum / findings,
       {},
       0.35,
       count,
       "mean training mask of finding and side, cut at its best training threshold, 64 x 64 grid"});
}

}  // namespace

void check_pixels(const CheckedSet& set, SelfCheck& check) {
  check_logistic(set, check);
  check_neighbour(set, check);
  check_location(set, check);
}

}  // namespace radgen::phantom
