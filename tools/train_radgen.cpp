// Trains a grounded report model on a prepared dataset.
#include <cstdio>

#include "radgen/core/tool.h"
#include "radgen/training/run_folder.h"
#include "radgen/training/trainer.h"

using namespace radgen;

int main(int argc, char** argv) {
  Tool tool(
      "train-radgen", "Trains a grounded report model on a prepared dataset.",
      "train-radgen --config configs/demo.json --data runs/demo/prepared --output runs/demo/train\n"
      "train-radgen --data runs/demo/prepared --output runs/demo/train --resume\n"
      "train-radgen --config configs/demo.json --set network.loss.lambda_ground=0 --data prepared "
      "--output runs/no-grounding");
  TrainRequest request;
  tool.flags()
      .add_option("--data", request.data, "prepared dataset (preprocess-radgen)")
      ->required();
  tool.flags().add_option("--init-from", request.initial.all,
                          "model folder or checkpoint whose weights to start from");
  tool.flags().add_option("--init-vision", request.initial.vision,
                          "public encoder to start from: a Hugging Face ViT or DINOv2 folder, or "
                          "torchvision's vit_b_16 .pth");
  tool.flags().add_option("--init-text", request.initial.text,
                          "public text model to start from: a GPT-2 folder with vocab.json and "
                          "merges.txt, which become "
                          "the tokenizer");
  tool.flags().add_flag("--resume", request.is_resume,
                        "continue the run in --output, with its own configuration");
  tool.with_output(/*is_required=*/true);
  tool.with_device();
  tool.uses_config(request.config);
  for (int i = 0; i < argc; ++i) request.command += (i ? " " : "") + std::string(argv[i]);
  return tool.run(argc, argv, [&] {
    request.output = tool.common.output;
    request.may_overwrite = tool.common.may_overwrite;
    request.device = tool.common.device;
    at::set_num_threads(tool.threads());
    if (request.is_resume) {            // the run's own configuration first, then what is given now
      RunFolder::open(request.output);  // refuses a folder without a run
      request.config = TrainConfig();
      load_config(request.config, {request.output / "config.resolved.json"}, {});
      load_config(request.config, tool.config_files(), tool.settings());
    }
    if (tool.common.is_dry_run) {
      std::puts(plan_training(request).dump(2).c_str());
      return 0;
    }
    const TrainSummary summary = train(request);
    const nlohmann::ordered_json result = {
        {"model", summary.model.string()},        {"steps", summary.steps},
        {"best_step", summary.best_step},         {"stopped_by", summary.stopped_by},
        {"parameters", summary.parameters},       {"seconds", summary.seconds},
        {"studies_per_s", summary.studies_per_s}, {"peak_rss_gib", summary.peak_rss_gib},
        {"validation", summary.validation}};
    std::puts(tool.common.is_json ? result.dump().c_str() : result.dump(2).c_str());
    return 0;
  });
}
