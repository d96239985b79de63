#include "radgen/model/public_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "radgen/core/error.h"
#include "weight_maps.h"

namespace radgen {
namespace {

using torch::Tensor;

// One load: gathers the values for several modules, then copies all of them or none.
class Loader {
 public:
  Loader(const PublicCheckpoint& checkpoint, const PublicLoadOptions& options)
      : checkpoint_(checkpoint), options_(options) {
    report_.source = source_of(checkpoint);
    report_.family = checkpoint.config.family;
  }

  // `prefix` stands before the module's names in report and messages.
  void gather(const torch::nn::Module& module, const std::vector<Mapping>& map,
              const std::string& prefix) {
    std::map<std::string, const Mapping*> by_target;
    for (const Mapping& mapping : map) by_target[mapping.target] = &mapping;
    for (const auto& [name, target] : named_tensors(module)) {
      const auto found = by_target.find(name);
      if (found == by_target.end()) {
        miss(prefix + name);
      } else {
        gather_one(*found->second, prefix + name, target);
      }
    }
  }

  WeightReport finish() {
    if (!problems_.empty()) {
      constexpr size_t kShown = 10;
      std::string message =
          fmt::format("{}: the weights do not fit the network ({} problems):", report_.source,
                      problems_.size());
      for (size_t i = 0; i < std::min(kShown, problems_.size()); ++i)
        message += "\n  " + problems_[i];
      if (problems_.size() > kShown) message += "\n  ...";
      throw Error(ErrorCode::kData, message,
                  "the weights and the config.json beside them must be of one and the same model");
    }
    torch::NoGradGuard no_grad;
    for (auto& [target, value] : values_) target.copy_(value);
    // A tensor under two names is used when one of them is.
    std::set<std::pair<const void*, int64_t>> memory;
    for (const std::string& name : touched_) memory.insert(memory_of(checkpoint_.tensors.at(name)));
    for (const auto& [file_name, tensor] : checkpoint_.tensors)
      if (memory.count(memory_of(tensor)) == 0) report_.unused.push_back(file_name);
    return report_;
  }

 private:
  static std::pair<const void*, int64_t> memory_of(const Tensor& tensor) {
    return {tensor.data_ptr(), tensor.numel()};
  }

  void miss(const std::string& name) {
    const bool is_allowed =
        std::any_of(options_.may_be_missing.begin(), options_.may_be_missing.end(),
                    [&](const std::string& part) { return name.find(part) != std::string::npos; });
    if (is_allowed) {
      report_.missing.push_back(name);
    } else {
      problems_.push_back(fmt::format("nothing for our '{}'", name));
    }
  }

  void gather_one(const Mapping& mapping, const std::string& name, const Tensor& target) {
    std::vector<Tensor> sources;
    std::string absent, shapes;
    for (const std::string& source : mapping.sources) {
      const auto found = checkpoint_.tensors.find(source);
      if (found == checkpoint_.tensors.end() || !found->second.is_floating_point()) {
        absent += (absent.empty() ? "'" : ", '") + source + "'";
        continue;
      }
      sources.push_back(found->second.detach().to(torch::kFloat));
      shapes += (shapes.empty() ? "" : ", ") + source + " " + shape_text(found->second);
    }
    if (!absent.empty()) {
      problems_.push_back(fmt::format("{} is missing, for our '{}'", absent, name));
      return;
    }
    Tensor value;
    try {
      torch::NoGradGuard no_grad;
      value = mapping.change(sources, target);
    } catch (const c10::Error&) {  // shapes that do not go together
    }
    if (!value.defined() || value.sizes() != target.sizes()) {
      problems_.push_back(
          fmt::format("{} does not give our '{}' {}", shapes, name, shape_text(target)));
      return;
    }
    touched_.insert(mapping.sources.begin(), mapping.sources.end());
    values_.emplace_back(target, value);
    report_.used.push_back({name, mapping.sources, mapping.how});
  }

  const PublicCheckpoint& checkpoint_;
  const PublicLoadOptions& options_;
  WeightReport report_;
  std::vector<std::string> problems_;
  std::set<std::string> touched_;
  std::vector<std::pair<Tensor, Tensor>> values_;  // ours, new
};

void gather_vision(Loader& loader, VitEncoder encoder, const PublicCheckpoint& checkpoint,
                   const PublicLoadOptions& options) {
  check_fits(encoder->config(), checkpoint.config);
  loader.gather(*encoder, vision_map(encoder->config(), checkpoint, options), "encoder.");
}

void gather_text(Loader& loader, GroundedModel model, const PublicCheckpoint& checkpoint,
                 const PublicLoadOptions& options) {
  const DecoderConfig& own = model->config().decoder;
  const int64_t tokens = checkpoint.config.decoder ? checkpoint.config.decoder->vocabulary_size : 0;
  check_fits(own, checkpoint.config, tokens + options.vocabulary_offset);
  loader.gather(*model->decoder(), text_map(own, checkpoint, options), "decoder.");
  const std::vector<Mapping> projection = projection_map(checkpoint);
  const auto children = model->named_children();
  if (projection.empty()) return;
  if (children.contains("projection")) {
    loader.gather(*children["projection"], projection, "projection.");
  } else if (checkpoint.config.has_projection) {
    throw Error(ErrorCode::kConfig,
                source_of(checkpoint) + ": has a projection and the network none",
                "add --set network.projection=true");
  }
}

}  // namespace

WeightReport load_public_vision(VitEncoder encoder, const PublicCheckpoint& checkpoint,
                                const PublicLoadOptions& options) {
  Loader loader(checkpoint, options);
  gather_vision(loader, encoder, checkpoint, options);
  return loader.finish();
}

WeightReport load_public_text(GroundedModel model, const PublicCheckpoint& checkpoint,
                              const PublicLoadOptions& options) {
  Loader loader(checkpoint, options);
  gather_text(loader, model, checkpoint, options);
  return loader.finish();
}

WeightReport load_public_model(GroundedModel model, const PublicCheckpoint& checkpoint,
                               const PublicLoadOptions& options) {
  Loader loader(checkpoint, options);
  gather_vision(loader, model->encoder(), checkpoint, options);
  gather_text(loader, model, checkpoint, options);
  return loader.finish();
}

std::vector<std::string> new_text_parts(const PublicConfig& file) {
  std::vector<std::string> parts{"cross_attention.null_key"};
  if (!file.has_cross_attention) parts.insert(parts.end(), {"cross_attention.", "norm_2."});
  return parts;
}

std::string WeightReport::summary() const {
  return fmt::format(
      "{} ({}): {} tensors set, {} in the file not used, {} of ours keep their first values",
      source, family, used.size(), unused.size(), missing.size());
}

nlohmann::ordered_json WeightReport::json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Used& item : used)
    list.push_back({{"tensor", item.target}, {"from", item.sources}, {"how", item.how}});
  return {{"source", source},
          {"family", family},
          {"used", list},
          {"unused", unused},
          {"missing", missing}};
}

}  // namespace radgen
