#include "radgen/inference/faithfulness.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "radgen/core/error.h"
#include "radgen/imaging/image_perturbations.h"

namespace radgen {
namespace {

// share of a random region that lies in the body
constexpr double kLeastInside = 0.95;
// share of a random region that lies on the region itself
constexpr double kMostOverlap = 0.25, kMostLargeOverlap = 0.75;
constexpr int kPositionsAcross = 128;  // of the grid, over the long side
constexpr int64_t kLeastRandomRegions = 9;
constexpr uint64_t kRandomRegions = 0x68696465;  // stream of this purpose

// Sum of a mask's integral image over the pixels that the box covers, edges rounded.
double covered(const cv::Mat& integral, const Box& box) {
  const int x0 = std::clamp(cvRound(box.x), 0, integral.cols - 1),
            x1 = std::clamp(cvRound(box.x + box.w), 0, integral.cols - 1);
  const int y0 = std::clamp(cvRound(box.y), 0, integral.rows - 1),
            y1 = std::clamp(cvRound(box.y + box.h), 0, integral.rows - 1);
  return integral.at<double>(y1, x1) - integral.at<double>(y0, x1) - integral.at<double>(y1, x0) +
         integral.at<double>(y0, x0);
}

// One text over one image with one box hidden (none: as it is).
struct Reading {
  size_t region;
  size_t study;
  Box box;
  double log_prob = 0;
};

double sentence_log_prob(const std::vector<TokenLogProb>& tokens, const DraftSentence& sentence) {
  double sum = 0;
  for (const TokenLogProb& token : tokens)
    if (token.begin < sentence.end && token.end > sentence.begin) sum += token.log_prob;
  return sum;
}

// Reads all of it in batches; a study's blurred image is made once.
void read_all(const Predictor& predictor, const std::vector<StudyInput>& studies,
              const std::vector<Draft>& drafts, const std::vector<HiddenRegion>& regions,
              std::vector<Reading>& readings) {
  const auto batch = static_cast<size_t>(predictor.batch_size());
  cv::Mat blurred;
  size_t blurred_study = studies.size();
  for (size_t begin = 0; begin < readings.size(); begin += batch) {
    const size_t end = std::min(readings.size(), begin + batch);
    std::vector<StudyInput> inputs;
    std::vector<std::string> texts;
    for (size_t r = begin; r < end; ++r) {
      const Reading& reading = readings[r];
      inputs.push_back(studies[reading.study]);
      if (reading.box.area() > 0) {
        if (blurred_study != reading.study)
          blurred = strongly_blurred(studies[reading.study].image);
        blurred_study = reading.study;
        inputs.back().image = with_hidden_region(inputs.back().image, blurred, reading.box);
      }
      const Draft& draft = drafts[reading.study];
      // What stands behind the sentence has no part in its probability.
      texts.push_back(
          draft.text().substr(0, draft.sentences[regions[reading.region].sentence].end));
    }
    const auto read = predictor.log_probs(inputs, texts);
    for (size_t r = begin; r < end; ++r) {
      const Reading& reading = readings[r];
      readings[r].log_prob = sentence_log_prob(
          read[r - begin], drafts[reading.study].sentences[regions[reading.region].sentence]);
    }
  }
}

bool states_finding(const Draft& draft, size_t sentence) {
  return std::any_of(draft.mentions.begin(), draft.mentions.end(), [&](const Mention& m) {
    return m.sentence == sentence && m.assertion != Assertion::kNegative &&
           m.finding != Finding::kNoFinding;
  });
}

}  // namespace

std::vector<Box> matched_regions(const Box& region, const cv::Mat& body, int64_t count,
                                 Random random) {
  RADGEN_CHECK(body.type() == CV_8UC1 && !body.empty(), "a body is an 8-bit mask");
  cv::Mat integral;
  cv::integral(cv::Mat(body / 255), integral, CV_64F);
  const double area = std::round(region.w) * std::round(region.h),
               all = integral.at<double>(body.rows, body.cols);
  if (area <= 0) return {};
  const double most_overlap =
      region.area() > kLargeBodyShare * all ? kMostLargeOverlap : kMostOverlap;
  const double step =
      std::max(1.0, static_cast<double>(std::max(body.rows, body.cols)) / kPositionsAcross);
  std::vector<Box> found;
  for (double y = 0; y + region.h <= body.rows; y += step) {
    for (double x = 0; x + region.w <= body.cols; x += step) {
      const Box box{x, y, region.w, region.h};
      if (intersect(box, region).area() > most_overlap * region.area()) continue;
      if (covered(integral, box) >= kLeastInside * area) found.push_back(box);
    }
  }
  if (static_cast<int64_t>(found.size()) < count) return {};
  random.shuffle(found);
  found.resize(static_cast<size_t>(count));
  return found;
}

double exceedance_percentile(std::vector<double> values, double share) {
  const double position = share * static_cast<double>(values.size() + 1);  // from 1 on
  if (position < 1 || position > static_cast<double>(values.size()))
    return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const auto below = static_cast<size_t>(position) - 1;
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - std::floor(position)) * (values[above] - values[below]);
}

std::vector<HiddenRegion> check_faithfulness(const Predictor& predictor,
                                             const std::vector<StudyInput>& studies,
                                             const std::vector<Draft>& drafts,
                                             const FaithfulnessOptions& options) {
  RADGEN_CHECK(studies.size() == drafts.size(), "one draft a study");
  if (options.random_regions < kLeastRandomRegions)
    throw Error(ErrorCode::kUsage,
                "random_regions is " + std::to_string(options.random_regions) +
                    "; expected at least " + std::to_string(kLeastRandomRegions),
                "with fewer no fall is above their 90th percentile");
  std::vector<HiddenRegion> regions;
  std::vector<Reading> readings;
  for (size_t s = 0; s < drafts.size(); ++s) {
    const cv::Mat& image = studies[s].image;
    const Random of_study(options.seed, {kRandomRegions, hash_text(drafts[s].study_id)});
    cv::Mat body;
    for (size_t i = 0; i < drafts[s].sentences.size(); ++i) {
      const DraftSentence& sentence = drafts[s].sentences[i];
      if (!sentence.is_grounded || !states_finding(drafts[s], i)) continue;
      if (body.empty() && !sentence.boxes.empty()) body = body_mask(image);
      for (size_t b = 0; b < sentence.boxes.size(); ++b) {
        HiddenRegion region{drafts[s].study_id, i, clip(sentence.boxes[b], image.cols, image.rows)};
        if (region.box.area() <= 0) continue;
        region.body_share = region.box.area() / cv::countNonZero(body);
        const size_t index = regions.size();
        readings.push_back({index, s, {}});
        readings.push_back({index, s, region.box});
        for (const Box& box : matched_regions(region.box, body, options.random_regions,
                                              of_study.fork(hash_mix(i, b))))
          readings.push_back({index, s, box});
        regions.push_back(std::move(region));
      }
    }
  }
  read_all(predictor, studies, drafts, regions, readings);

  for (size_t r = 0; r < readings.size(); ++r) {
    HiddenRegion& region = regions[readings[r].region];
    // the image as it is comes first, then the region, then the random ones
    if (readings[r].box.area() <= 0) {
      region.log_prob = readings[r].log_prob;
      region.fall = region.log_prob - readings[++r].log_prob;
    } else {
      region.random_falls.push_back(region.log_prob - readings[r].log_prob);
    }
  }
  for (HiddenRegion& region : regions) {
    region.limit = exceedance_percentile(region.random_falls, kFaithfulPercentile);
    region.is_faithful = region.fall > region.limit;
  }
  return regions;
}

}  // namespace radgen
