// From a public data set to a prepared dataset: filtered reports, 16-bit pictures, labels and
// boxes, one manifest.
//
//   auto source = open_source("mimic-cxr", {.input = "/data/mimic-cxr"});
//   PrepareSummary summary = prepare_dataset(PrepareConfig(), *source, "prepared", {.threads = 8});
//
// The output folder:
//   images/p10/p10000032/s50414267/<image_id>.png   16-bit grey, long side at most size_px, aspect
//   kept manifest.jsonl        one line a usable picture, in the source's order (manifest.h)
//   rejected.jsonl        {"source", "reason", "message"}: source is the picture's relative path
//   tokenizer.model       trained on the training split's texts and indications only
//   prepare.json          resolved config, versions, counts by reason and split, seconds
//   prepare.journal.jsonl what is finished: a killed run takes it up and makes no finished picture
//   again
// The last four appear only when a run comes to its end. Runs in a folder of another configuration
// are refused.
//
// Which picture of a study (unless all_views): only views that `views` names; one with boxes before
// one without (prefer_annotated), then by the order in `views`, then by image_id.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "radgen/core/config.h"
#include "radgen/data/source.h"

namespace radgen {

struct PrepareConfig {
  int64_t size_px = 2048;
  int64_t min_words = 10, max_words = 200;
  std::string sections = "both";
  std::vector<std::string> views{"PA", "AP", "unknown"};
  bool all_views = false;
  bool prefer_annotated = true;
  std::string photometric = "voi";
  int64_t png_compression = 1;
  int64_t vocabulary_size = 1500;
  bool allow_leakage = false;
};

inline void describe(Fields& f, PrepareConfig& c) {
  f.field("size_px", c.size_px,
          {.help = "long side of the prepared pictures; smaller films are not enlarged",
           .min = 32,
           .max = 8192,
           .unit = "px"});
  f.field("min_words", c.min_words,
          {.help = "reports with fewer words in the target sections are rejected; 0: none are",
           .min = 0,
           .max = 1e6,
           .unit = "words"});
  f.field("max_words", c.max_words,
          {.help = "reports with more words in the target sections are rejected",
           .min = 1,
           .max = 1e6,
           .unit = "words"});
  f.field(
      "sections", c.sections,
      {.help = "the sections that are learnt; reports without headers give their last paragraph",
       .choices = {"both", "findings", "impression"}});
  f.field("views", c.views,
          {.help = "accepted views, the preferred one first: PA, AP, LATERAL, OTHER, unknown "
                   "(ViewPosition empty)",
           .choices = {"PA", "AP", "LATERAL", "OTHER", "unknown"}});
  f.field("all_views", c.all_views,
          {.help = "true: every picture of an accepted view; false: one picture a study"});
  f.field("prefer_annotated", c.prefer_annotated,
          {.help = "of a study's accepted pictures, one that has boxes goes first"});
  f.field("photometric", c.photometric,
          {.help = "how stored values become grey: VOI LUT or window, or as MIMIC-CXR-JPG was made",
           .choices = {"voi", "mimic-jpg"}});
  f.field("png_compression", c.png_compression,
          {.help = "0: fast and large .. 9: slow and small", .min = 0, .max = 9});
  f.field("vocabulary_size", c.vocabulary_size,
          {.help = "pieces of the tokenizer; 0: train none", .min = 0, .max = 100000});
  f.field("allow_leakage", c.allow_leakage,
          {.help = "go on when a patient is in more than one split; scores mean little then"});
}

struct PrepareOptions {
  int threads = 0;             // 0: all cores
  bool may_overwrite = false;  // an existing output is moved aside
  bool is_dry_run = false;     // selects and checks the tables, opens no picture, writes nothing
};

struct PrepareSummary {
  size_t candidates = 0;  // pictures that the source lists
  size_t selected = 0;    // by split and view
  size_t prepared = 0;    // in the manifest
  size_t reused = 0;      // of these, pictures that an earlier run had finished
  size_t boxes = 0, pictures_with_boxes = 0, boxes_outside = 0;
  size_t leaking_patients = 0;
  std::map<std::string, size_t> splits;    // prepared pictures
  std::map<std::string, size_t> rejected;  // by reason
  std::map<std::string, size_t> warnings;  // of the film reader, by code
  int64_t tokenizer_pieces = 0;            // 0: no tokenizer was trained
  double seconds = 0;
};
nlohmann::ordered_json summary_to_json(const PrepareSummary& summary);

// Throws Error{kData} (unreadable tables, a patient in two splits, no usable picture),
// Error{kUsage} (the output is in use for something else), Error{kResource} (cannot write) and
// Interrupted; all but the first leave what is finished.
PrepareSummary prepare_dataset(const PrepareConfig& config, const StudySource& source,
                               const std::filesystem::path& output,
                               const PrepareOptions& options = {});

}  // namespace radgen
