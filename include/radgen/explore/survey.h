// What is in a prepared dataset: counts and distributions of its texts, labels, people, images
// and boxes, by split.
//
//   Survey survey = survey_texts(entries, tokenizer ? &*tokenizer : nullptr);
//   survey_images(entries, data_dir, {.max_images = 2000}, survey);
//   write_json_atomic(dir / "explore.json", survey_json(survey));
//
// Texts, labels and people are counted once a study, images and boxes once a line of the
// manifest. Nothing in a Survey names a study or holds a sentence; the terms are those of a fixed
// list.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "radgen/data/manifest.h"
#include "radgen/explore/statistics.h"
#include "radgen/report/finding.h"
#include "radgen/report/tokenizer.h"

namespace radgen::explore {

struct LabelCounts {
  size_t positive = 0, uncertain = 0, negative = 0;  // studies; the rest do not mention it
};

// A "" key is "not known".
using Counts = std::map<std::string, size_t>;

struct SplitSurvey {
  std::string name;
  size_t patients = 0, studies = 0, images = 0;
  std::vector<double> words, tokens;  // a study each; no tokens without a tokenizer
  // positive or uncertain labels of the 12 findings that are no device
  std::vector<double> findings;
  std::vector<double> ages;  // of the studies that say one
  std::array<LabelCounts, kFindingCount> labels{};
  Counts views, sexes, races;  // views: images; the others: studies
  const std::vector<double>& lengths() const { return tokens.empty() ? words : tokens; }
};

struct TermCount {
  std::string name, kind;
  size_t studies = 0, occurrences = 0;
};

struct TokenizerSurvey {
  int64_t vocabulary = 0, used = 0;  // pieces; used: those that some text needs
  size_t tokens = 0, words = 0;
  size_t unknown = 0, single_words = 0;  // tokens that stand for nothing; words that are one piece
  // the k most used pieces and their share of all tokens
  std::vector<std::pair<size_t, double>> coverage;
};

inline constexpr size_t kMapSide = 24;  // cells of a box map, each way

struct BoxSurvey {
  size_t boxes = 0, images = 0;
  std::vector<double> areas;  // shares of the image
  // How much of each cell the boxes cover, summed over boxes; row major, images scaled to the
  // same square.
  std::vector<double> map = std::vector<double>(kMapSide * kMapSide, 0);
};

struct ImageSurvey {
  std::vector<double> widths, heights;    // prepared pixels, all images
  std::vector<double> spacing_mm;         // where known
  Counts photometric, source_sizes;       // "2500 x 3056": how many
  size_t read = 0, unreadable = 0;        // of those that were opened for their grey values
  std::vector<double> means, deviations;  // grey values as shares of white, one an image
  std::vector<double> histogram =
      std::vector<double>(64, 0);  // mean share of pixels, black to white
  double black_share = 0,
         white_share = 0;  // mean share of pixels at exactly 0 and at the largest value
};

struct Survey {
  std::vector<SplitSurvey> splits;  // train, validate, test, then the others by name
  size_t lines = 0, patients_in_several_splits = 0, studies_with_boxes = 0;
  std::vector<TermCount> terms;  // most studies first
  std::map<Finding, BoxSurvey> boxes;
  std::optional<TokenizerSurvey> tokenizer;
  ImageSurvey images;
};

// `tokenizer` may be null: lengths are in words then.
Survey survey_texts(const std::vector<ManifestEntry>& entries, const Tokenizer* tokenizer,
                    int threads = 0);

struct ImageOptions {
  size_t max_images = 2000;  // opened for their grey values, evenly over the manifest; 0: none
  int threads = 0;
};
void survey_images(const std::vector<ManifestEntry>& entries, const std::filesystem::path& data_dir,
                   const ImageOptions& options, Survey& survey);

// Positive or uncertain labels of the findings; No Finding and Support Devices are none.
size_t count_findings(const Labels& labels);

nlohmann::ordered_json survey_json(const Survey& survey);

}  // namespace radgen::explore
