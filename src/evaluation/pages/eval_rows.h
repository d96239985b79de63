// What the page and the terminal show of an evaluation alike: the headline's rows and the words for
// numbers and verdicts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

// Paths of the headline's metrics, in their order.
const std::vector<std::string>& headline_paths();
std::string last_name(const std::string& path);  // "iou" of "grounding.iou"
// The names between "baselines." and the next dot, sorted.
std::vector<std::string> baseline_names(const MetricTable& metrics);
// The baseline that is best in a metric and its value; an empty name: none has it.
std::pair<std::string, double> best_baseline(const MetricTable& metrics, const std::string& path);
// "nearest training film by the encoder (no trivial baseline): bleu_4 0.198 ..."; empty where it
// was not scored.
std::string encoder_neighbour_text(const MetricTable& metrics);
std::string number_text(double value);  // "0.123", "23.4"; "-" where there is none
// "as expected"; empty: it decides nothing
const char* verdict_text(const Expectation& expectation);
// How the grounding rows of the headline were made; empty where there is none.
std::string protocol_text(const MetricTable& metrics);

}  // namespace radgen::evaluation
