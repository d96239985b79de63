#include "bench_report.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include "radgen/clinical/report_folder.h"
#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/imaging/dicom_write.h"
#include "radgen/imaging/quality.h"
#include "radgen/inference/draft_assembly.h"
#include "radgen/inference/predictor.h"
#include "radgen/model/autocast.h"
#include "radgen/model/decoding.h"
#include "radgen/model/int8.h"
#include "radgen/phantom/film.h"
#include "radgen/phantom/plan.h"
#include "radgen/phantom/words.h"

namespace radgen {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kSentenceTokens = 12;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// A folder that is gone afterwards.
class Workplace {
 public:
  Workplace() : path_(fs::temp_directory_path() / ("bench-radgen-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct Phantoms {
  std::vector<std::string> texts;
  phantom::StudyTruth first, second;
};
Phantoms make_phantoms() {
  constexpr int64_t kStudies = 60;
  Phantoms phantoms;
  std::vector<phantom::StudyTruth> plan =
      phantom::plan_studies({.studies = kStudies, .seed = 1, .prevalence = "enriched"});
  phantoms.first = plan[0];
  phantoms.second = plan[1];
  for (phantom::StudyTruth& truth : plan) {
    const phantom::SpokenReport report = phantom::write_words(truth, {.seed = 1});
    for (const phantom::SpokenSentence& sentence : report.sentences)
      phantoms.texts.push_back(sentence.text);
  }
  return phantoms;
}

void write_film(const fs::path& path, phantom::StudyTruth truth, int64_t size_px) {
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

// What a trained network would have: words, and a full stop every kSentenceTokens.
void put_sentences(DecodedText& text, const Tokenizer& tokenizer,
                   const std::vector<std::string>& texts) {
  const int64_t stop = tokenizer.encode_ids(".").back();
  std::vector<int64_t> words;
  for (const std::string& sentence : texts)
    for (int64_t id : tokenizer.encode_ids(sentence))
      if (id != stop) words.push_back(id);
  for (size_t i = 0; i < text.ids.size(); ++i)
    text.ids[i] =
        (static_cast<int64_t>(i) + 1) % kSentenceTokens == 0 ? stop : words[i % words.size()];
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

using Times = std::map<std::string, std::vector<double>>;

// A film as the network sees it.
struct SeenFilm {
  Film film;
  PreparedImage prepared;
  Letterbox letterbox;
  torch::Tensor image;  // [1,1,H,W]
};
SeenFilm read_image(const fs::path& path, const ModelInputConfig& config) {
  Result<Film> film = read_film(path);
  if (!film)
    throw Error(ErrorCode::kInternal, "the phantom film cannot be read: " + film.failure().message);
  SeenFilm seen{.film = *film, .prepared = prepare_image(*film, config.preparation)};
  seen.letterbox = make_letterbox(seen.prepared.image, config);
  const cv::Mat& input = seen.letterbox.input;
  seen.image =
      torch::from_blob(input.data, {1, 1, input.rows, input.cols}, torch::kFloat32).clone();
  return seen;
}

// As the Predictor does it; returns when the device has done it.
EncodedImage encode_film(const LoadedModel& model, const torch::Tensor& image,
                         const BenchCase& bench) {
  GroundedModel network = model.network;
  const Autocast precision(bench.precision == "bf16", bench.device);
  EncodedImage encoded = network->encode(image.to(bench.device));
  if (bench.device.is_cuda()) {
    encoded.memory = encoded.memory.to(torch::kFloat);
    torch::cuda::synchronize(bench.device.index());
  }
  return encoded;
}

// One film through the whole way; adds its times and returns how many sentences got regions.
int64_t draft_film(const fs::path& film_path, const fs::path& output, const LoadedModel& model,
                   const BenchCase& bench, const std::vector<std::string>& words,
                   const Labeler& labeler, Times& times) {
  const auto begin = Clock::now();
  const auto [film, prepared, letterbox, image] = read_image(film_path, model.config.model_input);
  judge_chest_film(film);
  times["load_s"].push_back(seconds_since(begin));

  auto since = Clock::now();
  const EncodedImage encoded = encode_film(model, image, bench);
  times["encode_s"].push_back(seconds_since(since));

  since = Clock::now();
  DecodedText text;
  {
    const Autocast precision(bench.precision == "bf16" && bench.device.is_cpu(), bench.device);
    text = generate(model.network, encoded, {}, model.config.decoding).front();
  }
  times["decode_s"].push_back(seconds_since(since));

  since = Clock::now();
  put_sentences(text, *model.tokenizer, words);
  const GridPlacement placement =
      place_grid(encoded.grid.rows, encoded.grid.columns, model.config.network.encoder.patch_px,
                 letterbox.image_to_input);
  FilmReport report{
      .film = film,
      .draft = assemble_draft(text, placement, {}, *model.tokenizer, labeler, model.calibration),
      .upright_to_prepared = prepared.upright_to_prepared,
      .prepared_width_px = prepared.image.cols,
      .prepared_height_px = prepared.image.rows,
      .model = {},
      .may_write_synthetic_fhir = true};
  report.draft.study_id = report.draft.image_id = "bench";
  AtomicDirectory folder(output);
  write_maps_and_overlays(folder.path(), report);
  write_report(folder.path(), report);
  folder.commit();
  times["post_s"].push_back(seconds_since(since));
  times["total_s"].push_back(seconds_since(begin));
  return std::count_if(report.draft.sentences.begin(), report.draft.sentences.end(),
                       [](const DraftSentence& sentence) { return !sentence.boxes.empty(); });
}

}  // namespace

nlohmann::ordered_json bench_report(const ModelConfig& network, int64_t size_px,
                                    const BenchCase& bench) {
  const torch::NoGradGuard no_grad;
  if (is_int8_precision(bench.precision) && !bench.device.is_cpu())
    throw Error(ErrorCode::kUsage, "INT8 in process is for the CPU",
                "on a GPU use --precision bf16");
  const Workplace workplace;
  const Phantoms phantoms = make_phantoms();
  auto since = Clock::now();
  LoadedModel model;
  model.config.network = network;
  if (size_px == 0)
    size_px = std::max(network.encoder.image_height_px, network.encoder.image_width_px);
  model.config.model_input.height_px = model.config.model_input.width_px =
      model.config.model_input.preparation.size_px = size_px;
  model.config.decoding.max_tokens = model.config.decoding.min_tokens = bench.tokens;
  Tokenizer::train(phantoms.texts, 600, workplace.path() / "tokenizer.model");
  model.tokenizer = std::make_shared<const Tokenizer>(workplace.path() / "tokenizer.model");
  model.config.network.decoder.vocabulary_size = model.tokenizer->vocabulary_size();
  model.calibration.abstain_below = 0;  // every sentence is shown with its regions
  model.network = bench_model(model.config.network, bench.device);
  double startup_s = seconds_since(since);

  write_film(workplace.path() / "film.dcm", phantoms.first, size_px);
  Int8Report int8;
  if (is_int8_precision(bench.precision)) {
    write_film(workplace.path() / "other.dcm", phantoms.second, size_px);
    since = Clock::now();
    const bool is_dynamic = bench.precision == "int8-dynamic";
    std::vector<torch::Tensor> images;
    if (!is_dynamic)
      images.push_back(read_image(workplace.path() / "other.dcm", model.config.model_input).image);
    int8 = quantise(model.network, {.is_dynamic = is_dynamic}, images);
    startup_s += seconds_since(since);
  }
  model.config.decoding.kv_cache_type = kv_cache_type_of(bench);
  const Labeler labeler;
  Times times;
  int64_t with_regions = 0;
  for (int run = 0; run <= bench.runs; ++run) {
    Times these;
    with_regions = draft_film(workplace.path() / "film.dcm",
                              workplace.path() / ("draft" + std::to_string(run)), model, bench,
                              phantoms.texts, labeler, these);
    if (run == 0) continue;  // warms up
    for (const auto& [name, values] : these) times[name].push_back(values.front());
  }
  nlohmann::ordered_json result = {
      {"subject", "report"}, {"size_px", size_px}, {"runs", bench.runs}};
  for (const char* name : {"load_s", "encode_s", "decode_s", "post_s", "total_s"})
    result[name] = median(times[name]);
  result["total_low_s"] = *std::min_element(times["total_s"].begin(), times["total_s"].end());
  result["total_high_s"] = *std::max_element(times["total_s"].begin(), times["total_s"].end());
  result["startup_s"] = startup_s;
  result["tokens"] = bench.tokens;
  result["sentences_with_regions"] = with_regions;
  result["precision"] = bench.precision;
  result["kv_cache_type"] = model.config.decoding.kv_cache_type;
  if (is_int8_precision(bench.precision)) {
    result["int8_error"] = int8.output_error;
    result["int8_kept_fp32"] = int8.count(/*is_int8=*/false);
  }
  result["peak_rss_gib"] = peak_rss_gib();
  return result;
}

}  // namespace radgen
