// Is a phantom data set worth scoring on? Tries to solve it by shortcuts and looks whether its
// shares are what the plan says. Reads what lies on disk (films, truth.jsonl, reports), not what
// the generator had in memory.
//
//   SelfCheck check = self_check("phantom", /*threads=*/0);
//   std::cout << self_check_table(check);
//   return check.has_passed() ? 0 : 4;
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace radgen::phantom {

// One measured value and what it may be.
struct CheckedValue {
  std::string group, name;  // "shortcut", "logistic_auroc_macro"
  double value = 0;
  std::optional<double> low, high;  // inclusive; none: printed only
  int64_t count = 0;                // studies (or sentences, findings) behind the value
  std::string definition;
  bool has_passed() const { return !(low && value < *low) && !(high && value > *high); }
};

// How hard a finding is to see.
struct FindingDifficulty {
  std::string finding;
  int64_t count = 0;
  double visible_ratio = 0, contrast_to_noise_median = 0, size_mm_median = 0, area_ratio_median = 0;
  double auroc = 0;  // of the logistic regression; 0: too few
};

struct SelfCheck {
  std::vector<CheckedValue> values;
  std::vector<FindingDifficulty> findings;
  bool has_passed() const;
};

// Throws Error{kData} when `folder` holds no phantom data set.
SelfCheck self_check(const std::filesystem::path& folder, int threads);

std::string self_check_table(const SelfCheck& check);
nlohmann::ordered_json self_check_json(const SelfCheck& check);

}  // namespace radgen::phantom
