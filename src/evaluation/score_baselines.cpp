// What the model is measured against: trivial baselines, the location prior and the oracle.
#include "evaluation/evaluation_context.h"
#include "evaluation/grounding/claim_maps.h"
#include "radgen/evaluation/baselines.h"
#include "radgen/evaluation/grounding/location_prior.h"

namespace radgen::evaluation {
namespace {

void score_location_prior(EvaluationContext& context) {
  const LocationPrior prior(context.data.train);
  if (!context.references.has_boxes()) return;
  if (prior.empty()) {
    context.result.notes.emplace_back("no location prior: the training split has no boxes");
    return;
  }
  const ScoreStudyClaim score = [&](size_t s, const Claim& claim, const std::vector<Box>& boxes,
                                    bool&) {
    const Reference& reference = *context.references.studies[s];
    return prior.score(claim.finding, claim.side, boxes, reference.width, reference.height);
  };
  System best;
  double best_iou = -1;
  const std::vector<double> ones(context.references.studies.size(), 1.0);
  for (System& system : context.systems) {
    if (system.prefix.empty()) continue;
    score_end_to_end(system, context.references, score, 0, context.threads);
    const double iou = system.summarize(context.references, ones, context.tools.names())
                           .value(system.prefix + "grounding.iou");
    if (iou > best_iou) {
      best_iou = iou;
      best.end_to_end = system.end_to_end;
      best.levels = system.levels;
    }
  }
  best.prefix = "baselines.location_prior.";
  score_phrases(best, context.references, score, 0, context.threads);
  context.systems.push_back(std::move(best));
}

}  // namespace

void score_baselines(EvaluationContext& context) {
  BaselineOptions options;
  options.constant_candidates = static_cast<size_t>(context.options.constant_candidates);
  options.nearest_images = static_cast<size_t>(context.options.nearest_images);
  options.seed = static_cast<uint64_t>(context.options.seed);
  options.threads = context.threads;
  std::vector<Reference> test;
  for (const Reference* study : context.references.studies) test.push_back(*study);
  const auto add = [&](const std::string& name, std::vector<std::string> texts) {
    context.systems.push_back(score_texts("baselines." + name + ".", std::move(texts),
                                          context.references, context.tools, context.threads));
  };
  context.result.constant_text =
      constant_report(context.data.train, context.data.validate, options);
  if (context.data.train.empty()) {
    std::vector<std::string> constants = cross_fitted_constants(test, options);
    if (!constants.empty()) add("constant", std::move(constants));
    context.result.notes.emplace_back(
        "no training split: the constant report is chosen on the other half of the patients' "
        "references, random reports are other studies' references, and there is no nearest "
        "neighbour");
  } else {
    add("constant", std::vector<std::string>(test.size(), context.result.constant_text));
    std::vector<std::string> nearest = nearest_reports(test, context.data.train, options);
    if (nearest.empty()) {
      context.result.notes.push_back(
          "no nearest-neighbour baseline: no training picture could be read");
    } else {
      add("nearest", std::move(nearest));
    }
  }
  add("random", random_reports(test, context.data.train, options));
  add("always_positive", std::vector<std::string>(test.size(), always_positive_report()));
  score_location_prior(context);
  if (!context.data.encoder_neighbours.empty()) {
    std::vector<std::string> neighbours;
    for (const Reference* study : context.references.studies) {
      neighbours.push_back(
          context.data.encoder_neighbours[static_cast<size_t>(study - context.data.test.data())]);
    }
    context.systems.push_back(score_texts(kEncoderNeighbour, std::move(neighbours),
                                          context.references, context.tools, context.threads));
  }
}

// The oracle: the truth in other words, and for maps what the patch grid can say at best.
void score_oracle(EvaluationContext& context) {
  std::vector<std::string> texts;
  bool has_words = false;
  for (const Reference* study : context.references.studies) {
    texts.push_back(study->oracle_text);
    has_words = has_words || !study->oracle_text.empty();
  }
  System oracle;
  oracle.prefix = "oracle.";
  if (has_words) {
    oracle = score_texts("oracle.", std::move(texts), context.references, context.tools,
                         context.threads);
  }
  if (context.references.has_boxes()) {
    const PhraseIndex index(context.phrase_maps);
    std::vector<Grid> grids(context.references.studies.size());
    Grid usual{32, 32, {}};
    for (size_t s = 0; s < grids.size(); ++s) {
      for (const ReferenceBox& box : context.references.studies[s]->boxes) {
        if (grids[s].rows > 0) break;
        grids[s] = grid_of(nullptr, index.find(context.references.ids[s], box.finding, box.side));
      }
      if (grids[s].rows == 0) grids[s] = grid_of(context.pairing.drafts[s], nullptr);
      if (grids[s].rows > 0 && usual.box.area() <= 0) usual = grids[s];
    }
    const ScoreStudyClaim ceiling = [&](size_t s, const Claim&, const std::vector<Box>& boxes,
                                        bool&) {
      Grid grid = grids[s].rows > 0 ? grids[s] : usual;
      const auto [width, height] = image_size(*context.references.studies[s], grid.box);
      if (grids[s].rows == 0 || grid.box.area() <= 0) {
        grid.box = {0, 0, static_cast<double>(width), static_cast<double>(height)};
      }
      return score_map(coverage_map(boxes, grid.rows, grid.columns, grid.box), grid.box, boxes,
                       width, height);
    };
    if (has_words) score_end_to_end(oracle, context.references, ceiling, 0, context.threads);
    score_phrases(oracle, context.references, ceiling, 0, context.threads);
    if (!has_words) {  // a perfect report states exactly what is boxed
      oracle.end_to_end = oracle.phrase;
      oracle.levels = oracle.phrase_levels;
    }
  }
  if (has_words || context.references.has_boxes()) context.systems.push_back(std::move(oracle));
  if (!has_words)
    context.result.notes.emplace_back(
        "no oracle for texts, and so no skill of text metrics: no truth");
}

}  // namespace radgen::evaluation
