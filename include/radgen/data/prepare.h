// From a public data set to a prepared dataset: filtered reports, 16-bit images, labels and
// boxes, one manifest.
//
//   auto source = open_source("mimic-cxr", {.input = "/data/mimic-cxr"});
//   PrepareSummary summary = prepare_dataset(PrepareConfig(), *source, "prepared", {.threads = 8});
//
// The output folder:
//   images/p10/p10000032/s50414267/<image_id>.png   16-bit grey, long side at most size_px, aspect
//                         kept
//   manifest.jsonl        one line a usable image, in the source's order (manifest.h)
//   rejected.jsonl        {"source", "reason", "message"}: an image's relative path or TABLE:LINE
//   duplicates.jsonl      images that are there twice, within and across splits (duplicates.h)
//   tokenizer.model       trained on the training split's texts and indications only
//   prepare.json          resolved config, versions, counts by reason and split, seconds
//   prepare.journal.jsonl what is finished: a killed run takes it up and makes no finished image
//                         again
// The last files appear only when a run comes to its end. Runs in a folder of another configuration
// are refused.
//
// Which image of a study (unless all_views): only views that `views` names; one with boxes before
// one without (prefer_annotated), then by the order in `views`, then by image_id. Where that one
// cannot be used, the next is taken. Where no table names a study's views and it has several
// images, one that shows two lung fields goes before one that does not.
//
// Several machines: each runs the same command with its shard, in a folder that all of them see (or
// that is brought together afterwards), and one merges when all are done:
//   prepare_dataset(config, *source, "prepared", {.shard = 3, .shards = 8});   // 1..8, any order
//   merge_shards(config, *source, "prepared", options);   // the same files as one run writes
// Memory: about 2 KB a listed image (0.7 GB for MIMIC-CXR; 3 KB where the reports come in a
// table), and what sentencepiece needs for the tokenizer's texts; images are one a thread.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "radgen/core/config.h"
#include "radgen/data/source.h"
#include "radgen/imaging/preparation.h"

namespace radgen {

struct PrepareConfig {
  PreparationConfig preparation;  // its keys stand beside these
  int64_t min_words = 10, max_words = 200;
  std::string sections = "both";
  std::vector<std::string> views{"PA", "AP", "unknown"};
  bool all_views = false;
  bool prefer_annotated = true;
  int64_t png_compression = 1;
  int64_t vocabulary_size = 1500;
  bool allow_leakage = false;
  // Since format 1; left out of the configuration's hash while at their defaults.
  double split_validate = 0.1, split_test = 0.2;
  std::string box_split = "check";
  std::vector<std::string> reject_flags{"blank", "tiny", "for_processing"};
  int64_t near_duplicate_bits = 32;
  bool drop_comparisons = false;
  bool source_labels = true;  // the set's own labels, where it has them, before the rules labeler's
  bool mimic_exact_sections = false;
};

inline void describe(Fields& f, PrepareConfig& c) {
  describe(f, c.preparation);
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
  f.field("png_compression", c.png_compression,
          {.help = "0: fast and large .. 9: slow and small", .min = 0, .max = 9});
  f.field("vocabulary_size", c.vocabulary_size,
          {.help = "pieces of the tokenizer; 0: train none", .min = 0, .max = 100000});
  f.field("allow_leakage", c.allow_leakage,
          {.help = "go on when a patient is in more than one split; scores mean little then"});
  f.field("split_validate", c.split_validate,
          {.help = "share of the patients for validation, where the data set has no split",
           .min = 0,
           .max = 0.9});
  f.field("split_test", c.split_test,
          {.help = "share of the patients for the test, where the data set has no split",
           .min = 0,
           .max = 0.9});
  f.field("box_split", c.box_split,
          {.help = "boxes that come with a split of their own (MS-CXR 1.1): check: another one "
                   "than the picture's is leakage; ignore: the picture's counts; follow: the "
                   "patient moves to the boxes' split",
           .choices = {"check", "ignore", "follow"}});
  f.field("reject_flags", c.reject_flags,
          {.help = "quality flags that reject a picture instead of being recorded only",
           .choices = {"blank", "low_contrast", "noise", "saturated", "tiny", "for_processing",
                       "inverted_guess", "rotated_guess", "lateral_guess", "not_frontal_guess"}});
  f.field("near_duplicate_bits", c.near_duplicate_bits,
          {.help = "pictures of different splits whose 256-bit hashes differ in at most so many "
                   "bits are compared; 0: only equal files are found",
           .min = 0,
           .max = 64});
  f.field("drop_comparisons", c.drop_comparisons,
          {.help = "leave out sentences that compare with an earlier film (unchanged, interval "
                   "increase): a model that sees no prior must not learn to mention one"});
  f.field("source_labels", c.source_labels,
          {.help = "training labels are the set's own where it has them (MIMIC-CXR's "
                   "mimic-cxr-*-chexpert.csv, CheXpert's tables), so that what trains is not what "
                   "scores; false: the rules labeler's wherever there is a report"});
  f.field("mimic_exact_sections", c.mimic_exact_sections,
          {.help = "sections of MIMIC-CXR's reports as its authors' parser finds them, its fault "
                   "included: a header directly under an empty header is swallowed"});
}

// Where later fields of the configuration keep their defaults, folders of earlier versions go on.
inline constexpr std::array kFieldsAfterFormat1{
    "split_validate",   "split_test",          "box_split",        "crop_collimation",
    "reject_flags",     "near_duplicate_bits", "drop_comparisons", "mimic_exact_sections",
    "clahe_clip_limit", "clahe_tiles",         "source_labels"};

// The preparation of a prepared dataset's images, as its prepare.json says (the file's content).
// Throws Error{kData} where it does not.
PreparationConfig dataset_preparation(const nlohmann::json& prepare_info);

struct PrepareOptions {
  int threads = 0;               // 0: all cores
  bool may_overwrite = false;    // an existing output is moved aside
  bool is_dry_run = false;       // selects and checks the tables, opens no image, writes nothing
  bool text_only = false;        // no image is opened or written: texts, labels, boxes as drawn
  size_t shard = 0, shards = 0;  // this is number 1..shards; 0: the whole
};

struct PrepareSummary {
  size_t candidates = 0;  // images that the source lists
  size_t selected = 0;    // by split and view: images wanted in the end, one a study or more
  size_t prepared = 0;    // in the manifest
  size_t reused = 0;      // of these, images that an earlier run had finished
  size_t boxes = 0, images_with_boxes = 0, boxes_outside = 0;
  // Words and boxes (box_phrase_matching.h): mentions with boxes, mentions kept out of training
  // because their boxes cannot be told apart, and boxes that no mention of the report names.
  size_t linked_mentions = 0, ambiguous_mentions = 0, boxes_without_words = 0;
  size_t leaking_patients = 0, box_split_conflicts = 0;
  std::map<std::string, size_t> splits;    // prepared images
  std::map<std::string, size_t> rejected;  // by reason
  std::map<std::string, size_t> warnings;  // of the film reader, by code
  std::map<std::string, size_t> quality;   // flags of prepared images
  std::map<std::string, size_t> counts;    // of the source: "boxes_of_other_findings"
  size_t duplicates = 0, duplicates_across_splits = 0, near_duplicates_across_splits = 0;
  int64_t tokenizer_pieces = 0;  // 0: no tokenizer was trained
  double image_seconds = 0;      // making images, without tables, tokenizer and duplicates
  double seconds = 0;
  // Images made a second, and the hours that MIMIC-CXR's 377,110 would take at that rate; 0
  // when none was made.
  double images_per_second() const;
  double hours_for_mimic_cxr() const;
};
nlohmann::ordered_json summary_to_json(const PrepareSummary& summary);

// Throws Error{kData} (unreadable tables, a patient in two splits, no usable image),
// Error{kUsage} (the output is in use for something else), Error{kResource} (cannot write) and
// Interrupted; all but the first leave what is finished.
PrepareSummary prepare_dataset(const PrepareConfig& config, const StudySource& source,
                               const std::filesystem::path& output,
                               const PrepareOptions& options = {});

// Joins the shards in `output`/shards into one prepared dataset. Throws Error{kData} that names the
// shards that are not finished or not of this data set and configuration.
PrepareSummary merge_shards(const PrepareConfig& config, const StudySource& source,
                            const std::filesystem::path& output,
                            const PrepareOptions& options = {});

}  // namespace radgen
