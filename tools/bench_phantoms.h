// What bench-radgen draws for itself: phantom films, phantom words, and models with random weights.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "radgen/inference/model_folder.h"
#include "radgen/phantom/truth.h"

namespace radgen {

// Two studies, and what a radiologist would have said of many.
struct BenchPhantoms {
  phantom::StudyTruth first, second;
  std::string first_report;            // its findings, a sentence behind the other
  std::vector<std::string> sentences;  // of all studies
};
BenchPhantoms make_phantoms(int64_t studies);

// The study's film as DICOM, `size_px` its longer side.
void write_phantom_film(const std::filesystem::path& path, phantom::StudyTruth truth,
                        int64_t size_px);

struct RandomModelOptions {
  std::filesystem::path config;  // a training configuration; empty: the defaults
  std::vector<std::string> settings;
  std::filesystem::path data;  // prepared set that gives tokenizer and preparation; empty: phantoms
  int64_t vocabulary = 1500;   // pieces of the tokenizer, without `data`
  int64_t size_px = 0;         // square pictures of this side; 0: the configuration's
};

// Any training configuration with random weights (training/untrained_model.h). Without a data set
// its tokenizer knows the phantoms' words and, where they are too few for `vocabulary`, invented
// ones; films are prepared to the longer side of the input.
LoadedModel random_model(const RandomModelOptions& options);

// random_model() as a model folder, claimed as every tool claims its output. Returns what the tool
// prints.
nlohmann::ordered_json write_random_model(const RandomModelOptions& options,
                                          const std::filesystem::path& output, bool may_overwrite);

}  // namespace radgen
