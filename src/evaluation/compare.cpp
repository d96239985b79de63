#include "radgen/evaluation/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluation/work.h"
#include "radgen/core/error.h"
#include "radgen/core/parallel.h"
#include "radgen/core/random.h"
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

template <class Function>
auto naming(const char* file, const Function& function) {
  try {
    return function();
  } catch (const Error& error) {
    throw Error(error.code(), std::string(file) + " predictions: " + error.what(), error.hint());
  }
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
  const System& both;
  const Work& work;
  const std::vector<std::string>& paths;

  // b - a, where `swapped` studies change places.
  std::vector<double> differences(std::span<const double> weights,
                                  const std::vector<bool>& swapped) const {
    std::vector<bool> others = swapped;
    others.flip();
    const MetricTable a =
        both.summarize(work.references, mixture(weights, swapped), work.tools.names());
    const MetricTable b =
        both.summarize(work.references, mixture(weights, others), work.tools.names());
    std::vector<double> result;
    for (const std::string& path : paths) result.push_back(b.value(path) - a.value(path));
    return result;
  }
};

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
  const std::vector<size_t>& patients = sampler.work.pairing.patients;
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

nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}
std::string shown(double value) {
  return std::isfinite(value) ? fmt::format("{:.4f}", value) : "-";
}

}  // namespace

Comparison compare_predictions(const std::vector<Draft>& a, const std::vector<Draft>& b,
                               const EvaluationData& data, const EvaluateOptions& options) {
  const std::vector<PhraseMap> none;
  const int threads = static_cast<int>(options.threads);
  Work first{data, options, none, threads}, second{data, options, none, threads};
  naming("first", [&] { return prepare_work(first, a), 0; });
  naming("second", [&] { return prepare_work(second, b), 0; });
  score_model(first);
  score_model(second);
  const System both = joined(first.systems.front(), second.systems.front());

  Comparison comparison;
  const size_t n = first.references.studies.size();
  comparison.studies = n;
  comparison.resamples = static_cast<size_t>(options.bootstrap);
  for (const size_t patient : first.pairing.patients) {
    comparison.patients = std::max(comparison.patients, patient + 1);
  }
  for (const auto& [name, work] : {std::pair{"first", &first}, std::pair{"second", &second}}) {
    const int64_t missing = work->pairing.counts.missing, empty = work->pairing.counts.empty_drafts;
    if (missing + empty > 0) {
      comparison.notes.push_back(
          fmt::format("{} predictions: {} studies without one and {} empty texts, all scored as "
                      "empty reports",
                      name, missing, empty));
    }
  }
  const std::vector<double> ones(n, 1.0);
  const MetricTable table_a = both.summarize(
      first.references, mixture(ones, std::vector<bool>(n, false)), first.tools.names());
  const MetricTable table_b = both.summarize(
      first.references, mixture(ones, std::vector<bool>(n, true)), first.tools.names());
  std::vector<std::string> paths;
  for (const auto& [path, metric] : table_a.all()) {
    if (!is_compared(path)) continue;
    paths.push_back(path);
    ComparedMetric compared{path, metric.value, table_b.value(path)};
    compared.difference = compared.b - compared.a;
    comparison.metrics.push_back(compared);
  }
  if (options.bootstrap > 0) {
    add_statistics({both, first, paths}, options, threads, comparison.metrics);
  }
  return comparison;
}

nlohmann::ordered_json comparison_to_json(const Comparison& comparison) {
  nlohmann::ordered_json json{{"studies", comparison.studies},
                              {"patients", comparison.patients},
                              {"resamples", comparison.resamples},
                              {"notes", comparison.notes},
                              {"metrics", nlohmann::ordered_json::object()}};
  for (const ComparedMetric& metric : comparison.metrics) {
    json["metrics"][metric.path] = {{"a", number(metric.a)},
                                    {"b", number(metric.b)},
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
  for (const std::string& note : comparison.notes) text += note + "\n";
  return text;
}

std::string comparison_html(const Comparison& comparison, const std::string& title) {
  pages::Page page("Comparison", fmt::format("{}, {} studies of {} patients", title,
                                             comparison.studies, comparison.patients));
  for (const std::string& note : comparison.notes) page.callout(pages::Tone::kNote, "Note", note);
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
                                         shown(m.a),
                                         shown(m.b),
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
