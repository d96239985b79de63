// The impression: the urgent first, minor ones left to the findings, one or two in a sentence.
#include <algorithm>

#include "dictation.h"
#include "radgen/report/text.h"

namespace radgen::phantom {
namespace {

constexpr size_t kFewestImpressionWords = 3, kMostImpressionWords = 38, kMostFindings = 4;
constexpr int kMinor = 10;  // urgency from which a finding may stay out of the impression

// How urgent a finding is in an impression; lower comes first.
int urgency(const TrueFinding& f) {
  switch (f.finding) {
    case Finding::kPneumothorax:
      return 0;
    case Finding::kPneumonia:
      return 2;
    case Finding::kEdema:
      return 3;
    case Finding::kConsolidation:
      return 4;
    case Finding::kEnlargedCardiomediastinum:
      return 5;
    case Finding::kLungLesion:
      return 6;
    case Finding::kPleuralEffusion:
      return 7;
    case Finding::kLungOpacity:
      return 8;
    case Finding::kFracture:
      return f.is_healed ? 13 : 9;
    case Finding::kAtelectasis:
      return f.kind == "plate" ? 11 : 5;
    case Finding::kCardiomegaly:
      return 10;
    default:
      return 12;
  }
}

}  // namespace

size_t Dictation::impression_words() const {
  size_t words = 0;
  for (const SpokenSentence& s : report_.sentences)
    words += s.is_impression ? count_words(s.text) : 0;
  return words;
}

void Dictation::conclude(const Utterance& said, std::vector<size_t> findings) {
  if (impression_words() + count_words(said.text) > kMostImpressionWords) return;
  report_.sentences.push_back({said.text, said.frame, true, std::move(findings)});
}

void Dictation::conclude_devices(bool is_alone) {
  std::vector<size_t> devices;
  for (size_t i : said_) {
    if (spoken_[i].finding == Finding::kSupportDevices) devices.push_back(i);
  }
  for (size_t i : devices) {
    if (spoken_[i].kind != "endotracheal_tube" || !spoken_[i].is_malpositioned) continue;
    conclude(speech_.sentence("impress.deep_tube"), {i});
    return;
  }
  if (is_alone) {
    for (size_t i : devices) conclude(speech_.state(spoken_[i], manners_[i]), {i});
  } else if (!devices.empty() && random_.chance(0.35)) {
    conclude(speech_.sentence("impress.devices"), devices);
  }
}

std::vector<size_t> Dictation::order_by_urgency(bool is_alone) {
  std::vector<size_t> order;
  for (size_t i : said_) {
    const TrueFinding& f = spoken_[i];
    if (f.finding == Finding::kSupportDevices) continue;
    if (!is_alone && urgency(f) >= kMinor && random_.chance(0.4)) continue;
    order.push_back(i);
  }
  random_.shuffle(order);
  std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return urgency(spoken_[a]) < urgency(spoken_[b]);
  });
  if (!is_alone && order.size() > kMostFindings) order.resize(kMostFindings);
  return order;
}

// "Small right pleural effusion and mild cardiomegaly."; false when they do not go into one
// sentence.
bool Dictation::conclude_two(size_t i, size_t j) {
  for (size_t k : {i, j}) {
    if (manners_[k].is_hedged || manners_[k].with_prior) return false;
  }
  if (!random_.chance(0.3)) return false;
  const std::string text =
      speech_.core(spoken_[i], manners_[i]) + " and " + speech_.core(spoken_[j], manners_[j]) + ".";
  conclude(
      {tidy_sentence(text), "impress.join: <core> and <core>. " + finding_name(spoken_[i].finding) +
                                " " + finding_name(spoken_[j].finding)},
      {i, j});
  return true;
}

void Dictation::dictate_impression(bool is_alone) {
  const std::vector<size_t> order = order_by_urgency(is_alone);
  for (size_t k = 0; k < order.size(); ++k) {
    if (k + 1 < order.size() && conclude_two(order[k], order[k + 1])) {
      ++k;
    } else {
      conclude(speech_.conclude(spoken_[order[k]], manners_[order[k]]), {order[k]});
    }
  }
  if (order.empty() && random_.chance(0.9)) {
    // A film with a pacemaker or a large heart is not called normal.
    conclude(speech_.sentence(said_.empty() ? "impress.normal" : "impress.no_acute"), {});
  } else if (order.empty()) {
    conclude(speech_.sentence("impress.none", {{"list", "pneumonia"}}), {});
  }
  conclude_devices(is_alone);
  if (impression_words() < kFewestImpressionWords || (!order.empty() && random_.chance(0.15))) {
    conclude(speech_.sentence("impress.otherwise"), {});
  }
  if (is_alone && !has_pleural_air_or_fluid() && random_.chance(0.5)) {
    conclude(speech_.sentence("impress.none", {{"list", "pleural effusion or pneumothorax"}}), {});
  }
}

}  // namespace radgen::phantom
