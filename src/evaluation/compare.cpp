#include "radgen/evaluation/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "evaluation/evaluation_context.h"
#include "radgen/core/error.h"
#include "radgen/core/json.h"
#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
#include "radgen/core/statistics.h"
#include "radgen/evaluation/bootstrap.h"
#include "radgen/pages/page.h"

namespace radgen::evaluation {
namespace {

constexpr uint64_t kShuffles = 1;  // stream of random numbers

// The metrics that are compared, as far as both files have them.
bool is_compared(const std::string& path) {
  return path.find("per_finding") == std::string::npos &&
         path.find("_in_references") == std::string::npos &&
         path.find("_uncertain_") == std::string::npos;
}

// "first predictions", "second predictions, file 2".
std::string name_of(const char* side, size_t seed, size_t seeds) {
  return seeds > 1 ? fmt::format("{} predictions, file {}", side, seed + 1)
                   : std::string(side) + " predictions";
}

// One file, scored.
std::unique_ptr<EvaluationContext> score(const std::vector<Draft>& drafts, const std::string& name,
                                         const EvaluationData& data,
                                         const EvaluateOptions& options) {
  static const std::vector<PhraseMap> kNone;  // only a model can be asked for phrases
  std::unique_ptr<EvaluationContext> context(
      new EvaluationContext{data, options, kNone, static_cast<int>(options.threads)});
  try {
    prepare_context(*context, drafts);
  } catch (const Error& error) {
    throw Error(error.code(), name + ": " + error.what(), error.hint());
  }
  score_model(*context);
  return context;
}

// Both files' studies one after the other in one system, so that any mixture of the two is a vector
// of weights.
template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

System joined(const System& a, const System& b) {
  System both = a;
  const size_t studies = a.texts.size();
  append(both.texts, b.texts);
  append(both.text, b.text);
  append(both.clinical, b.clinical);
  append(both.words, b.words);
  const auto has = [&](const auto& x, const auto& y) { return !x.empty() && !y.empty(); };
  const auto join = [&](auto System::*part) {
    if (has(a.*part, b.*part)) {
      append(both.*part, b.*part);
    } else {
      (both.*part).clear();
    }
  };
  join(&System::end_to_end);
  join(&System::levels);
  join(&System::phrase);
  join(&System::phrase_levels);
  join(&System::sentences);
  const auto join_events = [&](std::vector<ConfidenceEvent> ConfidenceData::*part) {
    std::vector<ConfidenceEvent>& events = both.confidence.*part;
    if (!has(a.confidence.*part, b.confidence.*part)) return events.clear();
    for (ConfidenceEvent event : b.confidence.*part) {
      event.study += studies;
      events.push_back(event);
    }
    sort_events(events);
  };
  join_events(&ConfidenceData::words);
  join_events(&ConfidenceData::grounding);
  join_events(&ConfidenceData::phrase);
  return both;
}

// Weights of a mixture: which file each study is taken from, and how often.
std::vector<double> mixture(std::span<const double> weights,
                            const std::vector<bool>& takes_second) {
  const size_t n = weights.size();
  std::vector<double> mixed(2 * n, 0.0);
  for (size_t s = 0; s < n; ++s) mixed[takes_second[s] ? n + s : s] = weights[s];
  return mixed;
}

struct Sampler {
  const std::vector<System>& pairs;  // both sides of each seed
  const EvaluationContext& context;
  const std::vector<std::string>& paths;

  MetricTable table(const System& both, std::span<const double> weights,
                    const std::vector<bool>& takes_second) const {
    return both.summarize(context.references, mixture(weights, takes_second),
                          context.tools.names());
  }

  // b - a, the mean over the seeds, where `swapped` studies change places.
  std::vector<double> differences(std::span<const double> weights,
                                  const std::vector<bool>& swapped) const {
    std::vector<bool> others = swapped;
    others.flip();
    std::vector<double> result(paths.size(), 0.0);
    for (const System& both : pairs) {
      const MetricTable a = table(both, weights, swapped), b = table(both, weights, others);
      for (size_t m = 0; m < paths.size(); ++m)
        result[m] += (b.value(paths[m]) - a.value(paths[m])) / static_cast<double>(pairs.size());
    }
    return result;
  }
};

// The metrics that every pair of files has, each side's mean and spread over the seeds.
std::vector<ComparedMetric> compared_metrics(const Sampler& sampler, size_t studies) {
  const std::vector<double> ones(studies, 1.0);
  std::vector<MetricTable> a, b;
  for (const System& both : sampler.pairs) {
    a.push_back(sampler.table(both, ones, std::vector<bool>(studies, false)));
    b.push_back(sampler.table(both, ones, std::vector<bool>(studies, true)));
  }
  std::vector<ComparedMetric> metrics;
  for (const auto& [path, metric] : a.front().all()) {
    const std::string& name = path;
    const auto has_it = [&](const MetricTable& table) { return table.find(name) != nullptr; };
    if (!is_compared(path) || !std::all_of(a.begin(), a.end(), has_it)) continue;
    std::vector<double> of_a, of_b;
    for (const MetricTable& table : a) of_a.push_back(table.value(path));
    for (const MetricTable& table : b) of_b.push_back(table.value(path));
    ComparedMetric compared{path, mean_of(of_a), mean_of(of_b)};
    compared.a_sd = sample_deviation_of(of_a);
    compared.b_sd = sample_deviation_of(of_b);
    compared.difference = compared.b - compared.a;
    metrics.push_back(std::move(compared));
  }
  return metrics;
}

void note_gaps(const std::string& name, const EvaluationContext& context,
               std::vector<std::string>& notes) {
  const int64_t missing = context.pairing.counts.missing,
                empty = context.pairing.counts.empty_drafts;
  if (missing + empty == 0) return;
  notes.push_back(
      fmt::format("{}: {} studies without one and {} empty texts, all scored as empty reports",
                  name, missing, empty));
}

void correct_holm(std::vector<ComparedMetric>& metrics) {
  std::vector<size_t> order;
  for (size_t i = 0; i < metrics.size(); ++i) {
    if (std::isfinite(metrics[i].p)) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t i, size_t j) { return metrics[i].p < metrics[j].p; });
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    ComparedMetric& metric = metrics[order[rank]];
    largest = std::max(largest, metric.p * static_cast<double>(order.size() - rank));
    metric.p_holm = std::min(1.0, largest);
  }
}

void add_statistics(const Sampler& sampler, const EvaluateOptions& options, int threads,
                    std::vector<ComparedMetric>& metrics) {
  const std::vector<size_t>& patients = sampler.context.pairing.patients;
  const size_t n = patients.size(), count = static_cast<size_t>(options.bootstrap);
  const uint64_t seed = static_cast<uint64_t>(options.seed);
  const Resamples resamples(patients, count, seed);
  const size_t patient_count =
      patients.empty() ? 0 : *std::max_element(patients.begin(), patients.end()) + 1;
  const std::vector<double> ones(n, 1.0);
  std::vector<std::vector<double>> resampled(count), shuffled(count);
  parallel_for(count, threads, [&](size_t r) {
    resampled[r] = sampler.differences(resamples.weights(r), std::vector<bool>(n, false));
    Random random(seed, {r, kShuffles});
    std::vector<bool> is_swapped(patient_count), swapped(n);
    for (size_t p = 0; p < patient_count; ++p) is_swapped[p] = random.chance(0.5);
    for (size_t s = 0; s < n; ++s) swapped[s] = is_swapped[patients[s]];
    shuffled[r] = sampler.differences(ones, swapped);
  });
  for (size_t m = 0; m < metrics.size(); ++m) {
    std::vector<double> values;
    size_t at_least = 0, defined = 0;
    for (size_t r = 0; r < count; ++r) {
      values.push_back(resampled[r][m]);
      if (std::isnan(shuffled[r][m])) continue;
      ++defined;
      at_least += std::abs(shuffled[r][m]) >= std::abs(metrics[m].difference) - 1e-12;
    }
    const Interval interval = percentile_interval(std::move(values));
    metrics[m].low = interval.low;
    metrics[m].high = interval.high;
    if (defined > 0 && std::isfinite(metrics[m].difference)) {
      metrics[m].p = static_cast<double>(1 + at_least) / static_cast<double>(1 + defined);
    }
  }
  correct_holm(metrics);
}

std::string shown(double value) {
  return std::isfinite(value) ? fmt::format("{:.4f}", value) : "-";
}

std::string with_spread(double mean, double deviation) {
  return std::isfinite(deviation) ? fmt::format("{} \u00b1\u00a0{:.4f}", shown(mean), deviation)
                                  : shown(mean);
}

std::string seeds_text(const Comparison& comparison) {
  return fmt::format(
      "A and B are means over {} seeds; the intervals and p are over patients, for these "
      "trainings. The standard deviations over the seeds say how much another training may differ.",
      comparison.seeds);
}

}  // namespace

Comparison compare_predictions(const SeedRuns& a, const SeedRuns& b, const EvaluationData& data,
                               const EvaluateOptions& options) {
  if (a.empty() || a.size() != b.size())
    throw Error(ErrorCode::kUsage,
                fmt::format("{} predictions files against {}; expected as many on either side",
                            a.size(), b.size()),
                "give both systems the same number of seeds");
  Comparison comparison;
  comparison.seeds = a.size();
  std::vector<System> pairs;
  std::unique_ptr<EvaluationContext>
      context;  // of the last file: the references are the same for all
  for (size_t seed = 0; seed < a.size(); ++seed) {
    const std::string first = name_of("first", seed, a.size()),
                      second = name_of("second", seed, a.size());
    const std::unique_ptr<EvaluationContext> of_a = score(a[seed], first, data, options);
    context = score(b[seed], second, data, options);
    pairs.push_back(joined(of_a->systems.front(), context->systems.front()));
    note_gaps(first, *of_a, comparison.notes);
    note_gaps(second, *context, comparison.notes);
  }
  comparison.studies = context->references.studies.size();
  comparison.resamples = static_cast<size_t>(options.bootstrap);
  for (const size_t patient : context->pairing.patients) {
    comparison.patients = std::max(comparison.patients, patient + 1);
  }
  std::vector<std::string> paths;
  comparison.metrics = compared_metrics({pairs, *context, paths}, comparison.studies);
  for (const ComparedMetric& metric : comparison.metrics) paths.push_back(metric.path);
  if (options.bootstrap > 0) {
    add_statistics({pairs, *context, paths}, options, static_cast<int>(options.threads),
                   comparison.metrics);
  }
  return comparison;
}

Comparison compare_predictions(const std::vector<Draft>& a, const std::vector<Draft>& b,
                               const EvaluationData& data, const EvaluateOptions& options) {
  return compare_predictions(SeedRuns{a}, SeedRuns{b}, data, options);
}

nlohmann::ordered_json comparison_to_json(const Comparison& comparison) {
  nlohmann::ordered_json json{
      {"studies", comparison.studies},     {"patients", comparison.patients},
      {"resamples", comparison.resamples}, {"seeds", comparison.seeds},
      {"notes", comparison.notes},         {"metrics", nlohmann::ordered_json::object()}};
  for (const ComparedMetric& metric : comparison.metrics) {
    json["metrics"][metric.path] = {{"a", number(metric.a)},
                                    {"b", number(metric.b)},
                                    {"a_sd", number(metric.a_sd)},
                                    {"b_sd", number(metric.b_sd)},
                                    {"difference", number(metric.difference)},
                                    {"low", number(metric.low)},
                                    {"high", number(metric.high)},
                                    {"p", number(metric.p)},
                                    {"p_holm", number(metric.p_holm)},
                                    {"definition", metric_definition(metric.path)}};
  }
  return json;
}

std::string comparison_text(const Comparison& comparison) {
  std::string text = fmt::format(
      "{} studies of {} patients, {} resamples and shuffles\n{:<40} {:>9} {:>9} {:>9} {:>21} {:>8} "
      "{:>8}\n",
      comparison.studies, comparison.patients, comparison.resamples, "metric", "A", "B", "B - A",
      "95 % interval", "p", "p (Holm)");
  for (const ComparedMetric& m : comparison.metrics) {
    text += fmt::format("{:<40} {:>9} {:>9} {:>9} {:>21} {:>8} {:>8}\n", m.path, shown(m.a),
                        shown(m.b), shown(m.difference), shown(m.low) + " to " + shown(m.high),
                        shown(m.p), shown(m.p_holm));
  }
  if (comparison.seeds > 1) text += seeds_text(comparison) + "\n";
  for (const std::string& note : comparison.notes) text += note + "\n";
  return text;
}

std::string comparison_html(const Comparison& comparison, const std::string& title) {
  pages::Page page("Comparison", fmt::format("{}, {} studies of {} patients", title,
                                             comparison.studies, comparison.patients));
  for (const std::string& note : comparison.notes) page.callout(pages::Tone::kNote, "Note", note);
  if (comparison.seeds > 1)
    page.callout(pages::Tone::kNote, "Several seeds", seeds_text(comparison));
  page.section("B against A",
               "Difference with its 95 % interval over resampled patients. p: paired randomisation "
               "test, two-sided; Holm: corrected for the number of metrics in this table.");
  pages::Table table({{"metric"},
                      {"A", true},
                      {"B", true},
                      {"B - A", true},
                      {"95 % interval", true},
                      {"p", true},
                      {"p (Holm)", true}});
  for (const ComparedMetric& m : comparison.metrics) {
    const std::vector<std::string> cells{m.path,
                                         with_spread(m.a, m.a_sd),
                                         with_spread(m.b, m.b_sd),
                                         shown(m.difference),
                                         shown(m.low) + " to " + shown(m.high),
                                         shown(m.p),
                                         shown(m.p_holm)};
    if (m.p_holm < 0.05) {
      table.strong_row(cells);
    } else {
      table.row(cells);
    }
  }
  page.table(table);
  return page.html();
}

}  // namespace radgen::evaluation
