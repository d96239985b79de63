// Alarms: what makes a good-looking score worthless, said by name.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/grounding/attention_map_validation.h"
#include "radgen/evaluation/evaluate.h"

namespace radgen::evaluation {

// Fewer cases than this alarm nobody.
constexpr int64_t kFewCases = 20;

// Looks at metrics, studies and counts of a result. Alarms that cannot be decided (no baselines, no
// boxes) are left out.
std::vector<Alarm> raise_alarms(const EvaluationResult& result, const AttentionMapValidation& maps);

}  // namespace radgen::evaluation
