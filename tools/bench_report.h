// bench-radgen report: what one film costs, from its DICOM file to its folder of results.
#pragma once

#include <nlohmann/json.hpp>

#include "bench_phantoms.h"
#include "radgen/model/model_bench.h"

namespace radgen {

struct ReportBench {
  std::filesystem::path model;  // a model folder; empty: `random`
  RandomModelOptions random;
  BenchCase bench;  // runs, tokens (random weights alone), precision, kv_cache_type, device
};

// Draws a phantom film, writes it as DICOM and drafts it bench.runs times by FilmReporter, as
// report-radgen does, with the configuration's own decoding, vocabulary and ranking. A model folder
// writes its own words. Random weights say a phantom's sentences, bench.tokens of them in each text
// (bench_words.h), so that every sentence has as much to show as a trained model's.
// Seconds of a film are medians; start-up (model in memory, INT8 scales) stands beside them.
nlohmann::ordered_json bench_report(const ReportBench& options);

}  // namespace radgen
