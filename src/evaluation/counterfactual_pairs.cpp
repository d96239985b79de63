// Pairs of a phantom and the same film without one of its findings.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/sanity_checks.h"

namespace radgen::evaluation {

std::vector<CounterfactualPair> load_counterfactual_pairs(
    const std::filesystem::path& truth, const std::vector<Reference>& references) {
  std::unordered_map<std::string, const Reference*> originals;
  for (const Reference& reference : references) originals.emplace(reference.study_id, &reference);
  std::vector<CounterfactualPair> counterfactuals;
  read_jsonl(truth, [&](const nlohmann::json& json, size_t line) {
    try {
      const std::string twin_of = json.value("twin_of", "");
      const auto original = originals.find(twin_of);
      if (twin_of.empty() || original == originals.end()) return;
      const auto without = finding_from_name(json.at("twin_without").get<std::string>());
      if (!without) throw Error(ErrorCode::kData, "'twin_without' is none of the 14 finding names");
      const std::vector<TrueLesion>& lesions = original->second->truth;
      const bool was_there =
          std::any_of(lesions.begin(), lesions.end(), [&](const TrueLesion& lesion) {
            return lesion.finding == *without && lesion.is_visible;
          });
      const nlohmann::json left = json.value("findings", nlohmann::json::array());
      const bool is_left = std::any_of(left.begin(), left.end(), [&](const nlohmann::json& lesion) {
        return finding_from_name(lesion.at("finding").get<std::string>()) == without;
      });
      if (was_there && !is_left)
        counterfactuals.push_back({json.at("study_id").get<std::string>(), twin_of, *without});
    } catch (const nlohmann::json::exception& e) {
      throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", truth.string(), line, e.what()),
                  "the file is not a truth.jsonl of phantom-radgen");
    } catch (const Error& e) {
      throw Error(ErrorCode::kData, fmt::format("{}: line {}: {}", truth.string(), line, e.what()));
    }
  });
  return counterfactuals;
}

}  // namespace radgen::evaluation
