#include "radgen/phantom/words.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "findings_plan.h"
#include "radgen/core/random.h"
#include "radgen/report/text.h"
#include "speech.h"

namespace radgen::phantom {
namespace {

enum Stream : uint64_t { kReportStream = 31, kOracleStream = 32, kStudyStream = 33 };

constexpr double kHedgeShare = 0.11, kOmitSubtle = 0.10, kFalseCallShare = 0.02, kWrongSideShare = 0.01;
constexpr double kPriorShare = 0.35, kImpressionOnlyShare = 0.15, kSeverityUnstated = 0.18, kSeverityOff = 0.04;
constexpr double kReaderShare = 0.3;
constexpr size_t kFewestWords = 15, kMostWords = 118, kMostImpressionWords = 38;

// Where a sentence stands in the findings section; a radiologist goes from devices to bones, or hearts first.
enum class Part { kTechnique, kDevices, kLungs, kPleura, kHeart, kBones, kOther, kPrior };

struct Placed {
  SpokenSentence sentence;
  Part part = Part::kOther;
  bool is_filler = false;  // says no finding: may be dropped or added for length
};

Part part_of(Finding finding) {
  switch (finding) {
    case Finding::kSupportDevices: return Part::kDevices;
    case Finding::kPleuralEffusion:
    case Finding::kPneumothorax:
    case Finding::kPleuralOther: return Part::kPleura;
    case Finding::kCardiomegaly:
    case Finding::kEnlargedCardiomediastinum: return Part::kHeart;
    case Finding::kFracture: return Part::kBones;
    default: return Part::kLungs;
  }
}

// How urgent a finding is in an impression; lower comes first.
int urgency(const TrueFinding& f) {
  switch (f.finding) {
    case Finding::kPneumothorax: return 0;
    case Finding::kPneumonia: return 2;
    case Finding::kEdema: return 3;
    case Finding::kConsolidation: return 4;
    case Finding::kEnlargedCardiomediastinum: return 5;
    case Finding::kLungLesion: return 6;
    case Finding::kPleuralEffusion: return 7;
    case Finding::kLungOpacity: return 8;
    case Finding::kFracture: return f.is_healed ? 13 : 9;
    case Finding::kAtelectasis: return f.kind == "plate" ? 11 : 5;
    case Finding::kCardiomegaly: return 10;
    default: return 12;
  }
}

// The list of a negative: how often an absent finding is denied and by which words; half of them on average.
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

class Dictation {
 public:
  Dictation(const StudyTruth& truth, Wording wording, const WordsOptions& options, Random random, bool is_faithful)
      : truth_(truth), options_(options), random_(random), study_(options.seed, {kStudyStream, hash_text(truth.study_id)}),
        speech_(truth, wording, random_), is_faithful_(is_faithful) {}

  SpokenReport run() {
    const size_t count = truth_.findings.size();
    report_.is_mentioned.assign(count, false);
    report_.is_hedged.assign(count, false);
    // Facts of the study, the same in every rendering: whether there is a prior, and the kind of dictation.
    report_.refers_to_prior = study_.chance(kPriorShare);
    const bool is_impression_only = study_.chance(kImpressionOnlyShare);
    choose_manners();
    if (!is_impression_only) dictate_findings();
    dictate_impression(is_impression_only);
    for (const SpokenSentence& s : report_.sentences) {
      std::string& section = s.is_impression ? report_.impression : report_.findings;
      section += (section.empty() ? "" : " ") + s.text;
      for (size_t i : s.findings) {
        if (i >= count) continue;
        report_.is_mentioned[i] = true;
        report_.is_hedged[i] = manners_[i].is_hedged;
      }
    }
    // The index behind the last stands for a false call; nobody else shall see it.
    for (SpokenSentence& s : report_.sentences) std::erase_if(s.findings, [count](size_t i) { return i >= count; });
    return std::move(report_);
  }

 private:
  // What is worth a word depends on the study (its question, its patient) more than on the reader of the day.
  bool is_worth(double share) {
    const bool by_study = study_.chance(share), by_reader = random_.chance(share);
    return random_.chance(kReaderShare) ? by_reader : by_study;
  }

  bool is_left_out(const TrueFinding& f) {
    if (!f.is_visible) return true;
    if (is_faithful_ || f.finding == Finding::kSupportDevices) return false;
    double share = f.severity == Severity::kSubtle ? kOmitSubtle : 0;
    if (options_.bias == "contrast" && truth_.is_degraded) {
      share = f.severity == Severity::kSubtle ? 0.40 : f.severity == Severity::kModerate ? 0.15 : 0.03;
    }
    if (options_.bias == "omission" && truth_.patient.race == kBiasedRace) share = std::max(share, 0.35);
    return random_.chance(share);
  }

  Manner choose_manner(const TrueFinding& f) {
    Manner manner;
    manner.side = f.side;
    const bool is_sided = f.side == Side::kLeft || f.side == Side::kRight;
    if (!is_faithful_ && is_sided && random_.chance(kWrongSideShare)) {
      manner.side = mirrored(f.side);
      ++report_.wrong_sides;
    }
    if (!random_.chance(kSeverityUnstated)) manner.severity = f.severity;
    if (manner.severity == Severity::kModerate && random_.chance(2 * kSeverityOff)) {
      manner.severity = random_.chance(0.5) ? Severity::kSubtle : Severity::kSevere;
    } else if (manner.severity != Severity::kUnstated && random_.chance(kSeverityOff)) {
      manner.severity = Severity::kModerate;
    }
    if (f.finding != Finding::kSupportDevices) {
      const double excess = truth_.cardiothoracic_ratio - cardiothoracic_threshold(truth_.is_ap);
      const bool is_borderline = f.finding == Finding::kCardiomegaly && excess < 0.03;
      manner.is_hedged = is_borderline || random_.chance(kHedgeShare);
      manner.with_prior = report_.refers_to_prior && !manner.is_hedged && random_.chance(0.45);
    }
    return manner;
  }

  void choose_manners() {
    spoken_ = truth_.findings;
    for (size_t i = 0; i < truth_.findings.size(); ++i) {
      manners_.push_back(choose_manner(truth_.findings[i]));
      if (!is_left_out(truth_.findings[i])) said_.push_back(i);
    }
    if (!is_faithful_ && random_.chance(kFalseCallShare)) add_false_call();
    for (size_t i : said_) stated_.insert(spoken_[i].finding);
  }

  void add_false_call() {
    static const std::vector<Finding> callable = {Finding::kPleuralEffusion, Finding::kLungOpacity,
                                                  Finding::kAtelectasis, Finding::kPneumonia, Finding::kLungLesion};
    const Finding finding = random_.pick(callable);
    for (const TrueFinding& f : truth_.findings) {
      if (f.finding == finding) return;
    }
    TrueFinding invented = draw_pathology(finding, truth_, random_, false);
    if (invented.kind == "mass") return;  // nobody invents a mass
    invented.severity = Severity::kSubtle;
    spoken_.push_back(invented);
    Manner manner;
    manner.side = invented.side;
    manner.severity = Severity::kSubtle;
    manners_.push_back(manner);
    said_.push_back(spoken_.size() - 1);
    report_.has_false_call = true;
  }

  void place(const Utterance& said, Part part, std::vector<size_t> findings = {}, bool is_filler = false) {
    placed_.push_back({{said.text, said.frame, false, std::move(findings)}, part, is_filler});
  }

  void dictate_positives() {
    std::vector<size_t> order = said_;
    random_.shuffle(order);
    for (size_t i : order) {
      place(speech_.state(spoken_[i], manners_[i]), part_of(spoken_[i].finding), {i});
      if (!manners_[i].is_hedged && random_.chance(0.3)) {
        const Utterance detail = speech_.detail(spoken_[i], manners_[i]);
        if (!detail.text.empty()) place(detail, part_of(spoken_[i].finding), {}, true);
      }
    }
  }

  bool has_lung_finding() const {
    for (Finding f : {Finding::kLungOpacity, Finding::kConsolidation, Finding::kPneumonia, Finding::kAtelectasis,
                      Finding::kEdema, Finding::kLungLesion}) {
      if (stated_.count(f)) return true;
    }
    return false;
  }

  void deny(const std::vector<std::string>& items, const char* group, Part part) {
    if (items.empty()) return;
    place(speech_.sentence(group, {{"list", join_list(items)}}), part);
  }

  void dictate_negatives() {
    std::set<Finding> denied;
    std::vector<std::string> lungs, pleura;
    for (const Denial& d : kDenials) {
      const bool is_worth_it = is_worth(d.share);
      if (stated_.count(d.finding) || !is_worth_it) continue;
      denied.insert(d.finding);
      if (std::string(d.words).empty()) continue;
      (part_of(d.finding) == Part::kPleura ? pleura : lungs).emplace_back(d.words);
    }
    const bool no_heart = denied.count(Finding::kCardiomegaly), no_wide = denied.count(Finding::kEnlargedCardiomediastinum);
    if (no_heart && no_wide) place(speech_.sentence("heart.mediastinum"), Part::kHeart);
    if (no_heart && !no_wide) place(speech_.sentence("heart"), Part::kHeart);
    if (!no_heart && no_wide) place(speech_.sentence("mediastinum"), Part::kHeart);
    if (denied.count(Finding::kFracture)) place(speech_.sentence("bones"), Part::kBones);
    if (denied.count(Finding::kLungOpacity) && !has_lung_finding()) place(clear_lungs(), Part::kLungs);
    if (lungs.size() + pleura.size() <= 4 && !lungs.empty() && !pleura.empty() && random_.chance(0.6)) {
      lungs.insert(lungs.end(), pleura.begin(), pleura.end());
      deny(lungs, "none", Part::kPleura);
    } else {
      deny(lungs, "none", Part::kLungs);
      deny(pleura, "none.pleura", Part::kPleura);
    }
  }

  Utterance clear_lungs() {
    Utterance said = speech_.sentence("lungs");
    for (int k = 0; k < 20 && truth_.is_poor_inspiration && said.text.find("expanded") != std::string::npos; ++k) {
      said = speech_.sentence("lungs");
    }
    return said;
  }

  void add_filler(const std::string& group, Part part) { place(speech_.sentence(group), part, {}, true); }

  void dictate_fillers() {
    if (is_worth(0.35)) {
      add_filler(truth_.is_supine ? "technique.supine" : truth_.is_ap ? "technique.ap" : "technique.pa", Part::kTechnique);
    }
    if (is_worth(truth_.is_poor_inspiration ? 0.65 : 0.3)) {
      add_filler(truth_.is_poor_inspiration ? "low_volumes" : "inspiration", Part::kLungs);
    }
    if (is_worth(0.4) && std::abs(truth_.rotation_degrees) > 3.5) add_filler("rotated", Part::kTechnique);
    const bool has_pleural = has_pleural_air_or_fluid() || stated_.count(Finding::kPleuralOther) > 0;
    if (is_worth(0.4) && !stated_.count(Finding::kEdema)) add_filler("filler.hila", Part::kHeart);
    if (is_worth(0.4) && !is_shifted()) add_filler("filler.other", Part::kOther);
    if (is_worth(0.4) && !stated_.count(Finding::kEnlargedCardiomediastinum)) add_filler("filler.aorta", Part::kHeart);
    if (is_worth(0.35) && !stated_.count(Finding::kFracture)) add_filler("filler.wall", Part::kBones);
    if (is_worth(0.4) && !has_pleural && !has_lung_finding()) add_filler("filler.angles", Part::kPleura);
    if (report_.refers_to_prior) {
      bool is_said = false;
      for (size_t i : said_) is_said = is_said || manners_[i].with_prior;
      if (!is_said || random_.chance(0.2)) add_filler("prior", Part::kPrior);
    }
  }

  // Something pulls or pushes the trachea.
  bool is_shifted() const {
    return std::any_of(truth_.findings.begin(), truth_.findings.end(), [](const TrueFinding& f) {
      return f.kind == "tension" || f.kind == "lobar_collapse" || f.volume_ml > 1500;
    });
  }

  size_t placed_words() const {
    size_t words = 0;
    for (const Placed& p : placed_) words += count_words(p.sentence.text);
    return words;
  }

  void fit_length() {
    for (const char* group : {"filler.hila", "filler.other", "bones", "lungs", "heart"}) {
      if (placed_words() >= kFewestWords) break;
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
    while (placed_words() > kMostWords) {
      auto last = std::find_if(placed_.rbegin(), placed_.rend(), [](const Placed& p) { return p.is_filler; });
      if (last == placed_.rend()) {
        last = std::find_if(placed_.rbegin(), placed_.rend(), [](const Placed& p) { return p.sentence.findings.empty(); });
      }
      if (last == placed_.rend()) break;
      placed_.erase(std::next(last).base());
    }
  }

  void order_sentences() {
    const bool heart_first = random_.chance(0.4), devices_last = random_.chance(0.25);
    auto rank = [&](Part part) {
      if (part == Part::kHeart && heart_first) return 2.5;
      if (part == Part::kDevices && devices_last) return 17.0;
      return 3.0 * static_cast<double>(part);
    };
    std::vector<double> key(placed_.size());
    for (size_t i = 0; i < key.size(); ++i) key[i] = rank(placed_[i].part) + (i == 0 ? 0.0 : 1e-3 * static_cast<double>(i));
    // Now and then a sentence stands where nobody expects it. Details stay behind what they belong to.
    for (size_t i = 0; i < key.size(); ++i) {
      if (!placed_[i].is_filler && random_.chance(0.08)) key[i] += random_.uniform(-8, 8);
    }
    std::vector<size_t> order(placed_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&key](size_t a, size_t b) { return key[a] < key[b]; });
    for (size_t i : order) report_.sentences.push_back(placed_[i].sentence);
  }

  void dictate_findings() {
    dictate_positives();
    dictate_negatives();
    dictate_fillers();
    fit_length();
    order_sentences();
  }

  size_t impression_words() const {
    size_t words = 0;
    for (const SpokenSentence& s : report_.sentences) words += s.is_impression ? count_words(s.text) : 0;
    return words;
  }

  bool conclude(const Utterance& said, std::vector<size_t> findings) {
    if (impression_words() + count_words(said.text) > kMostImpressionWords) return false;
    report_.sentences.push_back({said.text, said.frame, true, std::move(findings)});
    return true;
  }

  void conclude_devices(bool is_alone) {
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

  void dictate_impression(bool is_alone) {
    std::vector<size_t> order;
    for (size_t i : said_) {
      const TrueFinding& f = spoken_[i];
      if (f.finding == Finding::kSupportDevices) continue;
      if (!is_alone && urgency(f) >= 10 && random_.chance(0.4)) continue;  // minor ones stay in the findings
      order.push_back(i);
    }
    random_.shuffle(order);
    std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) { return urgency(spoken_[a]) < urgency(spoken_[b]); });
    if (!is_alone && order.size() > 4) order.resize(4);
    for (size_t k = 0; k < order.size(); ++k) {
      const size_t i = order[k];
      const bool is_plain = !manners_[i].is_hedged && !manners_[i].with_prior;
      if (is_plain && k + 1 < order.size() && random_.chance(0.3)) {
        const size_t j = order[k + 1];
        if (!manners_[j].is_hedged && !manners_[j].with_prior) {
          const std::string text = speech_.core(spoken_[i], manners_[i]) + " and " + speech_.core(spoken_[j], manners_[j]) + ".";
          conclude({tidy_sentence(text), "impress.join: <core> and <core>. " + finding_name(spoken_[i].finding) + " " +
                                             finding_name(spoken_[j].finding)},
                   {i, j});
          ++k;
          continue;
        }
      }
      conclude(speech_.conclude(spoken_[i], manners_[i]), {i});
    }
    if (order.empty()) {
      if (random_.chance(0.9)) {
        conclude(speech_.sentence("impress.normal"), {});
      } else {
        conclude(speech_.sentence("impress.none", {{"list", stated_.count(Finding::kPneumonia) ? "pneumothorax" : "pneumonia"}}), {});
      }
    }
    conclude_devices(is_alone);
    if (impression_words() < 3 || (!order.empty() && random_.chance(0.15))) {
      conclude(speech_.sentence("impress.otherwise"), {});
    }
    if (is_alone && !has_pleural_air_or_fluid() && random_.chance(0.5)) {
      conclude(speech_.sentence("impress.none", {{"list", "pleural effusion or pneumothorax"}}), {});
    }
  }

  bool has_pleural_air_or_fluid() const {
    return stated_.count(Finding::kPleuralEffusion) || stated_.count(Finding::kPneumothorax);
  }

  const StudyTruth& truth_;
  const WordsOptions& options_;
  Random random_;
  Random study_;
  Speech speech_;
  bool is_faithful_;
  SpokenReport report_;
  std::vector<TrueFinding> spoken_;  // the truth's findings and, at the end, a false call
  std::vector<Manner> manners_;      // by spoken_
  std::vector<size_t> said_;         // indices into spoken_
  std::set<Finding> stated_;
  std::vector<Placed> placed_;
};

}  // namespace

SpokenReport speak(const StudyTruth& truth, Wording wording, const WordsOptions& options, uint64_t stream,
                   bool is_faithful) {
  const Random random(options.seed, {stream, hash_text(truth.study_id)});
  return Dictation(truth, wording, options, random, is_faithful).run();
}

SpokenReport write_words(StudyTruth& truth, const WordsOptions& options) {
  const Wording wording = truth.split == "test_wording" ? Wording::kHeldOut : Wording::kTraining;
  SpokenReport report = speak(truth, wording, options, kReportStream, /*is_faithful=*/false);
  const SpokenReport oracle = speak(truth, wording, options, kOracleStream, /*is_faithful=*/true);
  truth.findings_text = report.findings;
  truth.impression_text = report.impression;
  truth.oracle_text = oracle.findings + "\n" + oracle.impression;
  for (size_t i = 0; i < truth.findings.size(); ++i) {
    truth.findings[i].is_mentioned = report.is_mentioned[i];
    truth.findings[i].is_hedged = report.is_hedged[i];
  }
  return report;
}

std::string phrase_of(const SpokenReport& report, size_t index) {
  for (const SpokenSentence& s : report.sentences) {
    if (std::find(s.findings.begin(), s.findings.end(), index) == s.findings.end()) continue;
    std::string phrase = s.text;
    if (!phrase.empty() && phrase.back() == '.') phrase.pop_back();
    return phrase;
  }
  return "";
}

}  // namespace radgen::phantom
