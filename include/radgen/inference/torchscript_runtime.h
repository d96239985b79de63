// The network of an exported TorchScript file as a Runtime (model/runtime.h): search and Predictor
// work on it as on the network in this process.
//
//   auto runtime = load_torchscript_runtime(folder / "model.pt", config.network);
//   Predictor predictor(std::move(model), runtime);   // model.network stays empty
//
// Methods of the file: deployment/torchscript.h. INT8 products are packed for the fast engine when
// the file is loaded (the process's engine is set). Texts keep a cache that grows; sentences that
// were taken back stay in it, hidden.
#pragma once

#include <filesystem>
#include <memory>

#include "radgen/model/runtime.h"

namespace radgen {

// Throws Error{kData} when the file cannot be read or lacks a method.
std::shared_ptr<const Runtime> load_torchscript_runtime(const std::filesystem::path& file,
                                                        const ModelConfig& config);

}  // namespace radgen
