// A small data set on disk, written once for all tests that only read it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "radgen/phantom/dataset.h"

namespace radgen::phantom {

class SmallDataset {
 public:
  explicit SmallDataset(int threads = 2, int64_t studies = 60, int long_side_px = 96)
      : root_(std::filesystem::temp_directory_path() /
              ("radgen-phantom-test-" + std::to_string(::getpid()) + "-" +
               std::to_string(counter()++))) {
    options_.plan = {.studies = studies, .seed = 41, .twin_share = 0.5};
    options_.long_side_px = long_side_px;
    options_.threads = threads;
    options_.output = root_ / "set";
    summary_ = write_dataset(options_);
  }
  ~SmallDataset() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  SmallDataset(const SmallDataset&) = delete;
  SmallDataset& operator=(const SmallDataset&) = delete;
  const std::filesystem::path& path() const { return options_.output; }
  const DatasetOptions& options() const { return options_; }
  const DatasetSummary& summary() const { return summary_; }
  static const SmallDataset& shared() {
    static const SmallDataset set;
    return set;
  }

 private:
  static int& counter() {
    static int value = 0;
    return value;
  }
  std::filesystem::path root_;
  DatasetOptions options_;
  DatasetSummary summary_;
};

}  // namespace radgen::phantom
