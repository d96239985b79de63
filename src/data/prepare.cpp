#include "radgen/data/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "data/prepare_finish.h"
#include "data/prepare_run.h"
#include "data/prepare_select.h"
#include "data/prepare_shards.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A folder is ours when it has a journal; every other one that is not empty is left alone.
void claim_output(const fs::path& output, bool may_overwrite) {
  if (may_overwrite || !PrepareJournal::is_in(output)) {
    claim_output_directory(output, may_overwrite);
  }
  std::error_code error;
  fs::create_directories(output, error);
  if (error) {
    throw Error(ErrorCode::kResource,
                fmt::format("{}: cannot be made ({})", output.string(), error.message()),
                "check the path, the permissions and the free space");
  }
}

void check_box_splits(const PrepareConfig& config, std::vector<SourceImage>& images,
                      PrepareSummary& summary) {
  if (config.box_split == "ignore") return;
  summary.box_split_conflicts = count_box_split_conflicts(images);
  if (config.box_split == "follow") {
    follow_box_splits(images);
    return;
  }
  if (summary.box_split_conflicts > 0 && !config.allow_leakage) {
    throw Error(ErrorCode::kData,
                fmt::format("{} patients are in another split by the boxes' table than by the data "
                            "set's: whoever trains by one and tests by the other has seen the test",
                            summary.box_split_conflicts),
                "--set box_split=follow moves these patients to the boxes' split, "
                "--set box_split=ignore keeps the data set's split for the boxes too, "
                "--allow-leakage goes on as it is");
  }
}

// What the whole run needs to know, before any image is opened.
struct Plan {
  PrepareConfig config;  // with the photometric convention that the images really have
  Selection selection;
  bool has_reports = true;
};

Plan make_plan(const PrepareConfig& config, const StudySource& source,
               const PrepareOptions& options, PrepareSummary& summary) {
  SourceListing listing = source.list();
  summary.candidates = listing.images.size();
  summary.counts = listing.counts;
  if (listing.images.empty()) {
    const std::string why =
        listing.problems.empty() ? "" : " (" + listing.problems.front().message + ")";
    throw Error(ErrorCode::kData, "the data set's tables list no picture" + why,
                "are the tables complete?");
  }
  Plan plan{.config = config, .has_reports = listing.has_reports};
  const auto is_stored_so = [](const SourceImage& i) { return i.photometric == "mimic-jpg"; };
  if (std::ranges::any_of(listing.images, is_stored_so) &&
      config.preparation.photometric != "mimic-jpg") {
    // Images of one set must be alike, and what is stored so cannot be taken back.
    log::info("the pictures are stored in the convention of MIMIC-CXR-JPG: photometric mimic-jpg");
    plan.config.preparation.photometric = "mimic-jpg";
  }
  divide_patients(listing.images, config);
  check_box_splits(config, listing.images, summary);
  plan.selection = select_images(std::move(listing.images), config, options.text_only);
  plan.selection.rejections.insert(plan.selection.rejections.begin(), listing.problems.begin(),
                                   listing.problems.end());
  summary.selected = plan.selection.units.size();
  summary.leaking_patients = count_leaking_patients(plan.selection);
  if (summary.leaking_patients > 0 && !config.allow_leakage) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{} patients have pictures in more than one split", summary.leaking_patients),
        "mend the split table, or --allow-leakage if you know why");
  }
  return plan;
}

void count_rejections(const std::vector<Rejection>& rejections, PrepareSummary& summary) {
  for (const Rejection& rejection : rejections) ++summary.rejected[rejection.reason];
}

}  // namespace

PrepareSummary prepare_dataset(const PrepareConfig& config, const StudySource& source,
                               const fs::path& output, const PrepareOptions& options) {
  const auto start = Clock::now();
  PrepareSummary summary;
  Plan plan = make_plan(config, source, options, summary);
  std::vector<StudyUnit>& units = plan.selection.units;
  if (options.is_dry_run) {
    for (const StudyUnit& unit : units) ++summary.splits[unit.images.front().split];
    count_rejections(plan.selection.rejections, summary);
    return summary;
  }
  const bool is_shard = options.shards > 0;
  const std::string hash = prepare_hash(config, source, options.text_only);
  const fs::path folder = is_shard ? shard_folder(output, options.shard, options.shards) : output;
  const Shard shard =
      is_shard ? make_shard(units, options.shard, options.shards, hash) : Shard{.units = units};
  // A stranger's folder gets no shards; shards that start together may all find it empty.
  if (is_shard && !fs::exists(output / "shards")) claim_output_directory(output, false);
  claim_output(folder, options.may_overwrite);
  for (const char* file : {"prepare.json", "tokenizer.model"}) remove_half_written(folder / file);
  PrepareJournal journal(output, folder, hash);
  if (journal.size() > 0) log::info("{} pictures are finished already", journal.size());
  ResultWriter writer(folder, summary);
  const bool is_first = !is_shard || options.shard == 1;
  if (is_first) {
    for (const Rejection& rejection : plan.selection.rejections) writer.reject(rejection);
  }
  const RunContext context{.config = plan.config,
                           .source = source,
                           .output = output,
                           .has_reports = plan.has_reports,
                           .text_only = options.text_only,
                           .threads = options.threads};
  const auto images_start = Clock::now();
  run_units(context, shard.units, journal, writer);
  summary.image_seconds = options.text_only ? 0 : seconds_since(images_start);
  // The images were only renamed into place: on disk before a manifest names them.
  sync_filesystem(output);
  writer.commit(/*may_be_empty=*/is_shard);
  if (!is_shard) finish_dataset(plan.config, output, options, summary);
  summary.seconds = seconds_since(start);
  write_prepare_json(plan.config, source, folder, summary,
                     is_shard ? shard.to_json() : nlohmann::ordered_json::object());
  return summary;
}

PreparationConfig dataset_preparation(const nlohmann::json& prepare_info) {
  PreparationConfig preparation;
  const nlohmann::json* config =
      prepare_info.contains("config") ? &prepare_info["config"] : nullptr;
  if (config == nullptr || !config->contains("size_px") || !config->contains("photometric"))
    throw Error(ErrorCode::kData, "prepare.json does not say how the images were prepared",
                "prepare the data again with preprocess-radgen");
  // Data sets of before a setting existed were made without it.
  nlohmann::json known = nlohmann::json::object();
  const nlohmann::ordered_json settings = dump_config(preparation);
  for (const auto& [key, value] : settings.items())
    if (config->contains(key)) known[key] = config->at(key);
  load_config_json(preparation, known, "prepare.json");
  return preparation;
}

PrepareSummary merge_shards(const PrepareConfig& config, const StudySource& source,
                            const fs::path& output, const PrepareOptions& options) {
  const auto start = Clock::now();
  const std::vector<FinishedShard> shards =
      find_shards(output, prepare_hash(config, source, options.text_only));
  PrepareSummary summary = sum_shards(shards);
  PrepareConfig resolved = config;
  resolved.preparation = dataset_preparation(shards.front().info);
  if (options.is_dry_run) return summary;
  join_shards(shards, output);
  finish_dataset(resolved, output, options, summary);
  summary.seconds += seconds_since(start);
  write_prepare_json(resolved, source, output, summary, {{"merged_shards", shards.size()}});
  return summary;
}

}  // namespace radgen
