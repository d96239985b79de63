#include "radgen/evaluation/sanity_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "evaluation/alarms.h"
#include "evaluation/pairing.h"
#include "radgen/core/random.h"
#include "radgen/core/statistics.h"
#include "radgen/evaluation/baselines.h"
#include "radgen/evaluation/bootstrap.h"

namespace radgen::evaluation {
namespace {

// Design values. A report from no image may name what is frequent anyhow, so that half the distance
// of another patient's image is asked for, and some distance at all; a film that is mirrored looks
// like nothing in the training data (heart on the right), so a model that reads sides from the
// image may still miss some; of twins most must be noticed.
constexpr double kLeastOfOther = 0.5, kLeastDistance = 0.25, kLeastSwapped = 0.80,
                 kLeastLost = 0.50;
constexpr double kFaithfulByChance =
    0.10;  // of a faithful region, by the definition of the percentile
constexpr uint64_t kShuffle = 0x73687566;  // stream of this purpose

enum class Must { kAtLeast, kAtMost, kExceed };

class Judge {
 public:
  explicit Judge(EvaluationResult& result) : result_(result) {}

  void share(const std::string& path, int64_t hits, int64_t n) {
    result_.metrics.set(path,
                        n > 0 ? static_cast<double>(hits) / static_cast<double>(n) : kUndefined, n);
    const Interval interval = wilson_interval(hits, n);
    result_.metrics.set_interval(path, interval.low, interval.high);
  }
  // What a reader sees beside the others, without a verdict.
  void tell(const std::string& path, const std::string& expected) {
    result_.expectations.push_back({path, expected, {}});
  }

  void expect(const std::string& path, Must must, double limit, const std::string& why,
              const std::string& alarm) {
    const Metric& metric = *result_.metrics.find(path);
    const char* words = must == Must::kAtLeast  ? "at least"
                        : must == Must::kAtMost ? "at most"
                                                : "interval above";
    Expectation expectation{path, fmt::format("{} {:.2f}{}", words, limit, why), {}};
    if (metric.n >= kFewCases) {
      expectation.is_met = must == Must::kAtLeast  ? metric.value >= limit
                           : must == Must::kAtMost ? metric.value <= limit
                                                   : metric.low > limit;
      result_.alarms.push_back(
          {alarm, !*expectation.is_met,
           fmt::format("{} is {:.3f} ({:.3f} to {:.3f}, n {}), expected {}", path, metric.value,
                       metric.low, metric.high, metric.n, expectation.expected)});
    }
    result_.expectations.push_back(std::move(expectation));
  }

 private:
  EvaluationResult& result_;
};

// Texts of the same studies, reduced to what they add to the F1.
using Counts = std::vector<ClinicalCounts>;

double f1_macro(const Counts& counts, std::span<const double> weights) {
  MetricTable table;
  summarize_clinical(counts, weights, table);
  return table.value("clinical.f1_macro");
}

struct ShuffledTexts {
  std::vector<Reference> references;
  std::vector<std::string> real, shuffled;
};

// The trivial report that does best without an image, its name and its counts.
std::pair<std::string, Counts> best_trivial(
    const ShuffledTexts& texts, const EvaluationData& data, const EvaluateOptions& options,
    const EvaluationResult& result,
    const std::function<Counts(const std::vector<std::string>&)>& read) {
  const size_t n = texts.references.size();
  BaselineOptions baseline;
  baseline.seed = static_cast<uint64_t>(options.seed);
  const std::vector<std::pair<std::string, std::vector<std::string>>> systems{
      {"constant", std::vector<std::string>(n, result.constant_text)},
      {"always_positive", std::vector<std::string>(n, always_positive_report())},
      {"random", random_reports(texts.references, data.train, baseline)}};
  const std::vector<double> ones(n, 1.0);
  std::pair<std::string, Counts> best;
  double most = -1;
  for (const auto& [name, reports] : systems) {
    Counts counts = read(reports);
    const double value = f1_macro(counts, ones);
    if (!(value > most)) continue;
    most = value;
    best = {name, std::move(counts)};
  }
  return best;
}

void check_shuffled(const SanityCheckAnswers& answers, const EvaluationData& data,
                    const EvaluateOptions& options, const Labeler& labeler,
                    EvaluationResult& result) {
  ShuffledTexts texts;
  for (const CheckedStudy& study : answers.studies) {
    if (!study.shuffled) continue;
    texts.references.push_back(data.test[study.reference]);
    texts.real.push_back(study.real.text());
    texts.shuffled.push_back(study.shuffled->text());
  }
  if (texts.references.empty()) {
    result.missing["checks.shuffled_f1_macro"] = "there is no picture of another patient";
    return;
  }
  std::vector<ExtractedFindings> words;
  std::vector<const Reference*> references;
  for (const Reference& reference : texts.references) {
    words.push_back(extract_findings(labeler, reference.text()));
    references.push_back(&reference);
  }
  const auto read = [&](const std::vector<std::string>& reports) {
    Counts counts;
    for (size_t i = 0; i < reports.size(); ++i)
      counts.push_back(
          compare_words(extract_findings(labeler, reports[i]), words[i], texts.references[i]));
    return counts;
  };
  const Counts real = read(texts.real), shuffled = read(texts.shuffled);
  const auto [name, trivial] = best_trivial(texts, data, options, result, read);
  const int64_t n = static_cast<int64_t>(texts.references.size());
  const auto summarize = [&](std::span<const double> weights) {
    MetricTable table;
    const double own = f1_macro(real, weights), other = f1_macro(shuffled, weights),
                 none = f1_macro(trivial, weights);
    table.set("checks.own_f1_macro", own, n);
    table.set("checks.shuffled_f1_macro", other, n);
    table.set("checks.trivial_f1_macro", none, n);
    table.set("checks.shuffled_drop", own - other, n);
    table.set("checks.shuffled_excess", other - none, n);
    return table;
  };
  MetricTable table = summarize(std::vector<double>(texts.references.size(), 1.0));
  if (options.bootstrap > 0)
    add_intervals(table,
                  Resamples(number_patients(references), static_cast<size_t>(options.bootstrap),
                            static_cast<uint64_t>(options.seed)),
                  static_cast<int>(options.threads), summarize);
  for (const auto& [path, metric] : table.all()) result.metrics.all()[path] = metric;

  // Without intervals the values themselves decide.
  const Metric drop = *table.find("checks.shuffled_drop"),
               excess = *table.find("checks.shuffled_excess");
  const bool drops = (std::isnan(drop.low) ? drop.value : drop.low) > 0;
  const bool is_trivial = (std::isnan(excess.low) ? excess.value : excess.low) <= 0;
  std::optional<bool> is_met, has_dropped;
  if (n >= kFewCases) {
    is_met = is_trivial;
    has_dropped = drops;
    result.alarms.push_back(
        {"shuffled_pictures_keep_f1", !(drops && is_trivial),
         fmt::format("CheXpert F1 macro is {:.3f} from the study's own picture and {:.3f} from "
                     "another patient's; the best "
                     "report without a picture ({}) has {:.3f}; n {}",
                     table.value("checks.own_f1_macro"), table.value("checks.shuffled_f1_macro"),
                     name, table.value("checks.trivial_f1_macro"), n)});
  }
  result.expectations.push_back({"checks.own_f1_macro", "above the next two", {}});
  result.expectations.push_back({"checks.shuffled_f1_macro",
                                 "as the best report without a picture (next), or below", is_met});
  result.expectations.push_back(
      {"checks.trivial_f1_macro", fmt::format("here the {} report", name), {}});
  result.expectations.push_back({"checks.shuffled_drop", "interval above 0", has_dropped});
  result.expectations.push_back({"checks.shuffled_excess", "interval not above 0", is_met});
}

// The findings that a report states, with their sides: what an image can change. Three sets, since
// a finding may have a side or none.
using Statements = std::array<FindingSet, 3>;
Statements statements_of(const Labeler& labeler, const Draft& draft) {
  const ExtractedFindings words = extract_findings(labeler, draft.text());
  const FindingSet normal = bit(Finding::kNoFinding);
  return {static_cast<FindingSet>(words.positive & ~normal), words.left, words.right};
}

// 1 - Dice's coefficient; NaN where neither states anything.
double distance_of(const Statements& a, const Statements& b) {
  int both = 0, all = 0;
  for (size_t k = 0; k < a.size(); ++k) {
    both += std::popcount(static_cast<FindingSet>(a[k] & b[k]));
    all += std::popcount(a[k]) + std::popcount(b[k]);
  }
  return all > 0 ? 1 - 2.0 * both / all : kUndefined;
}

// Mean with its 95 % interval by the normal distribution; studies are one of their own.
void set_mean(const std::string& path, const std::vector<double>& values, MetricTable& table) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double n = static_cast<double>(values.size());
  const double mean = values.empty() ? kUndefined : sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  table.set(path, mean, static_cast<int64_t>(values.size()));
  if (values.size() < 2) return;
  const double half = kNormal95 * std::sqrt(squares / (n - 1) / n);
  table.set_interval(path, std::max(0.0, mean - half), std::min(1.0, mean + half));
}

// What a blank image or noise is answered with must be as unlike the study's own report as what
// another patient's image is answered with, or nearly so. Distances of findings: other words for
// the same findings are no sign that the image was looked at.
void check_empty_images(const SanityCheckAnswers& answers, const Labeler& labeler, Judge& judge,
                        EvaluationResult& result) {
  int64_t blank = 0, noise = 0;
  std::vector<double> to_blank, to_noise, to_other;
  const auto add_distance = [](double distance, std::vector<double>& distances) {
    if (!std::isnan(distance)) distances.push_back(distance);
  };
  for (const CheckedStudy& study : answers.studies) {
    blank += study.blank.text() == study.real.text();
    noise += study.noise.text() == study.real.text();
    const Statements real = statements_of(labeler, study.real);
    add_distance(distance_of(real, statements_of(labeler, study.blank)), to_blank);
    add_distance(distance_of(real, statements_of(labeler, study.noise)), to_noise);
    if (study.shuffled)
      add_distance(distance_of(real, statements_of(labeler, *study.shuffled)), to_other);
  }
  const int64_t n = static_cast<int64_t>(answers.studies.size());
  set_mean("checks.blank_distance", to_blank, result.metrics);
  set_mean("checks.noise_distance", to_noise, result.metrics);
  set_mean("checks.shuffled_distance", to_other, result.metrics);
  const double other = result.metrics.value("checks.shuffled_distance");
  const double least = std::max(kLeastDistance, kLeastOfOther * (std::isnan(other) ? 1.0 : other));
  const char* why = " (half of shuffled_distance)";
  judge.expect("checks.blank_distance", Must::kAtLeast, least, why,
               "blank_images_get_the_same_findings");
  judge.expect("checks.noise_distance", Must::kAtLeast, least, why, "noise_gets_the_same_findings");
  judge.tell("checks.shuffled_distance", "that of another patient's image");
  judge.share("checks.blank_same_report", blank, n);
  judge.share("checks.noise_same_report", noise, n);
  judge.tell("checks.blank_same_report", "");
  judge.tell("checks.noise_same_report", "");
}

void add(const MirrorCounts& one, MirrorCounts& all) {
  all.sided += one.sided;
  all.kept += one.kept;
  all.swapped += one.swapped;
  all.stayed += one.stayed;
}

// Are sides lost on mirrored films more than words that are drawn again lose them anyhow?
void check_lost_sides(const MirrorCounts& mirrored, const MirrorCounts& moved, Judge& judge,
                      EvaluationResult& result) {
  judge.share("checks.moved_kept", moved.kept, moved.sided);
  judge.share("checks.moved_sided", moved.swapped + moved.stayed, moved.kept);
  judge.share("checks.moved_same_side", moved.stayed, moved.swapped + moved.stayed);
  const Metric of_mirrored = *result.metrics.find("checks.mirrored_sided"),
               of_moved = *result.metrics.find("checks.moved_sided");
  std::optional<bool> is_met;
  if (std::min(mirrored.kept, moved.kept) >= kFewCases) {
    is_met = of_mirrored.high >= of_moved.low;
    result.alarms.push_back({"mirrored_films_lose_their_sides", !*is_met,
                             fmt::format("of the findings stated again, {:.3f} ({:.3f} to {:.3f}) "
                                         "have one side on mirrored films and "
                                         "{:.3f} ({:.3f} to {:.3f}) on films moved a little",
                                         of_mirrored.value, of_mirrored.low, of_mirrored.high,
                                         of_moved.value, of_moved.low, of_moved.high)});
  }
  result.expectations.push_back(
      {"checks.mirrored_sided", "interval not below that of moved_sided", is_met});
  judge.tell("checks.moved_sided", "");
  judge.tell("checks.moved_same_side", "1 at best; with mirrored_swapped: how firm sides are");
  judge.tell("checks.moved_kept", "1 at best");
}

// A mirrored film is no film of a patient: its heart lies on the right. A model that keeps a side
// there reads it from anatomy or from what is usual, not from the image's halves. That a report
// names both sides or none says neither: words that are drawn again do so too. So the side is
// judged where both reports name one, and that mirrored films do not drive sides out is judged
// against the same film moved a little. Neither can tell whether a side is right.
void check_mirrored(const SanityCheckAnswers& answers, const Labeler& labeler, Judge& judge,
                    EvaluationResult& result) {
  MirrorCounts all, moved;
  for (const CheckedStudy& study : answers.studies) {
    const ExtractedFindings real = extract_findings(labeler, study.real.text());
    add(compare_mirrored(real, extract_findings(labeler, study.mirrored.text())), all);
    if (study.moved)
      add(compare_mirrored(real, extract_findings(labeler, study.moved->text())), moved);
  }
  judge.share("checks.mirrored_kept", all.kept, all.sided);
  judge.share("checks.mirrored_sided", all.swapped + all.stayed, all.kept);
  judge.share("checks.mirrored_swapped", all.swapped, all.swapped + all.stayed);
  judge.share("checks.mirrored_swapped_of_kept", all.swapped, all.kept);
  judge.expect("checks.mirrored_swapped", Must::kAtLeast, kLeastSwapped, " (1 at best)",
               "mirrored_films_keep_their_sides");
  judge.tell("checks.mirrored_swapped_of_kept", "mirrored_swapped x mirrored_sided");
  judge.tell("checks.mirrored_kept", "1 at best");
  if (moved.sided > 0) check_lost_sides(all, moved, judge, result);
}

void check_counterfactuals(const SanityCheckAnswers& answers, const Labeler& labeler, Judge& judge,
                           EvaluationResult& result) {
  if (answers.counterfactuals.empty()) {
    result.missing["checks.twin_lost"] =
        answers.no_counterfactuals.empty() ? "there is no twin" : answers.no_counterfactuals;
    result.expectations.push_back(
        {"checks.twin_lost", fmt::format("at least {:.2f} (1 at best)", kLeastLost), {}});
    return;
  }
  int64_t stated = 0, lost = 0;
  for (const CounterfactualDrafts& pair : answers.counterfactuals) {
    if (!has(extract_findings(labeler, pair.original.text()).positive, pair.without)) continue;
    ++stated;
    lost += !has(extract_findings(labeler, pair.counterfactual.text()).positive, pair.without);
  }
  judge.share("checks.twin_original_stated", stated,
              static_cast<int64_t>(answers.counterfactuals.size()));
  judge.share("checks.twin_lost", lost, stated);
  judge.expect("checks.twin_lost", Must::kAtLeast, kLeastLost, " (1 at best)",
               "twins_keep_the_finding");
  judge.tell("checks.twin_original_stated", "1 at best");
}

void check_faithfulness(const SanityCheckAnswers& answers, Judge& judge, EvaluationResult& result) {
  if (answers.regions.regions + answers.large.regions == 0) {
    result.missing["checks.faithful"] = "no sentence that states a finding is shown with a region";
    result.expectations.push_back({"checks.faithful", "interval above 0.10 (chance)", {}});
    return;
  }
  const auto mean = [&](const std::string& path, double sum, int64_t n) {
    result.metrics.set(path, n > 0 ? sum / static_cast<double>(n) : kUndefined, n);
  };
  const FaithfulCounts& regions = answers.regions;
  judge.share("checks.faithful", regions.faithful, regions.regions);
  judge.share("checks.faithful_chance", regions.null_faithful, regions.regions);
  judge.share("checks.faithful_large", answers.large.faithful, answers.large.regions);
  mean("checks.hidden_fall", regions.fall, regions.regions);
  mean("checks.random_fall", regions.random_fall, regions.regions);
  // The larger of what chance is by definition and what it came to here.
  const double chance = std::max(kFaithfulByChance, result.metrics.value("checks.faithful_chance"));
  judge.expect("checks.faithful", Must::kExceed, chance, " (chance as measured); 1 at best",
               "regions_are_not_what_sentences_need");
  judge.tell("checks.faithful_chance", "0.10: of a random region of the same organ");
  judge.tell("checks.faithful_large", "judged apart");
  if (answers.examined.regions > 0) {
    judge.share("checks.faithful_examined", answers.examined.faithful, answers.examined.regions);
    judge.tell("checks.faithful_examined", "above 0.10 (chance); 1 at best");
  }
  judge.tell("checks.hidden_fall", "above the next");
  judge.tell("checks.random_fall", "");
  if (answers.unmatched_regions > 0)
    result.notes.push_back(fmt::format(
        "{} hidden regions are so large that the body has no room for random regions like "
        "them: left out of the faithfulness",
        answers.unmatched_regions));
}

}  // namespace

void describe(Fields& f, SanityCheckOptions& o) {
  f.field(
      "studies", o.studies,
      {.help = "studies drafted again from shuffled, blank, noise and mirrored pictures; 0: all",
       .min = 0});
  f.renamed("twins", "counterfactual_pairs");
  f.field("counterfactual_pairs", o.counterfactuals,
          {.help = "pairs of a phantom and its twin; 0: all", .min = 0});
  f.field("hidden_studies", o.hidden_studies,
          {.help = "studies whose sentences' regions are hidden; 0: all", .min = 0});
  f.field("random_regions", o.random_regions,
          {.help = "regions of the same size and shape that each hidden one is compared with",
           .min = 9,
           .max = 1000});
  f.field("matches_organs", o.matches_organs,
          {.help = "these lie in the same organs as the hidden one (lung, mediastinum, the rest); "
                   "false: anywhere in the body, as before"});
}

std::optional<std::vector<size_t>> other_patients(const std::vector<std::string>& patients,
                                                  uint64_t seed) {
  const size_t n = patients.size();
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  Random(seed, {kShuffle}).shuffle(order);
  // The patients one behind the other; a turn by the longest of them moves every item out of its
  // own.
  std::map<std::string, std::vector<size_t>> named;
  std::vector<std::vector<size_t>> groups;
  std::map<std::string, size_t> group_of;
  for (const size_t i : order) {
    const auto [entry, is_new] = patients[i].empty() ? std::pair{group_of.end(), true}
                                                     : group_of.emplace(patients[i], groups.size());
    if (is_new) {
      groups.push_back({i});
    } else {
      groups[entry->second].push_back(i);
    }
  }
  std::vector<size_t> line;
  size_t longest = 0;
  for (const auto& group : groups) {
    line.insert(line.end(), group.begin(), group.end());
    longest = std::max(longest, group.size());
  }
  if (n < 2 || 2 * longest > n) return std::nullopt;
  std::vector<size_t> partners(n);
  for (size_t k = 0; k < n; ++k) partners[line[k]] = line[(k + longest) % n];
  return partners;
}

MirrorCounts compare_mirrored(const ExtractedFindings& real, const ExtractedFindings& mirrored) {
  const auto count = [](unsigned set) { return static_cast<int64_t>(std::popcount(set)); };
  const unsigned left = real.left & ~real.right, right = real.right & ~real.left;
  const unsigned now_left = mirrored.left & ~mirrored.right,
                 now_right = mirrored.right & ~mirrored.left;
  MirrorCounts counts;
  counts.sided = count(left | right);
  counts.kept = count((left | right) & mirrored.positive);
  counts.swapped = count((left & now_right) | (right & now_left));
  counts.stayed = count((left & now_left) | (right & now_right));
  return counts;
}

void add_sanity_checks(const SanityCheckAnswers& answers, const EvaluationData& data,
                       const EvaluateOptions& options, EvaluationResult& result) {
  const Labeler labeler;
  Judge judge(result);
  if (!answers.studies.empty()) {
    check_shuffled(answers, data, options, labeler, result);
    check_empty_images(answers, labeler, judge, result);
    check_mirrored(answers, labeler, judge, result);
  }
  check_counterfactuals(answers, labeler, judge, result);
  check_faithfulness(answers, judge, result);
  std::vector<Reference> read;
  for (const size_t study : answers.read) read.push_back(data.test[study]);
  result.heads = analyse_heads(answers.heads, answers.mean_maps, read);
}

}  // namespace radgen::evaluation
