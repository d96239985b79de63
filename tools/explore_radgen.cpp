// explore-radgen: what is in a prepared dataset, as a page to look at and as JSON.
#include <cstdio>
#include <optional>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/data/manifest.h"
#include "radgen/explore/explore_page.h"
#include "radgen/explore/survey.h"
#include "radgen/report/tokenizer.h"

namespace radgen {
namespace {

struct Flags {
  fs::path data;
  bool no_examples = false;
  size_t examples = 6;
};

explore::PageFacts facts_of(const fs::path& data) {
  explore::PageFacts facts;
  const fs::path whole = fs::weakly_canonical(data);
  facts.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  if (!fs::exists(data / "prepare.json")) return facts;
  const auto json = read_json(data / "prepare.json");
  facts.source = json.value("source", std::string());
  facts.is_synthetic = json.value("is_synthetic", false);
  return facts;
}

int run(const Flags& flags, const Tool& tool) {
  const auto entries = read_manifest(flags.data / "manifest.jsonl");
  if (entries.empty()) {
    throw Error(ErrorCode::kData, (flags.data / "manifest.jsonl").string() + ": holds no study",
                "prepare a dataset with preprocess-radgen first");
  }
  std::optional<Tokenizer> tokenizer;
  if (fs::exists(flags.data / "tokenizer.model")) tokenizer.emplace(flags.data / "tokenizer.model");
  if (tool.common.is_dry_run) {
    log::info("{}: {} lines; nothing is written", flags.data.string(), entries.size());
    return 0;
  }
  claim_output_directory(tool.common.output, tool.common.may_overwrite);

  explore::Survey survey =
      explore::survey_texts(entries, tokenizer ? &*tokenizer : nullptr, tool.threads());
  explore::survey_images(entries, flags.data, {.threads = tool.threads()}, survey);
  const auto examples =
      explore::choose_examples(entries, flags.data, flags.no_examples ? 0 : flags.examples);
  explore::PageFacts facts = facts_of(flags.data);
  nlohmann::ordered_json json{
      {"data", facts.name}, {"source", facts.source}, {"is_synthetic", facts.is_synthetic}};
  json.update(explore::survey_json(survey));
  write_json_atomic(tool.common.output / "explore.json", json);
  write_file_atomic(tool.common.output / "explore.html",
                    explore::explore_page(survey, facts, examples));
  log::info("{} lines surveyed, {} pictures opened", entries.size(), survey.images.read);
  const std::string page = (tool.common.output / "explore.html").string();
  if (tool.common.is_json) {
    std::printf("%s\n",
                nlohmann::ordered_json{{"page", page}, {"lines", entries.size()}}.dump().c_str());
  } else {
    std::printf("%s\n", page.c_str());
  }
  return 0;
}

}  // namespace
}  // namespace radgen

int main(int argc, char** argv) {
  radgen::Tool tool(
      "explore-radgen",
      "Shows what is in a prepared dataset: explore.html to look at, explore.json to compute with.",
      "  explore-radgen --data prepared --output explored\n"
      "  explore-radgen --data mimic --output explored --no-examples   # no film, no sentence");
  radgen::Flags flags;
  tool.flags().add_option("--data", flags.data, "folder that preprocess-radgen wrote")->required();
  tool.flags().add_flag("--no-examples", flags.no_examples,
                        "no films and no texts in the page: for credentialed data");
  tool.flags().add_option("--examples", flags.examples, "studies to show")->capture_default_str();
  tool.with_output(true);
  return tool.run(argc, argv, [&] { return radgen::run(flags, tool); });
}
