#include "data/prepare_run.h"

#include <fmt/format.h>

#include <new>

#include "data/prepare_study.h"
#include "radgen/core/log.h"
#include "radgen/core/parallel.h"
#include "radgen/core/progress.h"

namespace radgen {
namespace {

class UnitRunner {
 public:
  UnitRunner(const RunContext& context, PrepareJournal& journal)
      : context_(context), journal_(journal) {}

  UnitResult run(const StudyUnit& unit) const {
    UnitResult result;
    const std::optional<StudyText> text = text_of(unit.images.front(), result);
    if (!text) return result;
    if (unit.is_view_open && try_images(unit, *text, /*must_look_frontal=*/true, result)) {
      return result;
    }
    if (!unit.is_view_open || result.rejections.size() < unit.images.size()) {
      result.rejections.clear();  // of the first look; the second one says why again
      try_images(unit, *text, /*must_look_frontal=*/false, result);
    }
    return result;
  }

 private:
  static void reject(const SourceImage& image, const Failure& failure, UnitResult& result) {
    result.rejections.push_back({image.relative_path, failure.reason, failure.message});
  }

  // One bad study is a line in rejected.jsonl; what the machine lacks (disk, memory) or a stop
  // signal ends the run.
  template <class Work>
  static std::optional<Failure> guarded(const SourceImage& image, Work work) {
    try {
      return work();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kData) throw;
      return Failure{"unreadable", error.what()};
    } catch (const Interrupted&) {
      throw;
    } catch (const std::bad_alloc&) {
      return Failure{"too_large", "not enough memory to read the picture"};
    } catch (const std::exception& error) {
      log::debug("{}: {}", image.relative_path, error.what());
      return Failure{"unexpected_error",
                     "reading failed in a library; --log-level debug says where"};
    }
  }

  std::optional<StudyText> text_of(const SourceImage& image, UnitResult& result) const {
    if (!context_.has_reports) return StudyText();
    std::optional<StudyText> text;
    const auto failure = guarded(image, [&]() -> std::optional<Failure> {
      const Result<ReportSections> sections = context_.source.read_report(image);
      if (!sections) return sections.failure();
      Result<StudyText> prepared = prepare_text(*sections, context_.config);
      if (!prepared) return prepared.failure();
      text = std::move(*prepared);
      return std::nullopt;
    });
    if (failure) reject(image, *failure, result);
    return text;
  }

  // True when one of the images was made.
  bool try_images(const StudyUnit& unit, const StudyText& text, bool must_look_frontal,
                  UnitResult& result) const {
    for (const SourceImage& image : unit.images) {
      const auto failure =
          guarded(image, [&] { return make(image, text, must_look_frontal, result); });
      if (!failure) return true;
      if (!(must_look_frontal && failure->reason == "not_frontal_guess")) {
        reject(image, *failure, result);
      }
    }
    return false;
  }

  std::optional<Failure> make(const SourceImage& image, const StudyText& text,
                              bool must_look_frontal, UnitResult& result) const {
    FinishedImage prepared;
    if (context_.text_only) {
      prepared = absent_image(image);
    } else if (const FinishedImage* finished = journal_.find(image.image_id)) {
      prepared = *finished;
      result.is_reused = true;
    } else {
      Result<FinishedImage> made =
          prepare_image(image, context_.config, context_.output, must_look_frontal);
      if (!made) return made.failure();
      journal_.add(*made);
      prepared = std::move(*made);
    }
    ManifestEntry entry = make_entry(image, text, prepared, context_.config, labeler_);
    MappedBoxes mapped = map_boxes(image, prepared, labeler_);
    entry.boxes = std::move(mapped.boxes);
    if (mapped.outside > 0) {
      result.rejections.push_back(
          {image.relative_path, "box_outside",
           fmt::format("{} of the picture's boxes lie outside of it", mapped.outside)});
    }
    result.boxes_outside = mapped.outside;
    if (context_.has_reports)
      result.links = count_links(labeler_.mentions(entry.text()), entry.boxes);
    result.warnings = prepared.warnings;
    result.entry = std::move(entry);
    return std::nullopt;
  }

  const RunContext& context_;
  PrepareJournal& journal_;
  const Labeler labeler_;
};

}  // namespace

ResultWriter::ResultWriter(const fs::path& folder, PrepareSummary& summary)
    : folder_(folder),
      summary_(summary),
      manifest_(folder / "manifest.jsonl"),
      rejected_(folder / "rejected.jsonl") {}

void ResultWriter::reject(const Rejection& r) {
  rejected_.write({{"source", r.source}, {"reason", r.reason}, {"message", r.message}});
  ++summary_.rejected[r.reason];
}

void ResultWriter::put(size_t index, UnitResult result) {
  const std::lock_guard lock(mutex_);
  waiting_.emplace(index, std::move(result));
  for (auto it = waiting_.begin(); it != waiting_.end() && it->first == next_; ++next_) {
    write(it->second);
    it = waiting_.erase(it);
  }
}

void ResultWriter::write(const UnitResult& result) {
  for (const Rejection& rejection : result.rejections) reject(rejection);
  if (!result.entry) return;
  const ManifestEntry& entry = *result.entry;
  manifest_.write(manifest_entry_to_json(entry));
  ++summary_.prepared;
  ++summary_.splits[entry.split];
  summary_.boxes += entry.boxes.size();
  summary_.boxes_outside += result.boxes_outside;
  summary_.linked_mentions += result.links.linked_mentions;
  summary_.ambiguous_mentions += result.links.ambiguous_mentions;
  summary_.boxes_without_words += result.links.boxes_without_words;
  summary_.images_with_boxes += entry.has_boxes ? 1 : 0;
  summary_.reused += result.is_reused ? 1 : 0;
  for (const std::string& warning : result.warnings) ++summary_.warnings[warning];
  for (const std::string& flag : entry.quality) ++summary_.quality[flag];
}

void ResultWriter::commit(bool may_be_empty) {
  rejected_.commit();
  if (summary_.prepared == 0 && !may_be_empty) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{}: no usable picture ({} studies looked at)", folder_.string(), next_),
        "rejected.jsonl in the output folder says why, one line each");
  }
  manifest_.commit();
}

void run_units(const RunContext& context, std::span<const StudyUnit> units, PrepareJournal& journal,
               ResultWriter& writer) {
  const UnitRunner runner(context, journal);
  Progress progress("preparing", static_cast<int64_t>(units.size()),
                    context.text_only ? "studies" : "pictures");
  parallel_for(units.size(), context.threads, [&](size_t i) {
    writer.put(i, runner.run(units[i]));
    progress.advance();
  });
  progress.finish();
}

}  // namespace radgen
