// What every TorchScript file goes through: the network in INT8 while its weights are taken, and
// the text compiled.
#pragma once

#include <torch/script.h>

#include <filesystem>
#include <string>

#include "radgen/deployment/torchscript.h"
#include "radgen/model/int8.h"

namespace radgen {

// Words that no text begins with, as the Predictor forbids them.
std::vector<int64_t> first_words_forbidden(const LoadedModel& model);

// The network in the precision asked for, as long as this lives. Throws as save_torchscript().
class PreparedNetwork {
 public:
  PreparedNetwork(GroundedModel network, const TorchScriptOptions& options);
  ~PreparedNetwork();
  PreparedNetwork(const PreparedNetwork&) = delete;
  PreparedNetwork& operator=(const PreparedNetwork&) = delete;
  const TorchScriptFile& file() const { return file_; }

 private:
  GroundedModel network_;
  bool is_int8_;
  TorchScriptFile file_;
};

// Compiles the methods of `source` into the module and writes it.
void save_script(torch::jit::Module& module, const std::string& source,
                 const std::filesystem::path& path);

}  // namespace radgen
