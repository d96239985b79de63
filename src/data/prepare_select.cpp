#include "data/prepare_select.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "radgen/core/random.h"

namespace radgen {
namespace {

constexpr uint64_t kDivisionStream = 0x5ca1ab1e;

// Position of the view in the configured order; views.size() when it is not accepted.
size_t view_rank(const std::string& view, const std::vector<std::string>& views) {
  const auto it = std::ranges::find(views, view.empty() ? "unknown" : view);
  return static_cast<size_t>(it - views.begin());
}

// 0..1, the same for a patient everywhere.
double place_of(const std::string& patient) {
  return static_cast<double>(hash_mix(hash_text(patient), kDivisionStream) >> 11) * 0x1p-53;
}

int split_rank(const std::string& split) {
  return split == "test" ? 2 : split == "validate" ? 1 : 0;
}

}  // namespace

Selection select_images(std::vector<SourceImage> candidates, const PrepareConfig& config,
                        bool text_only) {
  Selection selection;
  std::unordered_map<std::string, std::vector<size_t>> studies;
  std::vector<std::string> order;
  for (size_t i = 0; i < candidates.size(); ++i) {
    auto& members = studies[candidates[i].study_id];
    if (members.empty()) order.push_back(candidates[i].study_id);
    members.push_back(i);
  }
  std::vector<std::pair<size_t, StudyUnit>> units;  // with the place of the first image
  for (const std::string& study : order) {
    const auto& members = studies[study];
    std::vector<size_t> accepted;
    for (const size_t i : members) {
      const bool is_accepted = view_rank(candidates[i].view, config.views) < config.views.size();
      if (text_only || is_accepted) accepted.push_back(i);
    }
    const std::string& name = candidates[members.front()].relative_path;
    if (accepted.empty()) {
      selection.rejections.push_back(
          {name, "no_accepted_view", "no picture of the study has an accepted view"});
      continue;
    }
    if (candidates[accepted.front()].split.empty()) {
      selection.rejections.push_back({name, "no_split", "the split table does not list the study"});
      continue;
    }
    const auto key = [&](size_t i) {
      const SourceImage& image = candidates[i];
      return std::make_tuple(config.prefer_annotated && !image.has_boxes,
                             view_rank(image.view, config.views), image.image_id);
    };
    std::ranges::sort(accepted, [&](size_t a, size_t b) { return key(a) < key(b); });
    if (config.all_views && !text_only) {
      for (const size_t i : accepted) units.push_back({i, {{std::move(candidates[i])}, false}});
      continue;
    }
    StudyUnit unit;
    unit.is_view_open = accepted.size() > 1 && candidates[accepted.front()].view.empty();
    const size_t first = accepted.front();
    for (const size_t i : accepted) unit.images.push_back(std::move(candidates[i]));
    units.emplace_back(first, std::move(unit));
  }
  std::ranges::sort(units, {}, [](const auto& unit) { return unit.first; });
  for (auto& [place, unit] : units) selection.units.push_back(std::move(unit));
  return selection;
}

void divide_patients(std::vector<SourceImage>& images, const PrepareConfig& config) {
  for (SourceImage& image : images) {
    const bool is_open = image.split == kSplitByPatient;
    if (!is_open && image.split != kSplitTrainByPatient) continue;
    const double place = place_of(image.patient_id);
    if (place < config.split_validate) {
      image.split = "validate";
    } else {
      image.split = is_open && place >= 1 - config.split_test ? "test" : "train";
    }
  }
}

size_t count_box_split_conflicts(const std::vector<SourceImage>& images) {
  std::set<std::string> patients;
  for (const SourceImage& image : images) {
    const bool has_both = !image.box_split.empty() && !image.split.empty();
    if (has_both && image.box_split != image.split) patients.insert(image.patient_id);
  }
  return patients.size();
}

void follow_box_splits(std::vector<SourceImage>& images) {
  std::unordered_map<std::string, std::string> wanted;
  for (const SourceImage& image : images) {
    if (image.box_split.empty()) continue;
    std::string& split = wanted[image.patient_id];
    if (split.empty() || split_rank(image.box_split) > split_rank(split)) split = image.box_split;
  }
  for (SourceImage& image : images) {
    if (const auto it = wanted.find(image.patient_id); it != wanted.end()) image.split = it->second;
  }
}

size_t count_leaking_patients(const Selection& selection) {
  std::unordered_map<std::string, std::string> first_split;
  std::set<std::string> leaking;
  for (const StudyUnit& unit : selection.units) {
    for (const SourceImage& image : unit.images) {
      // A phantom's twin is a test film without one of its findings: nothing is learnt from either.
      const std::string split = image.split == "twin" ? "test" : image.split;
      const auto [it, is_new] = first_split.emplace(image.patient_id, split);
      if (!is_new && it->second != split) leaking.insert(image.patient_id);
    }
  }
  return leaking.size();
}

}  // namespace radgen
