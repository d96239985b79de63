#include "speech.h"

#include <fmt/core.h>

#include <array>
#include <cmath>

namespace radgen::phantom {
namespace {

constexpr int kRedraws = 24;

std::string key_of(const TrueFinding& f) {
  switch (f.finding) {
    case Finding::kPleuralEffusion:
      return "effusion";
    case Finding::kPneumothorax:
      return "pneumothorax";
    case Finding::kLungLesion:
      return "lesion";
    case Finding::kLungOpacity:
      return "opacity";
    case Finding::kConsolidation:
      return "consolidation";
    case Finding::kPneumonia:
      return "pneumonia";
    case Finding::kAtelectasis:
      return "atelectasis";
    case Finding::kEdema:
      return "edema";
    case Finding::kCardiomegaly:
      return "cardiomegaly";
    case Finding::kEnlargedCardiomediastinum:
      return "mediastinum";
    case Finding::kFracture:
      return "fracture";
    case Finding::kPleuralOther:
      return "pleura";
    case Finding::kNoFinding:
    case Finding::kSupportDevices:
      break;
  }
  return "";
}

std::string noun_group(const TrueFinding& f, Side side) {
  std::string group = "np." + key_of(f);
  if (f.finding == Finding::kLungLesion) group = f.kind == "mass" ? "np.mass" : "np.nodule";
  if (f.finding == Finding::kAtelectasis)
    group = f.kind == "lobar_collapse" ? "np.collapse" : "np.plate";
  if (f.finding == Finding::kPleuralOther)
    group = f.kind == "plaque" ? "np.plaque" : "np.thickening";
  if (f.finding == Finding::kFracture && f.is_healed) group += ".healed";
  if (side == Side::kBilateral && Grammar::builtin().has(group + ".both")) group += ".both";
  return group;
}

// The groups of adjectives: small effusions, mild edema, subtle opacities.
const std::array<const char*, 3>& adjectives(Finding finding) {
  static const std::array<const char*, 3> size = {"small", "moderate_size", "large"};
  static const std::array<const char*, 3> degree = {"mild", "moderate_degree", "severe"};
  static const std::array<const char*, 3> opacity = {"faint", "moderate_opacity", "dense"};
  switch (finding) {
    case Finding::kPleuralEffusion:
    case Finding::kPneumothorax:
    case Finding::kLungLesion:
      return size;
    case Finding::kLungOpacity:
    case Finding::kConsolidation:
      return opacity;
    default:
      return degree;
  }
}

std::string lobe_word(Side side, Lobe lobe) {
  if (lobe == Lobe::kMiddle || lobe == Lobe::kLingula)
    return side == Side::kLeft ? "lingula" : "middle lobe";
  return lobe == Lobe::kNone ? "" : lobe_name(lobe);
}

std::string size_words(double mm, Random& random) {
  const double read = mm * std::exp(random.normal(0, 0.04));  // two readers differ by some 5 %
  return random.chance(0.7) ? fmt::format("{:.1f} cm", std::max(0.3, read / 10))
                            : fmt::format("{:.0f} mm", std::max(3.0, read));
}

const char* ordinal(int n) {
  static const std::array<const char*, 11> words = {"",       "first", "second", "third",
                                                    "fourth", "fifth", "sixth",  "seventh",
                                                    "eighth", "ninth", "tenth"};
  return words.at(static_cast<size_t>(std::max(1, std::min(n, 10))));
}

std::string with_article(const std::string& core) {
  const bool is_vowel = !core.empty() && std::string("aeiou").find(core[0]) != std::string::npos;
  return fmt::format("{} {}", is_vowel ? "an" : "a", core);
}

}  // namespace

std::string Speech::word(const std::string& group) {
  return Grammar::builtin().expand("<" + group + ">", {}, wording_, random_);
}

Slots Speech::slots_of(const TrueFinding& f, const Manner& manner) {
  Slots slots;
  slots["side"] = side_name(manner.side);
  slots["sev"] = slots["sevly"] = slots["sev_fracture"] = slots["sev_plaque"] = "";
  if (manner.severity != Severity::kUnstated) {
    const size_t degree =
        static_cast<size_t>(manner.severity) - static_cast<size_t>(Severity::kSubtle);
    static const std::array<const char*, 3> adverbs = {"mildly", "moderately", "severely"};
    static const std::array<const char*, 3> fracture = {"nondisplaced", "mildly displaced",
                                                        "displaced"};
    slots["sev"] = word(adjectives(f.finding)[degree]);
    slots["sevly"] = word(adverbs[degree]);
    slots["sev_fracture"] = fracture[degree];
    slots["sev_plaque"] = degree == 0 ? "small" : degree == 1 ? "moderate" : "large";
  }
  const std::string lobe = lobe_word(manner.side, f.lobe);
  std::string place = side_name(manner.side) + (lobe.empty() ? "" : " " + lobe);
  if (manner.side == Side::kBilateral) place = "bilateral lower lobe";
  if (Grammar::builtin().has("place." + place)) slots["place"] = word("place." + place);
  slots["side_lobe"] = lobe == "lingula" ? "lingular"
                       : lobe.empty()    ? side_name(manner.side) + " lung"
                                         : place;
  slots["level"] = f.lobe == Lobe::kUpper ? "apical" : "basal";
  slots["apical"] = truth_.is_supine ? "" : "apical";
  slots["rib"] = ordinal(static_cast<int>(f.measure));
  slots["size"] = size_words(f.size_mm, random_);
  slots["tip"] = fmt::format("{:.1f}", f.measure / 10);
  return slots;
}

void Speech::add_noun_phrase(const TrueFinding& f, const Manner& manner, Slots& slots) {
  const std::string raw =
      Grammar::builtin().expand("<" + noun_group(f, manner.side) + ">", slots, wording_, random_);
  const char marker = raw.at(1);
  std::string core = tidy_sentence(raw.substr(3));
  if (core.size() < 2 || !std::isupper(static_cast<unsigned char>(core[1]))) {
    core[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(core[0])));
  }
  slots["core"] = core;
  slots["np"] = marker == 's' ? with_article(core) : core;
  slots["be"] = marker == 'p' ? "are" : "is";
  slots["have"] = marker == 'p' ? "have" : "has";
}

Utterance Speech::sentence(const std::string& group, const Slots& slots) {
  const Grammar& grammar = Grammar::builtin();
  const std::string& frame = grammar.option(group, grammar.draw(group, wording_, random_));
  return {tidy_sentence(grammar.expand(frame, slots, wording_, random_)), group + ": " + frame};
}

Utterance Speech::state(const TrueFinding& f, const Manner& manner) {
  Slots slots = slots_of(f, manner);
  if (f.finding == Finding::kSupportDevices) {
    const bool is_deep = f.kind == "endotracheal_tube" && f.is_malpositioned;
    return sentence("device." + f.kind + (is_deep ? ".deep" : ""), slots);
  }
  add_noun_phrase(f, manner, slots);
  const char* kind = manner.is_hedged ? "hedge." : manner.with_prior ? "compare." : "say.";
  Utterance said;
  for (int attempt = 0; attempt < kRedraws; ++attempt) {
    said = sentence(kind + key_of(f), slots);
    // Frames of one side only do not fit both.
    if (manner.side != Side::kBilateral || said.frame.find("<side>") == std::string::npos) break;
  }
  return said;
}

Utterance Speech::conclude(const TrueFinding& f, const Manner& manner) {
  Slots slots = slots_of(f, manner);
  add_noun_phrase(f, manner, slots);
  const char* kind = manner.is_hedged    ? "impress_hedge."
                     : manner.with_prior ? "impress_prior."
                                         : "impress.";
  return sentence(kind + key_of(f), slots);
}

std::string Speech::core(const TrueFinding& f, const Manner& manner) {
  Slots slots = slots_of(f, manner);
  add_noun_phrase(f, manner, slots);
  return slots.at("core");
}

Utterance Speech::detail(const TrueFinding& f, const Manner& manner) {
  const std::string group = "detail." + key_of(f);
  if (!Grammar::builtin().has(group)) return {};
  return sentence(group, slots_of(f, manner));
}

}  // namespace radgen::phantom
