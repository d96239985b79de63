// The rows of the registry by subject, in the order in which pages show them.
#pragma once

#include <vector>

#include "radgen/evaluation/metric_registry.h"

namespace radgen::evaluation {

std::vector<MetricRow> text_rows();
std::vector<MetricRow> clinical_rows();
std::vector<MetricRow> grounding_rows();
std::vector<MetricRow> confidence_rows();
std::vector<MetricRow> consistency_rows();  // and diversity
std::vector<MetricRow> check_rows();        // and error analysis

}  // namespace radgen::evaluation
