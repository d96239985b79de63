#include "radgen/assessment/ask_again.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>

#include "assessment/chunks.h"
#include "radgen/assessment/dataset_inputs.h"
#include "radgen/assessment/predict.h"
#include "radgen/core/files.h"
#include "radgen/core/random.h"
#include "radgen/evaluation/systematic_subsample.h"
#include "radgen/imaging/image_perturbations.h"
#include "radgen/inference/faithfulness.h"

namespace radgen::assessment {
namespace {

using evaluation::CheckedStudy;
using evaluation::Reference;
using evaluation::SanityCheckAnswers;
using evaluation::systematic_subsample;

constexpr uint64_t kNoise = 0x6e6f6973;  // stream of this purpose

// What all checks share: the model and the way to a study's image.
struct Asked {
  const Predictor& predictor;
  const SanityCheckFiles& files;
  const evaluation::EvaluationData& references;
  const std::vector<Draft>& drafts;
  const evaluation::EvaluateOptions& options;
  const DatasetInputs& inputs;
  std::map<std::string, const ManifestEntry*> counterfactuals{};  // of split "twin", by study

  StudyInput study(size_t reference) const {
    return inputs.of_image(references.test[reference].image_id);
  }
};

std::vector<Draft> draft_perturbed(const Predictor& predictor, std::vector<StudyInput> inputs,
                                   const std::function<cv::Mat(const StudyInput&, size_t)>& alter) {
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i].image = alter(inputs[i], i);
  return predictor.draft(inputs);
}

// The image moved to the right by a fiftieth of its width, its left edge drawn out: what no
// reader would mind.
cv::Mat moved_image(const cv::Mat& image) {
  const int by = std::max(1, image.cols / 50);
  cv::Mat moved = image.clone();
  image.colRange(0, image.cols - by).copyTo(moved.colRange(by, image.cols));
  cv::repeat(image.col(0), 1, by).copyTo(moved.colRange(0, by));
  return moved;
}

void ask_about_perturbed(const Asked& asked, SanityCheckAnswers& answers) {
  const std::vector<size_t> chosen =
      systematic_subsample(asked.drafts.size(), static_cast<size_t>(asked.options.checks.studies));
  const auto seed = static_cast<uint64_t>(asked.options.seed);
  std::vector<std::string> patients;
  for (const size_t s : chosen) patients.push_back(asked.references.test[s].patient_id);
  const auto partners = evaluation::other_patients(patients, seed);
  in_chunks("asking again: altered pictures", chosen.size(), kChunk, [&](size_t begin, size_t end) {
    std::vector<StudyInput> inputs;
    for (size_t i = begin; i < end; ++i) inputs.push_back(asked.study(chosen[i]));
    const auto blank = draft_perturbed(
        asked.predictor, inputs, [](const StudyInput& s, size_t) { return blank_image(s.image); });
    const auto noise = draft_perturbed(asked.predictor, inputs, [&](const StudyInput& s, size_t) {
      return noise_image(s.image, hash_mix(hash_mix(seed, kNoise), hash_text(s.study_id)));
    });
    const auto mirrored = draft_perturbed(asked.predictor, inputs, [](const StudyInput& s, size_t) {
      return mirrored_image(s.image);
    });
    std::vector<StudyInput> again = inputs;
    for (StudyInput& input : again) input.study_id += " again";  // by which words are drawn
    const auto moved = draft_perturbed(
        asked.predictor, again, [](const StudyInput& s, size_t) { return moved_image(s.image); });
    std::vector<Draft> shuffled;
    if (partners)
      shuffled = draft_perturbed(asked.predictor, inputs, [&](const StudyInput&, size_t i) {
        return asked.study(chosen[(*partners)[begin + i]]).image;
      });
    for (size_t i = begin; i < end; ++i) {
      const size_t k = i - begin;
      answers.studies.push_back(
          {chosen[i], asked.drafts[chosen[i]], blank[k], noise[k], mirrored[k]});
      if (partners) answers.studies.back().shuffled = shuffled[k];
      answers.studies.back().moved = moved[k];
    }
  });
}

void ask_about_counterfactuals(const Asked& asked, SanityCheckAnswers& answers) {
  if (asked.counterfactuals.empty()) {
    answers.no_counterfactuals = "the dataset has no split 'twin' (phantom-radgen --twin)";
  } else if (asked.files.truth.empty()) {
    answers.no_counterfactuals = "which finding a twin is without stands in truth.jsonl (--truth)";
  }
  if (!answers.no_counterfactuals.empty()) return;
  std::vector<evaluation::CounterfactualPair> pairs =
      evaluation::load_counterfactual_pairs(asked.files.truth, asked.references.test);
  std::erase_if(pairs, [&](const evaluation::CounterfactualPair& pair) {
    return !asked.counterfactuals.contains(pair.study_id);
  });
  if (pairs.empty())
    answers.no_counterfactuals =
        "no study of the split has a twin (phantom-radgen makes them of split 'test')";
  std::map<std::string, const Draft*> originals;
  for (const Draft& draft : asked.drafts) originals.emplace(draft.study_id, &draft);
  const std::vector<size_t> chosen =
      systematic_subsample(pairs.size(), static_cast<size_t>(asked.options.checks.counterfactuals));
  if (chosen.empty()) return;
  in_chunks("asking again: twins", chosen.size(), kChunk, [&](size_t begin, size_t end) {
    std::vector<StudyInput> inputs;
    for (size_t i = begin; i < end; ++i) {
      inputs.push_back(asked.inputs.of(*asked.counterfactuals.at(pairs[chosen[i]].study_id)));
      // Words that are drawn are drawn alike for both, so that the film alone can change them.
      inputs.back().study_id = pairs[chosen[i]].twin_of;
    }
    std::vector<Draft> drafts = asked.predictor.draft(inputs);
    for (size_t i = begin; i < end; ++i) {
      const evaluation::CounterfactualPair& pair = pairs[chosen[i]];
      answers.counterfactuals.push_back(
          {pair.without, *originals.at(pair.twin_of), std::move(drafts[i - begin])});
    }
  });
}

bool shows_regions(const Draft& draft) {
  return std::any_of(draft.sentences.begin(), draft.sentences.end(),
                     [](const DraftSentence& s) { return !s.boxes.empty(); });
}

nlohmann::ordered_json region_to_json(const HiddenRegion& region) {
  const auto number = [](double value) {
    return std::isnan(value) ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(value);
  };
  return {{"study_id", region.study_id},
          {"sentence", region.sentence},
          {"box", nlohmann::json(region.box)},
          {"body_share", region.body_share},
          {"log_prob", region.log_prob},
          {"fall", region.fall},
          {"random_falls", region.random_falls},
          {"limit", number(region.limit)},
          {"faithful", region.is_faithful},
          {"null_fall", region.null_fall},
          {"null_faithful", region.is_null_faithful}};
}

void count_region(const HiddenRegion& region, evaluation::FaithfulCounts& counts) {
  const double sum = std::accumulate(region.random_falls.begin(), region.random_falls.end(), 0.0);
  ++counts.regions;
  counts.faithful += region.is_faithful;
  counts.null_faithful += region.is_null_faithful;
  counts.fall += region.fall;
  counts.random_fall += sum / static_cast<double>(region.random_falls.size());
}

void hide_regions(const Asked& asked, SanityCheckAnswers& answers) {
  constexpr size_t kStudies = 8;  // whose hidden images go through the network together
  std::vector<size_t> shown;
  for (size_t s = 0; s < asked.drafts.size(); ++s)
    if (shows_regions(asked.drafts[s])) shown.push_back(s);
  const std::vector<size_t> chosen =
      systematic_subsample(shown.size(), static_cast<size_t>(asked.options.checks.hidden_studies));
  const FaithfulnessOptions how{asked.options.checks.random_regions,
                                static_cast<uint64_t>(asked.options.seed),
                                asked.options.checks.matches_organs};
  // Most sentences rule something out: two of each study tell enough.
  FaithfulnessOptions of_rest = how;
  of_rest.kind = RegionKind::kExamined;
  of_rest.most_of_study = 2;
  JsonlWriter file(asked.files.output / "faithfulness.jsonl");
  in_chunks("asking again: hidden regions", chosen.size(), kStudies, [&](size_t begin, size_t end) {
    std::vector<StudyInput> inputs;
    std::vector<Draft> drafts;
    for (size_t i = begin; i < end; ++i) {
      inputs.push_back(asked.study(shown[chosen[i]]));
      drafts.push_back(asked.drafts[shown[chosen[i]]]);
    }
    for (const HiddenRegion& region : check_faithfulness(asked.predictor, inputs, drafts, how)) {
      file.write(region_to_json(region));
      if (!region.is_matched()) ++answers.unmatched_regions;
      if (region.is_matched())
        count_region(region, region.is_large() ? answers.large : answers.regions);
    }
    for (const HiddenRegion& region :
         check_faithfulness(asked.predictor, inputs, drafts, of_rest)) {
      nlohmann::ordered_json line = region_to_json(region);
      line["region"] = region_kind_name(RegionKind::kExamined);
      file.write(line);
      if (region.is_matched()) count_region(region, answers.examined);
    }
  });
  file.commit();
}

// The reports' own sentences, head by head.
void read_by_head(const Asked& asked, SanityCheckAnswers& answers) {
  std::vector<size_t> boxed;
  for (size_t s = 0; s < asked.references.test.size(); ++s)
    if (!asked.references.test[s].boxes.empty()) boxed.push_back(s);
  for (const size_t i :
       systematic_subsample(boxed.size(), static_cast<size_t>(asked.options.checks.studies)))
    answers.read.push_back(boxed[i]);
  const DecoderConfig& decoder = asked.predictor.model().config.network.decoder;
  in_chunks(
      "asking again: head by head", answers.read.size(), kChunk, [&](size_t begin, size_t end) {
        std::vector<StudyInput> inputs;
        std::vector<Reference> references;
        std::vector<std::string> texts;
        for (size_t i = begin; i < end; ++i) {
          inputs.push_back(asked.study(answers.read[i]));
          references.push_back(asked.references.test[answers.read[i]]);
          texts.push_back(references.back().text());
        }
        for (auto& map : phrase_maps_of(asked.predictor, inputs, references))
          answers.mean_maps.push_back(std::move(map));
        const auto by_head = asked.predictor.ground_by_head(inputs, texts);
        const auto heads = static_cast<size_t>(decoder.heads), layers = by_head.size() / heads;
        answers.heads.resize(by_head.size());
        for (size_t h = 0; h < by_head.size(); ++h) {
          answers.heads[h].layer =
              static_cast<int>(static_cast<size_t>(decoder.layers) - layers + h / heads + 1);
          answers.heads[h].head = static_cast<int>(h % heads + 1);
          for (size_t i = 0; i < by_head[h].size(); ++i)
            for (const PhraseGrounding& grounding : by_head[h][i])
              answers.heads[h].maps.push_back(phrase_map_of(references[i].study_id, grounding,
                                                            asked.predictor.model().calibration));
        }
      });
}

}  // namespace

std::vector<std::string> encoder_neighbours(const Predictor& predictor,
                                            const DatasetInputs& dataset,
                                            const evaluation::EvaluationData& references,
                                            const evaluation::EvaluateOptions& options) {
  const auto embed = [&](const char* label, const std::vector<Reference>& studies,
                         const std::vector<size_t>& chosen) {
    std::vector<std::vector<float>> all;
    in_chunks(label, chosen.size(), kChunk, [&](size_t begin, size_t end) {
      std::vector<StudyInput> inputs;
      for (size_t i = begin; i < end; ++i)
        inputs.push_back(dataset.of_image(studies[chosen[i]].image_id));
      for (auto& one : predictor.embeddings(inputs)) all.push_back(std::move(one));
    });
    return all;
  };
  const std::vector<size_t> searched =
      systematic_subsample(references.train.size(), static_cast<size_t>(options.nearest_images));
  if (searched.empty()) return {};
  const auto known = embed("embedding training films", references.train, searched);
  const auto asked =
      embed("embedding films", references.test, systematic_subsample(references.test.size(), 0));
  std::vector<std::string> reports;
  for (const std::vector<float>& film : asked) {
    const auto cosine = [&](const std::vector<float>& other) {
      return std::inner_product(film.begin(), film.end(), other.begin(), 0.0f);
    };
    size_t best = 0;
    for (size_t k = 1; k < known.size(); ++k)
      if (cosine(known[k]) > cosine(known[best])) best = k;
    reports.push_back(references.train[searched[best]].text());
  }
  return reports;
}

SanityCheckAnswers run_sanity_checks(const Predictor& predictor, const DatasetInputs& dataset,
                                     const SanityCheckFiles& files,
                                     const evaluation::EvaluationData& references,
                                     const std::vector<Draft>& drafts,
                                     const evaluation::EvaluateOptions& options) {
  Asked asked{predictor, files, references, drafts, options, dataset};
  for (const ManifestEntry* entry : dataset.split("twin", std::numeric_limits<size_t>::max()))
    asked.counterfactuals.emplace(entry->study_id, entry);
  SanityCheckAnswers answers;
  ask_about_perturbed(asked, answers);
  ask_about_counterfactuals(asked, answers);
  hide_regions(asked, answers);
  read_by_head(asked, answers);
  return answers;
}

}  // namespace radgen::assessment
