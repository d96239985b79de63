// The journal of a prepare run: which images are finished, so that a killed run goes on where it
// stopped.
//
// First line {"config_sha256": ...}, then one line a finished image, written after its PNG is in
// place. A line that a kill cut short is dropped, and so is a line whose image is gone.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "radgen/core/files.h"
#include "radgen/core/geometry.h"

namespace radgen {

// Removes what killed calls of write_file_atomic(file, ...) left beside it.
void remove_half_written(const fs::path& file);

// What is known of an image once it lies on the disk; everything else in the manifest is cheap to
// work out again.
struct FinishedImage {
  std::string image_id, image, source_path, source_sha256, spacing_kind, view;
  int width = 0, height = 0, source_rows = 0, source_columns = 0;
  double pixel_spacing_mm = 0;
  Affine source_transform;
  std::vector<std::string> warnings, quality;
  std::string hash;                  // image_hash.h; empty: an earlier version made the image
  std::optional<double> header_age;  // what the film's header says, for sets without such tables
  std::string header_sex;
};

class PrepareJournal {
 public:
  static constexpr const char* kFileName = "prepare.journal.jsonl";

  // True when a run began in `folder`, be it that a kill caught the journal's first line.
  static bool is_in(const fs::path& folder);

  // Takes up the journal in `folder` or starts one; images lie below `root`. Throws Error{kUsage}
  // when it was written under another configuration.
  PrepareJournal(const fs::path& root, const fs::path& folder, const std::string& config_sha256);

  const FinishedImage* find(const std::string& image_id) const;  // null: not finished
  size_t size() const { return finished_.size(); }
  void add(const FinishedImage& prepared);  // thread safe; does not change what find() sees

 private:
  void read(const fs::path& root, const fs::path& folder, const std::string& config_sha256);

  std::unordered_map<std::string, FinishedImage> finished_;
  std::unique_ptr<JsonlWriter> writer_;
  std::mutex mutex_;
};

}  // namespace radgen
