// export-radgen: a trained model as a folder that starts without this project.
#include <fmt/format.h>

#include <iostream>

#include "export_inputs.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/tool.h"
#include "radgen/deployment/artifact.h"
#include "radgen/deployment/export.h"

namespace {

using namespace radgen;

int run(const ExportArguments& arguments, const Tool& tool) {
  at::set_num_threads(tool.threads());
  const LoadedModel model = load_model_folder(arguments.model);
  const std::vector<StudyInput> films = calibration_films(arguments);
  if (tool.common.is_dry_run) return 0;
  claim_output_directory(tool.common.output, tool.common.may_overwrite);
  AtomicDirectory output(tool.common.output);
  for (const std::string& precision : arguments.precisions) {
    const fs::path folder = arguments.folder_of(output.path(), precision);
    fs::create_directories(folder);
    log::info("exporting {} in {}", arguments.format, precision);
    const ArtifactManifest manifest = export_network(model,
                                                     {.format = arguments.format,
                                                      .precision = precision,
                                                      .is_size_free = !arguments.has_fixed_size,
                                                      .films = films},
                                                     folder);
    write_artifact_manifest(folder, manifest, model);
  }
  output.commit();
  std::cout << tool.common.output.string() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool("export-radgen", "Writes a trained model as a folder that starts without RadGen.",
            "export-radgen --model run/model --data prepared --output artifact\n"
            "export-radgen --model run/model --data prepared --output artifacts --precision "
            "fp32,int8    # a folder each");
  ExportArguments arguments;
  CLI::App& flags = tool.flags();
  flags.add_option("--model", arguments.model, "model folder, as train-radgen writes it")
      ->required();
  flags
      .add_option("--data", arguments.data,
                  "prepared dataset: pictures of split train for INT8's scales, split validate to "
                  "compare by")
      ->required();
  flags.add_option("--format", arguments.format, "what the network is written as")
      ->check(CLI::IsMember(export_formats()))
      ->capture_default_str();
  flags
      .add_option("--precision", arguments.precisions,
                  "fp32, bf16, int8 (scales chosen by pictures), int8-dynamic; several by commas: "
                  "an artifact each, in OUTPUT/PRECISION")
      ->delimiter(',')
      ->check(CLI::IsMember({"fp32", "bf16", "int8", "int8-dynamic"}))
      ->capture_default_str();
  flags.add_flag("--fixed-size", arguments.has_fixed_size,
                 "take pictures of the model's own size alone");
  tool.with_output(true);
  return tool.run(argc, argv, [&] { return run(arguments, tool); });
}
