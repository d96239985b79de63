// A phantom data set as the self-check reads it from disk, and the checks that it is put through.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/phantom/self_check.h"
#include "radgen/phantom/truth.h"
#include "radgen/report/labeler.h"

namespace radgen::phantom {

struct CheckedStudy {
  StudyTruth truth;
  cv::Mat thumbnail;  // 1 x 1024
  cv::Size film;
  Labels labels;     // of the whole report
  std::string text;  // findings, newline, impression
  bool refers_to_prior = false;
};

struct CheckedSet {
  std::vector<CheckedStudy> studies;  // without twins
  std::string prevalence, bias;
  std::vector<const CheckedStudy*> split(const std::string& name) const;
};

CheckedSet read_checked_set(const std::filesystem::path& folder, int threads);

// Shortcuts by pixels: logistic regression, nearest neighbour, location prior.
void check_pixels(const CheckedSet& set, SelfCheck& check);
// Constant report, oracle, lengths, the commonest sentence.
void check_words(const CheckedSet& set, SelfCheck& check);
// Prevalence, co-occurrence, severities, views, how much is said.
void check_shares(const CheckedSet& set, SelfCheck& check);

}  // namespace radgen::phantom
