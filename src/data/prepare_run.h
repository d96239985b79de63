// The middle of a prepare run: every unit of the selection, on all cores, into a manifest and a
// list of rejections, both in the order of the selection whatever thread finishes first.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "data/prepare_journal.h"
#include "data/prepare_select.h"
#include "radgen/core/files.h"
#include "radgen/data/box_phrase_matching.h"
#include "radgen/data/manifest.h"
#include "radgen/data/prepare.h"
#include "radgen/report/labeler.h"

namespace radgen {

// What one unit came to.
struct UnitResult {
  std::optional<ManifestEntry> entry;
  std::vector<Rejection> rejections;
  std::vector<std::string> warnings;
  bool is_reused = false;
  size_t boxes_outside = 0;
  LinkCounts links;
};

// Writes results in order; what comes early waits. Counts into the summary.
class ResultWriter {
 public:
  // Into `folder`: manifest.jsonl and rejected.jsonl, which appear with commit().
  ResultWriter(const fs::path& folder, PrepareSummary& summary);
  void reject(const Rejection& rejection);    // before the first put()
  void put(size_t index, UnitResult result);  // thread safe
  // rejected.jsonl in any case; throws Error{kData} when there is no usable image, unless
  // `may_be_empty`.
  void commit(bool may_be_empty);

 private:
  void write(const UnitResult& result);

  const fs::path folder_;
  PrepareSummary& summary_;
  JsonlWriter manifest_, rejected_;
  std::mutex mutex_;
  std::map<size_t, UnitResult> waiting_;
  size_t next_ = 0;
};

struct RunContext {
  const PrepareConfig& config;
  const StudySource& source;
  const fs::path& output;  // images go below it
  bool has_reports = true, text_only = false;
  int threads = 0;
};

// Throws Error{kResource} and Interrupted; a bad study is a rejection.
void run_units(const RunContext& context, std::span<const StudyUnit> units, PrepareJournal& journal,
               ResultWriter& writer);

}  // namespace radgen
