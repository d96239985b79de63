#include "data/quality_flags.h"

#include <algorithm>
#include <map>
#include <opencv2/core.hpp>

#include "radgen/imaging/quality.h"

namespace radgen {
namespace {

constexpr double kWhiteLevel = 65535 * 0.995, kBlackLevel = 65535 * 0.005;
constexpr int kTinySidePx = 64;
constexpr double kMaxWhiteShare = 0.25, kMaxBlackShare = 0.67;

double share(const cv::Mat& mask) {
  return static_cast<double>(cv::countNonZero(mask)) / static_cast<double>(mask.total());
}

}  // namespace

std::vector<std::string> quality_flags(const Film& film) {
  // Codes of the judgement that are flags of ours.
  static const std::map<std::string, std::string> kFlags{{"blank", "blank"},
                                                         {"low_contrast", "low_contrast"},
                                                         {"dark_image", "low_contrast"},
                                                         {"noise", "noise"},
                                                         {"lateral_view", "lateral_guess"},
                                                         {"tags_say_lateral", "lateral_guess"},
                                                         {"not_a_chest_film", "not_frontal_guess"},
                                                         {"possibly_rotated", "rotated_guess"},
                                                         {"possibly_inverted", "inverted_guess"}};
  const ChestJudgement judgement = judge_chest_film(film, {.takes_for_processing = true});
  std::vector<std::string> codes = judgement.warnings;
  codes.push_back(judgement.reason);
  std::vector<std::string> flags;
  for (const std::string& code : codes) {
    if (const auto it = kFlags.find(code); it != kFlags.end()) flags.push_back(it->second);
  }
  if (std::min(film.pixels.cols, film.pixels.rows) < kTinySidePx) flags.emplace_back("tiny");
  if (film.tags.is_for_processing) flags.emplace_back("for_processing");
  if (judgement.reason == "lateral_view") flags.emplace_back("not_frontal_guess");
  if (std::ranges::find(film.warnings, "lateral_orientation") != film.warnings.end()) {
    flags.emplace_back("lateral_guess");
  }
  if (share(film.pixels >= kWhiteLevel) > kMaxWhiteShare ||
      share(film.pixels <= kBlackLevel) > kMaxBlackShare) {
    flags.emplace_back("saturated");
  }
  std::ranges::sort(flags);
  flags.erase(std::unique(flags.begin(), flags.end()), flags.end());
  return flags;
}

}  // namespace radgen
