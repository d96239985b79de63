#include "bench_phantoms.h"

#include <unistd.h>

#include <algorithm>

#include "bench_workplace.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/random.h"
#include "radgen/data/prepare.h"
#include "radgen/imaging/dicom_write.h"
#include "radgen/phantom/film.h"
#include "radgen/phantom/plan.h"
#include "radgen/phantom/words.h"
#include "radgen/training/untrained_model.h"

namespace radgen {

namespace {

constexpr int64_t kTokenizerStudies = 400;

// Pronounceable, so that they share pieces as words do.
std::vector<std::string> invented_words(int64_t count) {
  const std::vector<std::string> onsets{"b", "d", "f", "g",  "k",  "l",  "m",  "n",  "p",
                                        "r", "s", "t", "br", "cl", "dr", "pl", "st", "tr"};
  const std::vector<std::string> rimes{"a",  "e",  "i",  "o",  "u",  "an", "el",
                                       "is", "or", "um", "at", "en", "il", "os"};
  Random random(1);
  std::vector<std::string> words;
  for (int64_t i = 0; i < count; ++i) {
    std::string word;
    for (int64_t syllables = random.integer(2, 4); syllables > 0; --syllables)
      word += random.pick(onsets) + random.pick(rimes);
    words.push_back(word);
  }
  return words;
}

std::shared_ptr<const Tokenizer> phantom_tokenizer(int64_t vocabulary) {
  const Workplace workplace;
  const fs::path path = workplace.path() / "tokenizer.model";
  std::vector<std::string> texts = make_phantoms(kTokenizerStudies).sentences;
  for (const std::string& word : invented_words(2 * vocabulary)) texts.push_back(word);
  Tokenizer::train(texts, static_cast<int>(vocabulary), path);
  return std::make_shared<const Tokenizer>(path);
}

}  // namespace

BenchPhantoms make_phantoms(int64_t studies) {
  BenchPhantoms phantoms;
  std::vector<phantom::StudyTruth> plan =
      phantom::plan_studies({.studies = studies, .seed = 1, .prevalence = "enriched"});
  phantoms.first = plan[0];
  phantoms.second = plan[1];
  for (phantom::StudyTruth& truth : plan) {
    const phantom::SpokenReport report = phantom::write_words(truth, {.seed = 1});
    for (const phantom::SpokenSentence& sentence : report.sentences)
      phantoms.sentences.push_back(sentence.text);
    if (&truth != &plan.front()) continue;
    for (const phantom::SpokenSentence& sentence : report.sentences)
      if (!sentence.is_impression)
        phantoms.first_report += (phantoms.first_report.empty() ? "" : " ") + sentence.text;
  }
  return phantoms;
}

void write_phantom_film(const fs::path& path, phantom::StudyTruth truth, int64_t size_px) {
  const phantom::DrawnFilm drawn = phantom::draw_film(truth, static_cast<int>(size_px), /*seed=*/1);
  FilmToWrite film;
  film.stored = drawn.stored;
  film.bits_stored = drawn.bits_stored;
  film.is_monochrome1 = drawn.is_monochrome1;
  if (drawn.has_window) {
    film.window_center = drawn.window_center;
    film.window_width = drawn.window_width;
  }
  film.spacing_mm = drawn.spacing_mm;
  film.view_position = truth.is_ap ? "AP" : "PA";
  film.patient_id = truth.patient.id;
  write_dicom_film(path, film);
}

LoadedModel random_model(const RandomModelOptions& options) {
  TrainConfig config;
  load_config(config,
              options.config.empty() ? std::vector<fs::path>{} : std::vector{options.config},
              options.settings);
  ModelInputConfig& input = config.data.model_input;
  if (options.size_px > 0) input.height_px = input.width_px = options.size_px;
  PreparationConfig preparation = input.preparation;
  preparation.size_px = std::max(input.height_px, input.width_px);
  std::shared_ptr<const Tokenizer> tokenizer;
  if (options.data.empty()) {
    tokenizer = phantom_tokenizer(options.vocabulary);
  } else {
    preparation = dataset_preparation(read_json(options.data / "prepare.json"));
    tokenizer = std::make_shared<const Tokenizer>(options.data / "tokenizer.model");
  }
  config = completed(std::move(config), tokenizer->vocabulary_size(), preparation);
  return untrained_model(config, std::move(tokenizer));
}

nlohmann::ordered_json write_random_model(const RandomModelOptions& options, const fs::path& output,
                                          bool may_overwrite) {
  const LoadedModel model = random_model(options);
  claim_output_directory(output, may_overwrite);
  int64_t parameters = 0;
  for (const torch::Tensor& parameter : model.network->parameters())
    parameters += parameter.numel();
  save_model_folder(output, model, model.card);
  log::warning("{} has random weights: its words mean nothing at all", output.string());
  return {{"model", output.string()},
          {"random_weights", true},
          {"parameters", parameters},
          {"vocabulary", model.tokenizer->vocabulary_size()},
          {"height_px", model.config.model_input.height_px},
          {"width_px", model.config.model_input.width_px},
          {"bytes", fs::file_size(output / "model.safetensors")}};
}

}  // namespace radgen
