#include "radgen/inference/faithfulness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "radgen/core/error.h"
#include "radgen/imaging/image_perturbations.h"
#include "radgen/imaging/organs.h"

namespace radgen {
namespace {

// share of a random region that lies in the body
constexpr double kLeastInside = 0.95;
// share of a random region that lies on the region itself
constexpr double kMostOverlap = 0.25, kMostLargeOverlap = 0.75;
// Share of a box that may lie in other organs than the region does: the first that leaves enough.
constexpr double kOrganTolerances[] = {0.05, 0.1, 0.2};
constexpr int kPositionsAcross = 128;  // of the grid, over the long side
constexpr int64_t kLeastRandomRegions = 9;
constexpr int64_t kRoomForChoice = 3;  // positions a random region, or all lie on each other
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

// Shares of a box in the organs, from one integral image an organ.
class OrganShares {
 public:
  explicit OrganShares(const cv::Mat& organs) {
    if (organs.empty()) return;
    for (int organ = 1; organ < kOrgans; ++organ) {
      const cv::Mat is_organ = (organs == organ) / 255;
      cv::integral(is_organ, integrals_[static_cast<size_t>(organ)], CV_64F);
    }
  }
  // Half the sum of the differences of the two boxes' shares: what lies in another organ.
  double distance(const Box& a, const Box& b) const {
    double sum = 0;
    for (size_t organ = 1; organ < integrals_.size(); ++organ) {
      if (integrals_[organ].empty()) return 0;
      sum += std::abs(covered(integrals_[organ], a) / std::max(a.area(), 1.0) -
                      covered(integrals_[organ], b) / std::max(b.area(), 1.0));
    }
    return sum / 2;
  }

 private:
  std::array<cv::Mat, kOrgans> integrals_;
};

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
void read_all(const ReadLogProbs& read_log_probs, int64_t batch_size,
              const std::vector<StudyInput>& studies, const std::vector<Draft>& drafts,
              const std::vector<HiddenRegion>& regions, std::vector<Reading>& readings) {
  const auto batch = static_cast<size_t>(batch_size);
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
    const auto read = read_log_probs(inputs, texts);
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

// Sentence and box of the regions to hide: box by box, so that a limit meets every sentence once
// before it meets one twice.
std::vector<std::pair<size_t, size_t>> regions_to_hide(const Draft& draft,
                                                       const FaithfulnessOptions& options) {
  std::vector<std::pair<size_t, size_t>> chosen;
  size_t most_boxes = 0;
  for (const DraftSentence& sentence : draft.sentences)
    most_boxes = std::max(most_boxes, sentence.boxes.size());
  for (size_t b = 0; b < most_boxes; ++b)
    for (size_t i = 0; i < draft.sentences.size(); ++i) {
      const DraftSentence& sentence = draft.sentences[i];
      const bool is_asked = options.kind == RegionKind::kEvidence
                                ? sentence.is_grounded && states_finding(draft, i)
                                : sentence.region == options.kind;
      if (is_asked && b < sentence.boxes.size()) chosen.emplace_back(i, b);
    }
  const auto most = static_cast<size_t>(options.most_of_study);
  if (most > 0 && chosen.size() > most) chosen.resize(most);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

std::vector<Box> matched_regions(const Box& region, const cv::Mat& body, const cv::Mat& organs,
                                 int64_t count, Random random) {
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
  const OrganShares shares(organs);
  std::vector<Box> within;
  std::vector<double> distances;
  for (double y = 0; y + region.h <= body.rows; y += step) {
    for (double x = 0; x + region.w <= body.cols; x += step) {
      const Box box{x, y, region.w, region.h};
      if (intersect(box, region).area() > most_overlap * region.area()) continue;
      if (covered(integral, box) < kLeastInside * area) continue;
      within.push_back(box);
      distances.push_back(shares.distance(box, region));
    }
  }
  std::vector<Box> found;
  for (const double tolerance : kOrganTolerances) {
    found.clear();
    for (size_t i = 0; i < within.size(); ++i) {
      if (distances[i] <= tolerance) found.push_back(within[i]);
    }
    if (static_cast<int64_t>(found.size()) >= kRoomForChoice * count) break;
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
  return check_faithfulness(
      [&](const std::vector<StudyInput>& inputs, const std::vector<std::string>& texts) {
        return predictor.log_probs(inputs, texts);
      },
      predictor.batch_size(), studies, drafts, options);
}

std::vector<HiddenRegion> check_faithfulness(const ReadLogProbs& read, int64_t batch,
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
    cv::Mat body, organs;
    for (const auto& [i, b] : regions_to_hide(drafts[s], options)) {
      if (body.empty()) {
        body = body_mask(image);
        if (options.matches_organs) organs = organ_map(image, body);
      }
      HiddenRegion region{drafts[s].study_id, i,
                          clip(drafts[s].sentences[i].boxes[b], image.cols, image.rows)};
      if (region.box.area() <= 0) continue;
      region.body_share = region.box.area() / cv::countNonZero(body);
      const size_t index = regions.size();
      readings.push_back({index, s, {}});
      readings.push_back({index, s, region.box});
      // One more than is compared with: the null.
      for (const Box& box : matched_regions(region.box, body, organs, options.random_regions + 1,
                                            of_study.fork(hash_mix(i, b))))
        readings.push_back({index, s, box});
      regions.push_back(std::move(region));
    }
  }
  read_all(read, batch, studies, drafts, regions, readings);

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
    if (!region.random_falls.empty()) {
      region.null_fall = region.random_falls.back();
      region.random_falls.pop_back();
    }
    region.limit = exceedance_percentile(region.random_falls, kFaithfulPercentile);
    region.is_faithful = region.fall > region.limit;
    region.is_null_faithful = region.null_fall > region.limit;
  }
  return regions;
}

}  // namespace radgen
