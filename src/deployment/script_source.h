// The TorchScript text of a network's methods (torchscript.h), a file a part of the network.
#pragma once

#include <string>

#include "radgen/inference/model_folder.h"
#include "script_weights.h"

namespace radgen {

// Lines of a method's body.
class ScriptText {
 public:
  void line(const std::string& text) { text_ += "  " + text + "\n"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// "def encode(...)" and what it calls, but for rows_source().
std::string encoder_source(const ModelConfig& config, bool is_size_free, ScriptWeights& weights);
// Of INT8 with a scale each row, which encoder and decoder call.
std::string rows_source();
std::string image_cache_source(const ModelConfig& config, ScriptWeights& weights);
// text_cache, decode_step, read.
std::string decoder_source(const ModelConfig& config, ScriptWeights& weights);
// generate. `not_first`: ids that no text begins with.
std::string generate_source(const ModelConfig& config, const DecodingConfig& decoding,
                            const std::vector<int64_t>& not_first);

// out = activation(...) between `up` and `down` of a feed-forward; x and out are variables.
void feed_forward_lines(const std::string& name, const std::string& kind, const std::string& x,
                        const std::string& out, ScriptWeights& weights, ScriptText& to);

}  // namespace radgen
