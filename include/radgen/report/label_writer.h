// Labels reports by the thousand, on all cores, and writes them in the order in which they came: a
// table in MIMIC-CXR's layout (label_table.h) or JSON lines, and by option every mention with the
// words that decided.
//
//   LabelWriter writer({.labels = "labels.csv", .mentions = "mentions.jsonl"});
//   writer.add({.study_id = "50414267", .text = "Small left effusion, no edema."});
//   const size_t count = writer.finish();       // the files appear here, whole
//
// A line: study_id, text, labels, mentions[{finding, side, certainty, begin, end, sentence, words,
// decided_by{words, begin, end}}]; begin and end are bytes of `text`, decided_by is what denies or
// hedges it and is absent where nothing does.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/files.h"
#include "radgen/report/labeler.h"

namespace radgen {

struct LabelledReport {
  std::string subject_id, study_id, text;
  std::vector<Decision> decisions;  // set by the writer, as `labels`
  Labels labels;
};

class LabelWriter {
 public:
  struct Options {
    std::filesystem::path labels;    // .csv: a table; any other name: JSON lines; empty: none
    std::filesystem::path mentions;  // JSON lines; empty: none
    int threads = 0;                 // 0: all cores
  };
  explicit LabelWriter(Options options);
  void add(LabelledReport report);
  size_t finish();                         // the number of reports; with none, no file is written
  size_t empty() const { return empty_; }  // reports without a text: they get no label

 private:
  void flush();

  Options options_;
  bool is_table_;
  Labeler labeler_;
  std::string table_;
  std::vector<LabelledReport> waiting_;
  std::optional<JsonlWriter> lines_, mentions_;
  size_t count_ = 0, empty_ = 0;
};

}  // namespace radgen
