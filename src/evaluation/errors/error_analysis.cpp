#include "radgen/evaluation/errors/error_analysis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluation/errors/error_steps.h"

namespace radgen::evaluation {
namespace {

double ratio_of(double part, double whole) { return whole > 0 ? part / whole : kUndefined; }

void summarize_kinds(const ErrorAnalysis& errors, const std::vector<ErrorKind>& kinds,
                     const std::string& group, std::span<const double> weights,
                     MetricTable& table) {
  // What the same maps would reach by chance; only kinds of wrong names have that.
  const std::map<std::string, double FindingCase::*> by_chance{
      {"right_place_wrong_finding", &FindingCase::chance},
      {"right_place_other_level", &FindingCase::chance_of_kin}};
  for (const ErrorKind& kind : kinds) {
    double some = 0, all = 0;
    for (const size_t i : kind.cases) some += weights[errors.cases[i].study];
    for (const size_t i : kind.among) all += weights[errors.cases[i].study];
    const std::string path = group + "." + kind.name + ".";
    const auto n = static_cast<int64_t>(kind.among.size());
    table.set(path + "share", ratio_of(some, all), n);
    const auto chance = by_chance.find(kind.name);
    if (chance == by_chance.end()) continue;
    double reached = 0, tried = 0;
    for (const size_t i : kind.among) {
      const FindingCase& c = errors.cases[i];
      if (std::isnan(c.*chance->second)) continue;
      reached += weights[c.study] * c.*chance->second;
      tried += weights[c.study];
    }
    table.set(path + "share_by_chance", ratio_of(reached, tried), n);
  }
}

// Sums over the cases of one finding (or of all).
struct Sums {
  double right = 0, invented = 0, overlooked = 0;
  double places = 0, in_place = 0, iou = 0, pointing = 0, mass = 0;     // of right statements
  double told = 0, found = 0;                                           // of what is overlooked
  double maps = 0, spread = 0, entropy = 0;                             // of statements
  double read = 0, read_in_place = 0, read_iou = 0, read_pointing = 0;  // reference sentences
  int64_t n_read = 0;
  int64_t n_right = 0, n_invented = 0, n_overlooked = 0, n_places = 0, n_told = 0, n_maps = 0;

  void add(const FindingCase& c, double w) {
    if (c.outcome == Outcome::kFalseNegative) {
      overlooked += w;
      ++n_overlooked;
      if (!c.has_place()) return;
      told += w;
      found += w * (c.iou >= kRightIou);
      ++n_told;
      return;
    }
    const bool is_right = c.outcome == Outcome::kTruePositive;
    (is_right ? right : invented) += w;
    ++(is_right ? n_right : n_invented);
    if (c.has_map()) {
      maps += w;
      spread += w * c.spread;
      entropy += w * c.entropy;
      ++n_maps;
    }
    if (!is_right || !c.has_place()) return;
    places += w;
    in_place += w * (c.iou >= kRightIou);
    iou += w * c.iou;
    pointing += w * c.place.pointing;
    mass += w * c.place.mass;
    ++n_places;
  }

  void add(const ReadSentence& sentence, double w) {
    read += w;
    read_in_place += w * (sentence.iou >= kRightIou);
    read_iou += w * sentence.iou;
    read_pointing += w * sentence.pointing;
    ++n_read;
  }

  bool empty() const { return n_right + n_invented + n_overlooked + n_read == 0; }

  void set(const std::string& path, MetricTable& table) const {
    table.set(path + "statement_precision", ratio_of(right, right + invented),
              n_right + n_invented);
    table.set(path + "statement_recall", ratio_of(right, right + overlooked),
              n_right + n_overlooked);
    table.set(path + "in_place", ratio_of(in_place, places), n_places);
    table.set(path + "iou_right_words", ratio_of(iou, places), n_places);
    table.set(path + "pointing_right_words", ratio_of(pointing, places), n_places);
    table.set(path + "mass_right_words", ratio_of(mass, places), n_places);
    table.set(path + "reference_in_place_phrase", ratio_of(read_in_place, read), n_read);
    table.set(path + "reference_iou_phrase", ratio_of(read_iou, read), n_read);
    table.set(path + "pointing_phrase", ratio_of(read_pointing, read), n_read);
    table.set(path + "found_when_told", ratio_of(found, told), n_told);
    table.set(path + "spread", ratio_of(spread, maps), n_maps);
    table.set(path + "entropy", ratio_of(entropy, maps), n_maps);
  }
};

// Resamples of a few cases know no others: an interval is never narrower than that of as many
// independent ones.
void widen_shares_of_few(MetricTable& table) {
  for (auto& [path, metric] : table.all()) {
    const bool is_share = path.ends_with(".share") || path.ends_with("in_place") ||
                          path.ends_with("in_place_phrase") || path.ends_with("when_told") ||
                          path.find("statement_") != std::string::npos;
    if (!is_share || std::isnan(metric.low)) continue;
    const auto hits = std::llround(metric.value * static_cast<double>(metric.n));
    const Interval wilson = wilson_interval(hits, metric.n);
    metric.low = std::min(metric.low, wilson.low);
    metric.high = std::max(metric.high, wilson.high);
  }
}

void compare_entropies(ErrorAnalysis& errors, const Resamples& resamples,
                       const EvaluateOptions& options) {
  std::vector<RankedValue> words, place;
  for (const FindingCase& c : errors.cases) {
    if (c.outcome == Outcome::kFalseNegative || !c.has_map()) continue;
    const auto stratum = static_cast<size_t>(c.finding);
    const bool is_right = c.outcome == Outcome::kTruePositive;
    words.push_back({stratum, c.patient, c.study, c.entropy, !is_right});
    if (is_right && c.has_place()) {
      place.push_back({stratum, c.patient, c.study, c.entropy, c.iou < kRightIou});
    }
  }
  const MannWhitneyOptions rank_options{static_cast<size_t>(2 * options.bootstrap),
                                        static_cast<uint64_t>(options.seed),
                                        static_cast<int>(options.threads)};
  errors.entropy_words = mann_whitney(words, resamples, rank_options);
  errors.entropy_place = mann_whitney(place, resamples, rank_options);
}

void say_what_is_missing(ErrorAnalysis& errors) {
  const std::string no_maps = "the predictions hold no maps of attention";
  const std::string no_boxes = "the references have no boxes";
  const auto leave_out = [&](const std::string& path, const std::string& reason) {
    errors.missing.emplace(path, reason);
  };
  for (const auto& [group, kinds] : {std::pair{"mismatches.", &errors.mismatches},
                                     std::pair{"known_failures.", &errors.failures}}) {
    for (const ErrorKind& kind : *kinds) {
      if (!kind.among.empty()) continue;
      const bool is_told = kind.name == "right_place_not_written";
      if (is_told && errors.phrase_maps == 0) {
        leave_out(group + kind.name,
                  "no maps of the reference sentences: only a model can be asked for them");
      } else if (!is_told && errors.maps == 0) {
        leave_out(group + kind.name, no_maps);
      } else if (!errors.has_boxes) {
        leave_out(group + kind.name, no_boxes);
      } else {
        leave_out(group + kind.name, "there is no such case to look at");
      }
    }
  }
  for (const auto& [name, comparison] :
       {std::pair{"words", &errors.entropy_words}, std::pair{"place", &errors.entropy_place}}) {
    if (!std::isnan(comparison->superiority)) continue;
    leave_out(std::string("entropy.") + name,
              errors.maps == 0 ? no_maps : "no finding has both right and wrong statements");
  }
  leave_out("heads",
            "predictions hold the mean over the heads; eval-radgen --checks asks the model for "
            "each head, "
            "and report.html and metrics.json show it");
  if (errors.maps == 0) errors.notes.push_back("no errors of attention: " + no_maps);
  if (!errors.has_boxes) errors.notes.push_back("no errors of place: " + no_boxes);
  if (errors.studies > errors.drafted) {
    errors.notes.push_back(fmt::format("{} of {} studies have no draft or were refused: left out",
                                       errors.studies - errors.drafted, errors.studies));
  }
}

}  // namespace

void describe(Fields& f, ErrorOptions& o) {
  f.renamed("pictures", "images");
  f.field("images", o.images,
          {.help = "cases of each kind on the page of errors; 0: none", .min = 0, .max = 100});
  f.renamed("picture_px", "image_px");
  f.field("image_px", o.image_px,
          {.help = "longer side of its films", .min = 128, .max = 1024, .unit = "px"});
  f.field("diffuse_spread", o.diffuse_spread,
          {.help = "share of the picture from which on attention is diffuse", .min = 0, .max = 1});
  f.field("whole_chest_spread", o.whole_chest_spread,
          {.help = "the same for cardiomegaly on the whole chest", .min = 0, .max = 1});
  f.field("small_spread", o.small_spread,
          {.help = "the same for small findings", .min = 0, .max = 1});
  f.field("small_box", o.small_box,
          {.help = "share of the picture below which boxes are small", .min = 0, .max = 1});
  f.field("border_margin", o.border_margin,
          {.help = "share of the picture's sides that is its edge", .min = 0, .max = 0.4});
}

MetricTable summarize_errors(const ErrorAnalysis& errors, std::span<const double> weights) {
  MetricTable table;
  summarize_kinds(errors, errors.mismatches, "mismatches", weights, table);
  summarize_kinds(errors, errors.failures, "known_failures", weights, table);
  std::array<Sums, kFindingCount> by_finding;
  Sums all;
  for (const FindingCase& c : errors.cases) {
    by_finding[static_cast<size_t>(c.finding)].add(c, weights[c.study]);
    all.add(c, weights[c.study]);
  }
  for (const ReadSentence& sentence : errors.read) {
    by_finding[static_cast<size_t>(sentence.finding)].add(sentence, weights[sentence.study]);
    all.add(sentence, weights[sentence.study]);
  }
  for (const Finding finding : all_findings()) {
    const Sums& sums = by_finding[static_cast<size_t>(finding)];
    if (!sums.empty()) sums.set("per_finding." + finding_name(finding) + ".", table);
  }
  all.set("all.", table);
  return table;
}

ErrorAnalysis analyse_errors(const std::vector<Draft>& drafts,
                             const std::vector<PhraseMap>& phrase_maps, const EvaluationData& data,
                             const EvaluateOptions& options) {
  const Pairing pairing = pair_up(drafts, data, options.ignore_unknown);
  ErrorAnalysis errors;
  errors.options = options.errors;
  collect_cases(pairing, phrase_maps, static_cast<int>(options.threads),
                static_cast<uint64_t>(options.seed), errors);
  for (FindingCase& c : errors.cases) {
    c.reference = static_cast<size_t>(pairing.references[c.study] - data.test.data());
  }
  sort_into_kinds(errors);
  errors.metrics = summarize_errors(errors, std::vector<double>(errors.studies, 1.0));
  const Resamples resamples(pairing.patients, static_cast<size_t>(options.bootstrap),
                            static_cast<uint64_t>(options.seed));
  if (resamples.count() > 0) {
    add_intervals(
        errors.metrics, resamples, static_cast<int>(options.threads),
        [&](std::span<const double> weights) { return summarize_errors(errors, weights); });
    widen_shares_of_few(errors.metrics);
  }
  compare_entropies(errors, resamples, options);
  say_what_is_missing(errors);
  return errors;
}

}  // namespace radgen::evaluation
