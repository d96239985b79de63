#include "dictation.h"

#include <algorithm>

#include "findings_plan.h"
#include "radgen/phantom/plan.h"

namespace radgen::phantom {
namespace {

constexpr double kHedgeShare = 0.11, kOmitSubtle = 0.10, kFalseCallShare = 0.02,
                 kWrongSideShare = 0.01;
constexpr double kPriorShare = 0.35, kImpressionOnlyShare = 0.15, kSeverityUnstated = 0.18,
                 kSeverityOff = 0.04;
constexpr double kReaderShare = 0.3;

}  // namespace

SpokenReport Dictation::run() {
  const size_t count = truth_.findings.size();
  report_.is_mentioned.assign(count, false);
  report_.is_hedged.assign(count, false);
  // Facts of the study, the same in every rendering: whether there is a prior, and the kind of
  // dictation.
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
  for (SpokenSentence& s : report_.sentences)
    std::erase_if(s.findings, [count](size_t i) { return i >= count; });
  return std::move(report_);
}

bool Dictation::is_left_out(const TrueFinding& f) {
  if (!f.is_visible) return true;
  if (is_faithful_ || f.finding == Finding::kSupportDevices) return false;
  double share = f.severity == Severity::kSubtle ? kOmitSubtle : 0;
  if (options_.bias == "contrast" && truth_.is_degraded) {
    share = f.severity == Severity::kSubtle     ? 0.40
            : f.severity == Severity::kModerate ? 0.15
                                                : 0.03;
  }
  if (options_.bias == "omission" && truth_.patient.race == kBiasedRace)
    share = std::max(share, 0.35);
  return random_.chance(share);
}

Manner Dictation::choose_manner(const TrueFinding& f) {
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

void Dictation::choose_manners() {
  spoken_ = truth_.findings;
  for (size_t i = 0; i < truth_.findings.size(); ++i) {
    manners_.push_back(choose_manner(truth_.findings[i]));
    if (!is_left_out(truth_.findings[i])) said_.push_back(i);
  }
  if (!is_faithful_ && random_.chance(kFalseCallShare)) add_false_call();
  for (size_t i : said_) stated_.insert(spoken_[i].finding);
}

void Dictation::add_false_call() {
  static const std::vector<Finding> callable = {Finding::kPleuralEffusion, Finding::kLungOpacity,
                                                Finding::kAtelectasis, Finding::kPneumonia,
                                                Finding::kLungLesion};
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

bool Dictation::is_worth(double share) {
  const bool by_study = study_.chance(share), by_reader = random_.chance(share);
  return random_.chance(kReaderShare) ? by_reader : by_study;
}

bool Dictation::has_lung_finding() const {
  for (Finding f : {Finding::kLungOpacity, Finding::kConsolidation, Finding::kPneumonia,
                    Finding::kAtelectasis, Finding::kEdema, Finding::kLungLesion}) {
    if (stated_.count(f)) return true;
  }
  return false;
}

bool Dictation::has_pleural_air_or_fluid() const {
  return stated_.count(Finding::kPleuralEffusion) || stated_.count(Finding::kPneumothorax);
}

}  // namespace radgen::phantom
