// preprocess-radgen: a public chest X-ray set -> a prepared dataset (prepare.h).
#include <fmt/core.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/data/prepare.h"
#include "radgen/data/source.h"

namespace {

using namespace radgen;  // NOLINT(google-build-using-namespace)

constexpr const char* kExamples =
    R"(  preprocess-radgen --source mimic-cxr --input /data/mimic-cxr --output prepared --size 2048 \
                    --boxes MS_CXR_Local_Alignment_v1.1.0.csv --demographics /data/mimic-iv
  preprocess-radgen --source mimic-cxr --input /data/mimic-cxr-jpg --reports /data/mimic-cxr-reports \
                    --output prepared
  preprocess-radgen --source open-i --input /data/open-i --output prepared --views PA,unknown
  preprocess-radgen --source open-i --input ecgen-radiology --output texts --text-only
  preprocess-radgen --source chexpert --input /data/chexpert --reports df_chexpert_plus_240401.csv \
                    --output prepared
  preprocess-radgen --source vindr-cxr --input /data/vindr-cxr --output prepared
  preprocess-radgen --source nih --input /data/nih --output prepared
  preprocess-radgen --source padchest-gr --input /data/padchest-gr --output prepared
  preprocess-radgen --source jsonl --input studies.jsonl --output prepared
  preprocess-radgen ... --output prepared --shard 3/8      one of eight machines; when all are done:
  preprocess-radgen ... --output prepared --merge
A run that was stopped goes on when the same command is given again.)";

struct Flags {
  std::string source = "mimic-cxr", shard;
  SourceOptions places;
  int64_t size_px = 0;
  std::vector<std::string> views;
  bool is_resumed = false, allow_leakage = false, is_merge = false;
};

void print_counts(const char* title, const std::map<std::string, size_t>& counts) {
  if (!counts.empty()) std::cout << title << "\n";
  for (const auto& [name, count] : counts) std::cout << fmt::format("  {:<28}{:>9}\n", name, count);
}

void print_line(const char* what, size_t count, const std::string& note = "") {
  std::cout << fmt::format("{:<30}{:>9}{}\n", what, count, note.empty() ? "" : "  (" + note + ")");
}

void print_summary(const PrepareSummary& s, const std::filesystem::path& output, bool is_dry_run) {
  print_line("listed pictures", s.candidates);
  print_line("selected", s.selected);
  if (!is_dry_run) {
    print_line("prepared", s.prepared, fmt::format("{} of an earlier run", s.reused));
    print_line("boxes", s.boxes, fmt::format("in {} annotated pictures", s.images_with_boxes));
    if (s.boxes > 0) {
      print_line("mentions with boxes", s.linked_mentions,
                 fmt::format("{} ambiguous ones are kept out; {} boxes that no report names",
                             s.ambiguous_mentions, s.boxes_without_words));
    }
    print_line("equal pictures", s.duplicates,
               fmt::format("{} across splits, {} nearly equal across splits",
                           s.duplicates_across_splits, s.near_duplicates_across_splits));
    print_line("tokenizer pieces", static_cast<size_t>(s.tokenizer_pieces));
  }
  print_counts("by split", s.splits);
  print_counts("rejected, by reason", s.rejected);
  print_counts("read with warnings", s.warnings);
  print_counts("quality flags", s.quality);
  print_counts("of the source", s.counts);
  if (is_dry_run) return;
  std::cout << fmt::format("{} in {:.1f} s", output.string(), s.seconds);
  constexpr size_t kEnoughToExtrapolate = 16;
  if (s.images_per_second() > 0) {
    std::cout << fmt::format(", {:.1f} pictures/s", s.images_per_second());
  }
  if (s.images_per_second() > 0 && s.prepared - s.reused >= kEnoughToExtrapolate) {
    std::cout << fmt::format(": MIMIC-CXR's 377,110 would take {:.1f} hours at this rate",
                             s.hours_for_mimic_cxr());
  }
  std::cout << "\n";
}

// "3/8" -> 3 and 8.
void parse_shard(const std::string& text, PrepareOptions& options) {
  if (text.empty()) return;
  const size_t slash = text.find('/');
  const auto number = [](const std::string& part) -> size_t {
    const bool is_number = !part.empty() && part.size() < 7 &&
                           part.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? std::stoul(part) : 0;
  };
  if (slash != std::string::npos) {
    options.shard = number(text.substr(0, slash));
    options.shards = number(text.substr(slash + 1));
  }
  if (options.shard < 1 || options.shard > options.shards) {
    throw Error(ErrorCode::kUsage, fmt::format("--shard {}: expected i/n with i from 1 to n", text),
                "a Slurm array 1-8 gives --shard $SLURM_ARRAY_TASK_ID/8");
  }
}

int run(PrepareConfig config, Flags flags, const CommonFlags& common) {
  if (flags.size_px > 0) config.preparation.size_px = flags.size_px;
  if (!flags.views.empty()) config.views = flags.views;
  config.allow_leakage = config.allow_leakage || flags.allow_leakage;
  PrepareOptions options{.threads = common.threads,
                         .may_overwrite = common.may_overwrite,
                         .is_dry_run = common.is_dry_run,
                         .text_only = flags.places.text_only};
  parse_shard(flags.shard, options);
  flags.places.mimic_exact_sections = config.mimic_exact_sections;
  const auto source = open_source(flags.source, flags.places);
  const PrepareSummary summary = flags.is_merge
                                     ? merge_shards(config, *source, common.output, options)
                                     : prepare_dataset(config, *source, common.output, options);
  if (common.is_json) {
    std::cout << summary_to_json(summary).dump(2) << "\n";
  } else {
    print_summary(summary, common.output, common.is_dry_run);
  }
  return 0;
}

void add_flags(CLI::App& app, Flags& flags) {
  app.add_option("--source", flags.source, "kind of data set")
      ->check(CLI::IsMember(source_names()))
      ->capture_default_str();
  app.add_option("--input", flags.places.input, "folder of the data set (jsonl: or its file)")
      ->required();
  app.add_option("--size", flags.size_px,
                 "long side of the prepared pictures in px (size_px of the config)")
      ->check(CLI::Range(32, 8192));
  app.add_option("--views", flags.views,
                 "accepted views, the preferred one first, with commas (views of the config)")
      ->delimiter(',')
      ->check(CLI::IsMember({"PA", "AP", "LATERAL", "OTHER", "unknown"}));
  app.add_option("--boxes", flags.places.boxes,
                 "annotations: MS-CXR's CSV or JSON, a folder of Chest ImaGenome scene graphs, "
                 "NIH's BBox_List (default: those in the input folder)");
  app.add_option("--reports", flags.places.reports,
                 "where the reports lie, if not in the input: MIMIC-CXR's files/ (for the JPG "
                 "edition), Open-I's XML, CheXpert Plus' CSV");
  app.add_option("--demographics", flags.places.demographics,
                 "folder of MIMIC-IV's tables (default: the input folder)");
  app.add_flag("--text-only", flags.places.text_only,
               "reports and labels without pictures: opens none and writes none");
  app.add_flag("--allow-leakage", flags.allow_leakage,
               "go on when a patient is in more than one split (allow_leakage of the config)");
  auto* shard = app.add_option("--shard", flags.shard, "i/n: part i of n, for several machines");
  app.add_flag("--merge", flags.is_merge, "join the finished shards in the output")
      ->excludes(shard);
  app.add_flag("--resume", flags.is_resumed,
               "go on with what is in the output (this is the default)");
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool("preprocess-radgen",
            "Turns a public chest X-ray set into a prepared dataset: filtered reports, 16-bit "
            "pictures, labels, boxes, a tokenizer.",
            kExamples);
  Flags flags;
  PrepareConfig config;
  add_flags(tool.flags(), flags);
  tool.with_output(/*is_required=*/true);
  tool.uses_config(config);
  tool.rarely_needed({"--allow-leakage", "--shard", "--merge"});
  return tool.run(argc, argv, [&] {
    if (flags.is_resumed && tool.common.may_overwrite) {
      throw Error(ErrorCode::kUsage, "--resume and --overwrite exclude each other");
    }
    return run(config, flags, tool.common);
  });
}
