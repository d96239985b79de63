// preprocess-radgen: a public chest X-ray set -> a prepared dataset (prepare.h).
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>

#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/data/prepare.h"
#include "radgen/data/source.h"

namespace {

using namespace radgen;  // NOLINT(google-build-using-namespace)

constexpr const char* kExamples = R"(Examples:
  preprocess-radgen --input /data/mimic-cxr --output prepared --size 2048
  preprocess-radgen --input phantoms --output prepared --size 512 --set min_words=5
  preprocess-radgen --input /data/mimic-cxr --output prepared --boxes MS_CXR_Local_Alignment_v1.1.0.csv \
                    --demographics /data/mimic-iv --threads 8
A run that was stopped goes on when the same command is given again.)";

struct Flags {
  std::string source = "mimic-cxr";
  SourceOptions places;
  int64_t size_px = 0;
  bool is_resumed = false;
};

void print_counts(const char* title, const std::map<std::string, size_t>& counts) {
  if (!counts.empty()) std::cout << title << "\n";
  for (const auto& [name, count] : counts) std::cout << fmt::format("  {:<28}{:>9}\n", name, count);
}

void print_summary(const PrepareSummary& s, const std::filesystem::path& output, bool is_dry_run) {
  std::cout << fmt::format("{:<30}{:>9}\n{:<30}{:>9}\n", "listed pictures", s.candidates,
                           "selected", s.selected);
  if (!is_dry_run) {
    std::cout << fmt::format("{:<30}{:>9}  ({} of an earlier run)\n", "prepared", s.prepared,
                             s.reused);
    std::cout << fmt::format("{:<30}{:>9}  (in {} annotated pictures)\n", "boxes", s.boxes,
                             s.pictures_with_boxes);
    std::cout << fmt::format("{:<30}{:>9}\n", "tokenizer pieces", s.tokenizer_pieces);
  }
  print_counts("by split", s.splits);
  print_counts("rejected, by reason", s.rejected);
  print_counts("read with warnings", s.warnings);
  if (is_dry_run) return;
  std::cout << fmt::format("{} in {:.1f} s ({:.1f} pictures/s)\n", output.string(), s.seconds,
                           static_cast<double>(s.prepared - s.reused) / std::max(s.seconds, 1e-9));
}

int run(PrepareConfig config, const Flags& flags, const CommonFlags& common) {
  if (flags.size_px > 0) config.size_px = flags.size_px;
  const auto source = open_source(flags.source, flags.places);
  const PrepareSummary summary = prepare_dataset(
      config, *source, common.output, {common.threads, common.may_overwrite, common.is_dry_run});
  if (common.is_json) {
    std::cout << summary_to_json(summary).dump(2) << "\n";
  } else {
    print_summary(summary, common.output, common.is_dry_run);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool("preprocess-radgen",
            "Turns a public chest X-ray set into a prepared dataset: filtered reports, 16-bit "
            "pictures, labels, boxes, a tokenizer.",
            kExamples);
  Flags flags;
  PrepareConfig config;
  tool.flags()
      .add_option("--source", flags.source, "kind of data set")
      ->check(CLI::IsMember(source_names()))
      ->capture_default_str();
  tool.flags().add_option("--input", flags.places.input, "folder of the data set")->required();
  tool.flags()
      .add_option("--size", flags.size_px,
                  "long side of the prepared pictures in px (size_px of the config)")
      ->check(CLI::Range(32, 8192));
  tool.flags().add_option("--boxes", flags.places.boxes,
                          "MS-CXR table of boxes (default: the one in the input folder)");
  tool.flags().add_option("--demographics", flags.places.demographics,
                          "folder of MIMIC-IV's tables (default: the input folder)");
  tool.flags().add_flag("--resume", flags.is_resumed,
                        "go on with what is in the output (this is the default)");
  tool.with_output(/*is_required=*/true);
  tool.uses_config(config);
  return tool.run(argc, argv, [&] {
    if (flags.is_resumed && tool.common.may_overwrite) {
      throw Error(ErrorCode::kUsage, "--resume and --overwrite exclude each other");
    }
    return run(config, flags, tool.common);
  });
}
