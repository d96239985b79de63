#include <algorithm>
#include <set>

#include "radgen/explore/explore_page.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/overlay.h"

namespace radgen::explore {
namespace {

constexpr int kFilmSidePx = 520;

std::set<std::string> findings_of(const ManifestEntry& entry) {
  std::set<std::string> names;
  for (const FindingBox& box : entry.boxes) names.insert(box.finding);
  return names;
}

bool is_normal(const ManifestEntry& entry) {
  const auto label = entry.labels.find(Finding::kNoFinding);
  return label != entry.labels.end() && label->second == 1 && !entry.text().empty();
}

// The film with its boxes, which are numbered: names of boxes that lie close would cover each
// other. Empty where it cannot be read.
std::string drawn(const ManifestEntry& entry, const std::filesystem::path& data_dir) {
  const auto film = read_png16(data_dir / entry.image);
  if (!film || film->empty()) return {};
  std::vector<LabelledBox> boxes;
  for (const FindingBox& box : entry.boxes) {
    boxes.push_back({box.box, std::to_string(boxes.size() + 1)});
  }
  OverlayStyle style;
  style.max_side_px = kFilmSidePx;
  return encode_png(draw_overlay(*film, cv::Mat(), Box{}, boxes, style));
}

// Greedy: each time the line whose boxes show most findings that were not shown yet; at last a
// normal study.
std::vector<size_t> chosen(const std::vector<ManifestEntry>& entries, size_t count) {
  std::vector<size_t> lines;
  std::set<std::string> shown;
  while (lines.size() + 1 < count) {
    size_t best = entries.size(), best_new = 0;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].image.empty() || entries[i].boxes.empty()) continue;
      size_t fresh = 0;
      for (const std::string& name : findings_of(entries[i])) fresh += shown.count(name) == 0;
      if (fresh > best_new) best = i, best_new = fresh;
    }
    if (best == entries.size()) break;
    lines.push_back(best);
    for (const std::string& name : findings_of(entries[best])) shown.insert(name);
  }
  const auto normal = std::find_if(entries.begin(), entries.end(), [](const ManifestEntry& entry) {
    return !entry.image.empty() && is_normal(entry);
  });
  if (normal != entries.end()) lines.push_back(static_cast<size_t>(normal - entries.begin()));
  for (size_t i = 0; i < entries.size() && lines.size() < count; ++i) {  // sets without boxes
    const bool is_new = std::find(lines.begin(), lines.end(), i) == lines.end();
    if (is_new && !entries[i].image.empty() && count_findings(entries[i].labels) > 0)
      lines.push_back(i);
  }
  return lines;
}

}  // namespace

std::vector<Example> choose_examples(const std::vector<ManifestEntry>& entries,
                                     const std::filesystem::path& data_dir, size_t count) {
  std::vector<Example> examples;
  if (count == 0) return examples;
  const Labeler labeler;
  for (size_t line : chosen(entries, count)) {
    const ManifestEntry& entry = entries[line];
    Example example{entry.split, entry.view, drawn(entry, data_dir), entry.text(), {}, {}, {}};
    if (example.film_png.empty()) continue;
    example.mentions = labeler.mentions(example.text);
    example.labels = entry.labels;
    example.boxes = entry.boxes;
    examples.push_back(std::move(example));
  }
  return examples;
}

}  // namespace radgen::explore
