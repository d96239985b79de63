#include "radgen/training/config.h"

#include <fmt/format.h>

#include "radgen/core/error.h"
#include "radgen/report/finding.h"

namespace radgen {

TrainConfig completed(TrainConfig config, int64_t vocabulary_size,
                      const PreparationConfig& preparation) {
  config.network.decoder.vocabulary_size = vocabulary_size;
  config.network.encoder.image_height_px = config.data.model_input.height_px;
  config.network.encoder.image_width_px = config.data.model_input.width_px;
  config.data.patch_px = config.network.encoder.patch_px;
  config.data.max_tokens = config.network.decoder.max_tokens;
  config.data.model_input.preparation = preparation;
  if (config.network.loss.lambda_labels > 0 || config.network.loss.lambda_patches > 0)
    config.network.finding_classes = static_cast<int64_t>(kFindingCount);
  if (config.loop.encoder_pretraining_steps > 0 && config.network.finding_classes == 0)
    throw Error(
        ErrorCode::kConfig,
        "loop.encoder_pretraining_steps needs loss.lambda_labels or loss.lambda_patches above 0",
        "set one of them, or encoder_pretraining_steps to 0");
  if (config.loop.low_resolution_steps > config.loop.encoder_pretraining_steps)
    throw Error(
        ErrorCode::kConfig,
        fmt::format("loop.low_resolution_steps {} is more than loop.encoder_pretraining_steps {}",
                    config.loop.low_resolution_steps, config.loop.encoder_pretraining_steps),
        "words need the whole picture: make it smaller");
  check(config.network);
  return config;
}

}  // namespace radgen
