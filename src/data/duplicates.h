// Images that a prepared dataset holds more than once: a test film that is also a training film
// under another id makes every score a lie.
//
// Equal files are found by their sha256 within and across splits; the same film in another edition
// (size, window, compression) across splits only, by hash and then by comparing the two prepared
// images (image_hash.h). duplicates.jsonl has a line a pair:
//   {"kind": "equal"|"near", "a", "b": image ids, "split_a", "split_b", "distance", "similarity"}
#pragma once

#include <cstddef>
#include <filesystem>

namespace radgen {

struct DuplicateCounts {
  size_t equal = 0;                // images whose file was there before
  size_t equal_across_splits = 0;  // pairs
  size_t near_across_splits = 0;   // pairs
};

// Reads `folder`/manifest.jsonl, writes `folder`/duplicates.jsonl. `max_bits` 0: equal files only.
// Work grows with (images outside the largest split) x (all images), 4 words each: seconds for
// MIMIC-CXR.
DuplicateCounts find_duplicates(const std::filesystem::path& folder, int max_bits, int threads);

}  // namespace radgen
