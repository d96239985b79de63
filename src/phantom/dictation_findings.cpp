// The findings section: what is there, what is not, what else one says, in a radiologist's order.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "dictation.h"
#include "radgen/report/text.h"

namespace radgen::phantom {
namespace {

constexpr size_t kFewestDescriptionWords = 15, kMostDescriptionWords = 118;

// The list of a negative: how often an absent finding is denied and by which words; half of them on
// average.
struct Denial {
  Finding finding;
  double share;
  const char* words;  // empty: has sentences of its own (heart, mediastinum, bones, clear lungs)
};
constexpr Denial kDenials[] = {{Finding::kConsolidation, 0.72, "focal consolidation"},
                               {Finding::kPneumonia, 0.38, "pneumonia"},
                               {Finding::kEdema, 0.55, "pulmonary edema"},
                               {Finding::kLungLesion, 0.25, "pulmonary nodule"},
                               {Finding::kAtelectasis, 0.12, "atelectasis"},
                               {Finding::kPleuralEffusion, 0.82, "pleural effusion"},
                               {Finding::kPneumothorax, 0.84, "pneumothorax"},
                               {Finding::kPleuralOther, 0.08, "pleural thickening"},
                               {Finding::kCardiomegaly, 0.76, ""},
                               {Finding::kEnlargedCardiomediastinum, 0.58, ""},
                               {Finding::kFracture, 0.46, ""},
                               {Finding::kLungOpacity, 0.42, ""}};

std::string join_list(const std::vector<std::string>& items) {
  if (items.size() == 1) return items[0];
  if (items.size() == 2) return items[0] + " or " + items[1];
  std::string text;
  for (size_t i = 0; i + 1 < items.size(); ++i) text += items[i] + ", ";
  return text + "or " + items.back();
}

}  // namespace

Dictation::Part Dictation::part_of(Finding finding) {
  switch (finding) {
    case Finding::kSupportDevices:
      return Part::kDevices;
    case Finding::kPleuralEffusion:
    case Finding::kPneumothorax:
    case Finding::kPleuralOther:
      return Part::kPleura;
    case Finding::kCardiomegaly:
    case Finding::kEnlargedCardiomediastinum:
      return Part::kHeart;
    case Finding::kFracture:
      return Part::kBones;
    default:
      return Part::kLungs;
  }
}

void Dictation::place(const Utterance& said, Part part, std::vector<size_t> findings,
                      bool is_filler) {
  placed_.push_back({{said.text, said.frame, false, std::move(findings)}, part, is_filler});
}

void Dictation::dictate_positives() {
  std::vector<size_t> order = said_;
  random_.shuffle(order);
  for (size_t i : order) {
    place(speech_.state(spoken_[i], manners_[i]), part_of(spoken_[i].finding), {i});
    if (!manners_[i].is_hedged && random_.chance(0.3)) {
      const Utterance detail = speech_.detail(spoken_[i], manners_[i]);
      if (detail.text.empty()) continue;
      place(detail, part_of(spoken_[i].finding), {}, /*is_filler=*/true);
      placed_.back().is_detail = true;
    }
  }
}

void Dictation::deny(const std::vector<std::string>& items, const char* group, Part part) {
  if (items.empty()) return;
  place(speech_.sentence(group, {{"list", join_list(items)}}), part);
}

void Dictation::dictate_negatives() {
  std::set<Finding> denied;
  std::vector<std::string> lungs, pleura;
  for (const Denial& d : kDenials) {
    const bool is_worth_it = is_worth(d.share);
    if (stated_.count(d.finding) || !is_worth_it) continue;
    // Nobody calls a pneumonia and denies the consolidation that it is, or the reverse.
    if (d.finding == Finding::kConsolidation && stated_.count(Finding::kPneumonia)) continue;
    if (d.finding == Finding::kPneumonia && stated_.count(Finding::kConsolidation)) continue;
    denied.insert(d.finding);
    if (std::string(d.words).empty()) continue;
    (part_of(d.finding) == Part::kPleura ? pleura : lungs).emplace_back(d.words);
  }
  const bool no_heart = denied.count(Finding::kCardiomegaly),
             no_wide = denied.count(Finding::kEnlargedCardiomediastinum);
  if (no_heart && no_wide) place(speech_.sentence("heart.mediastinum"), Part::kHeart);
  if (no_heart && !no_wide) place(speech_.sentence("heart"), Part::kHeart);
  if (!no_heart && no_wide) place(speech_.sentence("mediastinum"), Part::kHeart);
  if (denied.count(Finding::kFracture)) place(speech_.sentence("bones"), Part::kBones);
  if (denied.count(Finding::kLungOpacity) && !has_lung_finding())
    place(clear_lungs(), Part::kLungs);
  if (lungs.size() + pleura.size() <= 4 && !lungs.empty() && !pleura.empty() &&
      random_.chance(0.6)) {
    lungs.insert(lungs.end(), pleura.begin(), pleura.end());
    deny(lungs, "none", Part::kPleura);
  } else {
    deny(lungs, "none", Part::kLungs);
    deny(pleura, "none.pleura", Part::kPleura);
  }
}

Utterance Dictation::clear_lungs() {
  Utterance said = speech_.sentence("lungs");
  for (int k = 0;
       k < 20 && truth_.is_poor_inspiration && said.text.find("expanded") != std::string::npos;
       ++k) {
    said = speech_.sentence("lungs");
  }
  return said;
}

void Dictation::add_filler(const std::string& group, Part part) {
  place(speech_.sentence(group), part, {}, true);
}

bool Dictation::is_shifted() const {
  return std::any_of(truth_.findings.begin(), truth_.findings.end(), [](const TrueFinding& f) {
    return f.kind == "tension" || f.kind == "lobar_collapse" || f.volume_ml > 1500;
  });
}

void Dictation::dictate_fillers() {
  if (is_worth(0.35)) {
    add_filler(truth_.is_supine ? "technique.supine"
               : truth_.is_ap   ? "technique.ap"
                                : "technique.pa",
               Part::kTechnique);
  }
  if (is_worth(truth_.is_poor_inspiration ? 0.65 : 0.3)) {
    add_filler(truth_.is_poor_inspiration ? "low_volumes" : "inspiration", Part::kLungs);
  }
  if (is_worth(0.4) && std::abs(truth_.rotation_degrees) > 3.5)
    add_filler("rotated", Part::kTechnique);
  const bool has_pleural = has_pleural_air_or_fluid() || stated_.count(Finding::kPleuralOther) > 0;
  if (is_worth(0.4) && !stated_.count(Finding::kEdema)) add_filler("filler.hila", Part::kHeart);
  if (is_worth(0.4) && !is_shifted()) add_filler("filler.other", Part::kOther);
  if (is_worth(0.4) && !stated_.count(Finding::kEnlargedCardiomediastinum))
    add_filler("filler.aorta", Part::kHeart);
  if (is_worth(0.35) && !stated_.count(Finding::kFracture)) add_filler("filler.wall", Part::kBones);
  if (is_worth(0.4) && !has_pleural && !has_lung_finding())
    add_filler("filler.angles", Part::kPleura);
  if (report_.refers_to_prior) {
    bool is_said = false;
    for (size_t i : said_) is_said = is_said || manners_[i].with_prior;
    if (!is_said || random_.chance(0.2)) add_filler("prior", Part::kPrior);
  }
}

size_t Dictation::placed_words() const {
  size_t words = 0;
  for (const Placed& p : placed_) words += count_words(p.sentence.text);
  return words;
}

void Dictation::fit_length() {
  for (const char* group : {"filler.hila", "filler.other", "bones", "lungs", "heart"}) {
    if (placed_words() >= kFewestDescriptionWords) break;
    const std::string name = group;
    if (name == "bones" && stated_.count(Finding::kFracture)) continue;
    if (name == "lungs" && has_lung_finding()) continue;
    if (name == "heart" && stated_.count(Finding::kCardiomegaly)) continue;
    if (name == "filler.hila" && stated_.count(Finding::kEdema)) continue;
    const bool is_there = std::any_of(placed_.begin(), placed_.end(), [&name](const Placed& p) {
      return p.sentence.frame.rfind(name, 0) == 0;
    });
    if (!is_there) add_filler(name, Part::kOther);
  }
  while (placed_words() > kMostDescriptionWords) {
    auto last =
        std::find_if(placed_.rbegin(), placed_.rend(), [](const Placed& p) { return p.is_filler; });
    if (last == placed_.rend()) {
      last = std::find_if(placed_.rbegin(), placed_.rend(),
                          [](const Placed& p) { return p.sentence.findings.empty(); });
    }
    if (last == placed_.rend()) break;
    placed_.erase(std::next(last).base());
  }
}

void Dictation::order_sentences() {
  const bool heart_first = random_.chance(0.4), devices_last = random_.chance(0.25);
  auto rank = [&](Part part) {
    if (part == Part::kHeart && heart_first) return 2.5;
    if (part == Part::kDevices && devices_last) return 17.0;
    return 3.0 * static_cast<double>(part);
  };
  std::vector<double> key(placed_.size());
  for (size_t i = 0; i < key.size(); ++i)
    key[i] = rank(placed_[i].part) + (i == 0 ? 0.0 : 1e-3 * static_cast<double>(i));
  // Now and then a sentence stands where nobody expects it.
  for (size_t i = 0; i < key.size(); ++i) {
    if (placed_[i].is_detail && i > 0) {
      key[i] = key[i - 1] + 1e-6;
    } else if (!placed_[i].is_filler && random_.chance(0.08)) {
      key[i] += random_.uniform(-8, 8);
    }
  }
  std::vector<size_t> order(placed_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&key](size_t a, size_t b) { return key[a] < key[b]; });
  for (size_t i : order) report_.sentences.push_back(placed_[i].sentence);
}

void Dictation::dictate_findings() {
  dictate_positives();
  dictate_negatives();
  dictate_fillers();
  fit_length();
  order_sentences();
}

}  // namespace radgen::phantom
