// phantom-radgen: makes a synthetic chest X-ray data set in MIMIC-CXR's layout, or checks one for
// shortcuts.
#include <fmt/core.h>

#include <iostream>

#include "radgen/core/error.h"
#include "radgen/core/tool.h"
#include "radgen/phantom/dataset.h"
#include "radgen/phantom/self_check.h"

namespace {

using namespace radgen;

constexpr double kTwinShare = 0.25;  // of the abnormal test studies, with --twin

nlohmann::ordered_json to_json(const phantom::DatasetSummary& s,
                               const std::filesystem::path& output) {
  return {{"output", output.string()}, {"studies", s.studies}, {"patients", s.patients},
          {"twins", s.twins},          {"boxes", s.boxes},     {"by_split", s.by_split},
          {"seconds", s.seconds}};
}

int write(const phantom::DatasetOptions& options, const Tool& tool) {
  if (tool.common.is_dry_run) {
    const auto plan = phantom::plan_studies(options.plan);
    fmt::print("would write {} studies to {}\n", plan.size(), options.output.string());
    return 0;
  }
  const phantom::DatasetSummary s = phantom::write_dataset(options);
  if (tool.common.is_json) {
    std::cout << to_json(s, options.output).dump(2) << "\n";
    return 0;
  }
  fmt::print("{}: {} synthetic studies of {} patients, {} boxes, {:.1f} studies/s\n",
             options.output.string(), s.studies, s.patients, s.boxes,
             static_cast<double>(s.studies) / std::max(s.seconds, 1e-9));
  for (const auto& [split, count] : s.by_split) fmt::print("  {:<14}{:>8}\n", split, count);
  return 0;
}

int check(const std::filesystem::path& folder, const Tool& tool) {
  const phantom::SelfCheck result = phantom::self_check(folder, tool.common.threads);
  std::cout << (tool.common.is_json ? phantom::self_check_json(result).dump(2) + "\n"
                                    : phantom::self_check_table(result));
  return result.has_passed() ? 0 : exit_code(ErrorCode::kGate);
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool(
      "phantom-radgen",
      "Makes synthetic chest films with reports, boxes and their truth, or checks a set of them.",
      "  phantom-radgen --studies 2000 --size 512 --seed 7 --output phantom\n"
      "  phantom-radgen --self-check phantom\n");
  phantom::DatasetOptions options;
  options.plan.studies = 200;
  std::filesystem::path checked;
  bool with_twins = false;
  tool.with_output(/*is_required=*/false);
  tool.with_seed(0);
  CLI::App& flags = tool.flags();
  flags.add_option("--studies", options.plan.studies, "how many studies")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  flags.add_option("--size", options.long_side_px, "longer side of a film in pixels")
      ->capture_default_str()
      ->check(CLI::Range(64, 4096));
  flags
      .add_option("--prevalence", options.plan.prevalence,
                  "mimic, or enriched: every finding in at least 8 %")
      ->capture_default_str()
      ->check(CLI::IsMember({"mimic", "enriched"}));
  flags
      .add_option("--bias", options.plan.bias,
                  "a planted disparity between race groups, for the audit to find")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "contrast", "omission", "confounder"}));
  flags.add_flag("--twin", with_twins,
                 "also write test films again without one of their findings (split 'twin')");
  flags
      .add_option("--test-studies", options.plan.test_studies,
                  "size of the test split; -1: 10 %, at least 600 of 4,800 or more")
      ->capture_default_str();
  flags
      .add_option("--validate-studies", options.plan.validate_studies,
                  "size of the validation split; -1: 5 %")
      ->capture_default_str();
  flags.add_option(
      "--self-check", checked,
      "check this data set for shortcuts instead of writing one; exit code 4 when it fails");
  tool.rarely_needed({"--prevalence", "--bias", "--test-studies", "--validate-studies"});
  return tool.run(argc, argv, [&] {
    if (!checked.empty()) return check(checked, tool);
    if (tool.common.output.empty())
      throw Error(ErrorCode::kUsage, "--output is missing",
                  "say where the data set goes: --output DIR");
    options.plan.seed = static_cast<uint64_t>(tool.common.seed);
    options.plan.twin_share = with_twins ? kTwinShare : 0;
    options.threads = tool.common.threads;
    options.may_overwrite = tool.common.may_overwrite;
    options.output = tool.common.output;
    return write(options, tool);
  });
}
