#include "data/prepare_select.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

namespace radgen {
namespace {

// Position of the view in the configured order; views.size() when it is not accepted.
size_t view_rank(const std::string& view, const std::vector<std::string>& views) {
  const auto it = std::ranges::find(views, view.empty() ? "unknown" : view);
  return static_cast<size_t>(it - views.begin());
}

}  // namespace

Selection select_images(std::vector<SourceImage> candidates, const PrepareConfig& config) {
  Selection selection;
  std::unordered_map<std::string, std::vector<size_t>> studies;
  std::vector<std::string> order;
  for (size_t i = 0; i < candidates.size(); ++i) {
    auto& members = studies[candidates[i].study_id];
    if (members.empty()) order.push_back(candidates[i].study_id);
    members.push_back(i);
  }
  std::vector<size_t> chosen;
  for (const std::string& study : order) {
    const auto& members = studies[study];
    std::vector<size_t> accepted;
    for (const size_t i : members) {
      if (view_rank(candidates[i].view, config.views) < config.views.size()) accepted.push_back(i);
    }
    const std::string& name = candidates[members.front()].relative_path;
    if (accepted.empty()) {
      selection.rejections.push_back(
          {name, "no_frontal_view", "no picture of the study has an accepted view"});
      continue;
    }
    if (candidates[accepted.front()].split.empty()) {
      selection.rejections.push_back({name, "no_split", "the split table does not list the study"});
      continue;
    }
    if (!config.all_views) {
      const auto key = [&](size_t i) {
        const SourceImage& image = candidates[i];
        return std::make_tuple(config.prefer_annotated && !image.has_boxes,
                               view_rank(image.view, config.views), image.image_id);
      };
      const size_t best =
          *std::ranges::min_element(accepted, [&](size_t a, size_t b) { return key(a) < key(b); });
      accepted = {best};
    }
    chosen.insert(chosen.end(), accepted.begin(), accepted.end());
  }
  std::ranges::sort(chosen);
  for (const size_t i : chosen) selection.images.push_back(std::move(candidates[i]));
  return selection;
}

size_t count_leaking_patients(const std::vector<SourceImage>& images) {
  std::unordered_map<std::string, std::string> first_split;
  std::set<std::string> leaking;
  for (const SourceImage& image : images) {
    const auto [it, is_new] = first_split.emplace(image.patient_id, image.split);
    if (!is_new && it->second != image.split) leaking.insert(image.patient_id);
  }
  return leaking.size();
}

}  // namespace radgen
