#include "radgen/data/prepare.h"

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <optional>

#include "data/prepare_journal.h"
#include "data/prepare_select.h"
#include "data/prepare_study.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/parallel.h"
#include "radgen/core/progress.h"
#include "radgen/core/signals.h"
#include "radgen/core/tool.h"
#include "radgen/data/manifest.h"
#include "radgen/report/labeler.h"
#include "radgen/report/tokenizer.h"

namespace radgen {
namespace {

constexpr int kFormatVersion = 1;  // raised when prepared pictures or their journal change

std::string config_hash(const PrepareConfig& config, const StudySource& source) {
  const nlohmann::ordered_json key{
      {"format", kFormatVersion}, {"source", source.name()}, {"config", dump_config(config)}};
  return sha256_hex(key.dump());
}

// A folder is ours when it has a journal; every other one that is not empty is left alone.
void claim_output(const fs::path& output, bool may_overwrite) {
  const bool is_ours = fs::exists(output / PrepareJournal::kFileName);
  if (!is_ours || may_overwrite) claim_output_directory(output, may_overwrite);
  std::error_code error;
  fs::create_directories(output, error);
  if (error) {
    throw Error(ErrorCode::kResource,
                fmt::format("{}: cannot be made ({})", output.string(), error.message()),
                "check the path, the permissions and the free space");
  }
}

// The results of the pictures, by their place in the selection: the order of threads does not show.
class PrepareRun {
 public:
  PrepareRun(const PrepareConfig& config, const StudySource& source, const fs::path& output,
             PrepareJournal& journal, std::vector<SourceImage> images)
      : config_(config),
        source_(source),
        output_(output),
        journal_(journal),
        images_(std::move(images)),
        entries_(images_.size()),
        rejections_(images_.size()) {}

  void process(int threads) {
    Progress progress("preparing", static_cast<int64_t>(images_.size()), "pictures");
    parallel_for(images_.size(), threads, [&](size_t i) {
      process_one(i);
      progress.advance();
    });
    progress.finish();
  }

  const std::vector<std::optional<ManifestEntry>>& entries() const { return entries_; }
  const std::vector<std::optional<Rejection>>& rejections() const { return rejections_; }
  void count(PrepareSummary& summary) const {
    summary.reused = reused_;
    summary.boxes_outside = boxes_outside_;
    summary.warnings = warnings_;
  }

 private:
  // One bad study is a line in rejected.jsonl; what the machine lacks (disk, memory) or a stop
  // signal ends the run.
  void process_one(size_t i) {
    const SourceImage& image = images_[i];
    try {
      if (const auto failure = prepare_one(i)) reject(i, *failure);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kData) throw;
      reject(i, {"unreadable", error.what()});
    } catch (const Interrupted&) {
      throw;
    } catch (const std::bad_alloc&) {
      reject(i, {"too_large", "not enough memory to read the picture"});
    } catch (const std::exception& error) {
      log::debug("{}: {}", image.relative_path, error.what());
      reject(i, {"unexpected_error", "reading failed in a library; --log-level debug says where"});
    }
  }

  void reject(size_t i, const Failure& failure) {
    rejections_[i] = Rejection{images_[i].relative_path, failure.reason, failure.message};
  }

  std::optional<Failure> prepare_one(size_t i) {
    const SourceImage& image = images_[i];
    const Result<ReportSections> sections = source_.read_report(image);
    if (!sections) return sections.failure();
    const Result<StudyText> text = prepare_text(*sections, config_);
    if (!text) return text.failure();
    const FinishedPicture* finished = journal_.find(image.image_id);
    std::optional<FinishedPicture> made;
    if (finished == nullptr) {
      Result<FinishedPicture> result = prepare_picture(image, config_, output_);
      if (!result) return result.failure();
      journal_.add(*result);
      made = std::move(*result);
    }
    const FinishedPicture& picture = made ? *made : *finished;
    ManifestEntry entry = make_entry(image, *text, picture, config_, labeler_);
    MappedBoxes mapped = map_boxes(image, picture, labeler_);
    entry.boxes = std::move(mapped.boxes);
    entries_[i] = std::move(entry);
    const std::lock_guard lock(mutex_);
    reused_ += made ? 0 : 1;
    boxes_outside_ += mapped.outside;
    for (const std::string& warning : picture.warnings) ++warnings_[warning];
    return std::nullopt;
  }

  const PrepareConfig& config_;
  const StudySource& source_;
  const fs::path& output_;
  PrepareJournal& journal_;
  const std::vector<SourceImage> images_;
  const Labeler labeler_;
  std::vector<std::optional<ManifestEntry>> entries_;
  std::vector<std::optional<Rejection>> rejections_;
  std::mutex mutex_;
  size_t reused_ = 0, boxes_outside_ = 0;
  std::map<std::string, size_t> warnings_;
};

int64_t train_tokenizer(const PrepareConfig& config, const PrepareRun& run,
                        const fs::path& output) {
  std::vector<std::string> texts;
  for (const auto& entry : run.entries()) {
    if (!entry || entry->split != "train") continue;
    for (const std::string* text : {&entry->findings, &entry->impression, &entry->indication}) {
      if (!text->empty()) texts.push_back(*text);
    }
  }
  if (config.vocabulary_size == 0) return 0;
  if (texts.empty()) {
    log::warning("the split 'train' is empty: no tokenizer is trained");
    return 0;
  }
  const fs::path path = output / "tokenizer.model";
  Tokenizer::train(texts, static_cast<int>(config.vocabulary_size), path);
  return Tokenizer(path).vocabulary_size();
}

void write_results(const PrepareRun& run, const std::vector<Rejection>& early,
                   const fs::path& output, PrepareSummary& summary) {
  sync_filesystem(output);  // the pictures were only renamed into place: on disk before a manifest names them
  JsonlWriter manifest(output / "manifest.jsonl");
  JsonlWriter rejected(output / "rejected.jsonl");
  const auto reject = [&](const Rejection& r) {
    rejected.write({{"source", r.source}, {"reason", r.reason}, {"message", r.message}});
    ++summary.rejected[r.reason];
  };
  for (const Rejection& rejection : early) reject(rejection);
  for (size_t i = 0; i < run.entries().size(); ++i) {
    if (run.rejections()[i]) reject(*run.rejections()[i]);
    if (!run.entries()[i]) continue;
    const ManifestEntry& entry = *run.entries()[i];
    manifest.write(manifest_entry_to_json(entry));
    ++summary.prepared;
    ++summary.splits[entry.split];
    summary.boxes += entry.boxes.size();
    summary.pictures_with_boxes += entry.has_boxes ? 1 : 0;
  }
  rejected.commit();
  if (summary.prepared == 0) {
    throw Error(ErrorCode::kData,
                fmt::format("{}: no usable picture ({} rejected)", output.string(),
                            run.entries().size() + early.size()),
                "rejected.jsonl in the output folder says why, one line each");
  }
  manifest.commit();
}

Selection select(const PrepareConfig& config, const StudySource& source, PrepareSummary& summary) {
  std::vector<SourceImage> candidates = source.images();
  summary.candidates = candidates.size();
  if (candidates.empty()) {
    throw Error(ErrorCode::kData, "the data set's tables list no picture",
                "are the tables complete?");
  }
  Selection selection = select_images(std::move(candidates), config);
  summary.selected = selection.images.size();
  summary.leaking_patients = count_leaking_patients(selection.images);
  if (summary.leaking_patients > 0 && !config.allow_leakage) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{} patients have pictures in more than one split", summary.leaking_patients),
        "mend the split table, or --set allow_leakage=true if you know why");
  }
  return selection;
}

}  // namespace

nlohmann::ordered_json summary_to_json(const PrepareSummary& s) {
  return {{"candidates", s.candidates},
          {"selected", s.selected},
          {"prepared", s.prepared},
          {"reused", s.reused},
          {"splits", s.splits},
          {"boxes", s.boxes},
          {"pictures_with_boxes", s.pictures_with_boxes},
          {"boxes_outside", s.boxes_outside},
          {"leaking_patients", s.leaking_patients},
          {"rejected", s.rejected},
          {"warnings", s.warnings},
          {"tokenizer_pieces", s.tokenizer_pieces},
          {"seconds", s.seconds}};
}

PrepareSummary prepare_dataset(const PrepareConfig& config, const StudySource& source,
                               const fs::path& output, const PrepareOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  PrepareSummary summary;
  Selection selection = select(config, source, summary);
  if (options.is_dry_run) {
    for (const SourceImage& image : selection.images) ++summary.splits[image.split];
    for (const Rejection& rejection : selection.rejections) ++summary.rejected[rejection.reason];
    return summary;
  }
  claim_output(output, options.may_overwrite);
  PrepareJournal journal(output, config_hash(config, source));
  if (journal.size() > 0) log::info("{} pictures are finished already", journal.size());
  PrepareRun run(config, source, output, journal, std::move(selection.images));
  run.process(options.threads);
  run.count(summary);
  write_results(run, selection.rejections, output, summary);
  summary.tokenizer_pieces = train_tokenizer(config, run, output);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_json_atomic(output / "prepare.json", {{"config", dump_config(config)},
                                              {"source", source.name()},
                                              {"is_synthetic", source.is_synthetic()},
                                              {"format_version", kFormatVersion},
                                              {"version", version_text()},
                                              {"summary", summary_to_json(summary)}});
  return summary;
}

}  // namespace radgen
