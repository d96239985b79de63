// The page of a data set: what a Survey holds, drawn; self-contained HTML without scripts.
//
//   PageFacts facts{.source = "mimic-cxr", .is_synthetic = false};
//   write_file_atomic(dir / "explore.html", explore_page(survey, facts, {}));
//
// Examples are films and report texts: only for data that may be shown. Without them the page holds
// counts alone, and says which of the two it is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/explore/survey.h"
#include "radgen/report/labeler.h"

namespace radgen::explore {

struct PageFacts {
  std::string name, source;   // of the folder; of the data set ("mimic-cxr"), may be empty
  bool is_synthetic = false;  // phantoms
};

// A study to look at: its film with boxes as PNG bytes, its text with the labeler's mentions, its
// labels.
struct Example {
  std::string split, view, film_png, text;
  std::vector<Mention> mentions;
  Labels labels;
  std::vector<FindingBox> boxes;
};

// Up to `count` studies that together show as many findings with boxes as possible, and a normal
// one, chosen by a fixed rule. Images that cannot be read are passed over.
std::vector<Example> choose_examples(const std::vector<ManifestEntry>& entries,
                                     const std::filesystem::path& data_dir, size_t count);

std::string explore_page(const Survey& survey, const PageFacts& facts,
                         const std::vector<Example>& examples);

}  // namespace radgen::explore
