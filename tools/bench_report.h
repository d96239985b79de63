// bench-radgen report: what one film costs, from its DICOM file to its folder of results.
#pragma once

#include <nlohmann/json.hpp>

#include "radgen/model/model_bench.h"

namespace radgen {

// Draws a phantom film, writes it as DICOM and drafts it bench.runs times with random weights:
// load_s (file to frame), encode_s, decode_s, post_s (sentences, regions, overlays, page and FHIR),
// total_s as medians, startup_s outside of them, tokens and peak_rss_gib. bench.precision may be
// INT8: packing, and choosing the static scales by another phantom film, is part of startup_s.
// `size_px` 0: the network's native image. Random weights write no sentences: every 12th token
// becomes a full stop and the others words, so that regions and overlays are really made from the
// maps.
nlohmann::ordered_json bench_report(const ModelConfig& network, int64_t size_px,
                                    const BenchCase& bench);

}  // namespace radgen
