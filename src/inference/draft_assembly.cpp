#include "radgen/inference/draft_assembly.h"

#include <algorithm>
#include <cmath>

#include "radgen/report/text.h"

namespace radgen {

namespace {

const std::string kTextWasCut = "text_cut_at_max_tokens";

std::vector<std::vector<float>> token_maps(const DecodedText& decoded) {
  std::vector<std::vector<float>> maps;
  if (decoded.ids.empty()) return maps;
  const torch::Tensor attention = decoded.attention.contiguous();
  const size_t patches = static_cast<size_t>(attention.size(1));
  const float* values = attention.data_ptr<float>();
  for (size_t t = 0; t < decoded.ids.size(); ++t)
    maps.emplace_back(values + t * patches, values + (t + 1) * patches);
  return maps;
}

bool points_at_pixels(const Mention& mention) {
  return mention.assertion != Assertion::kNegative && mention.finding != Finding::kNoFinding;
}

// The findings that sentence `index` says are there, each once.
std::vector<Finding> findings_to_show(const std::vector<Mention>& mentions, size_t index) {
  std::vector<Finding> findings;
  for (const Mention& mention : mentions)
    if (mention.sentence == index && points_at_pixels(mention) &&
        std::find(findings.begin(), findings.end(), mention.finding) == findings.end())
      findings.push_back(mention.finding);
  return findings;
}

// The tokens a sentence's map is made of: those of its positive or uncertain findings, else of any
// finding, else all.
std::vector<size_t> map_tokens(const DraftSentence& sentence, size_t index,
                               const std::vector<Mention>& mentions,
                               const std::vector<std::pair<size_t, size_t>>& spans) {
  std::vector<size_t> positive, any;
  for (const Mention& mention : mentions) {
    if (mention.sentence != index) continue;
    const std::vector<size_t> tokens = tokens_within(spans, mention.begin, mention.end);
    any.insert(any.end(), tokens.begin(), tokens.end());
    if (points_at_pixels(mention)) positive.insert(positive.end(), tokens.begin(), tokens.end());
  }
  if (!positive.empty()) return positive;
  if (!any.empty()) return any;
  return tokens_within(spans, sentence.begin, sentence.end);
}

double mean_probability(const DecodedText& decoded, const std::vector<size_t>& tokens) {
  if (tokens.empty()) return 0;
  double sum = 0;
  for (size_t token : tokens) sum += decoded.log_probs[token];
  return std::exp(sum / static_cast<double>(tokens.size()));
}

void split_parts(const std::string& text, Draft& draft) {
  const size_t separator = text.find('\n');
  draft.findings = text.substr(0, separator);
  draft.impression = separator == std::string::npos ? "" : text.substr(separator + 1);
}

}  // namespace

GridPlacement place_grid(int64_t rows, int64_t columns, int64_t patch_px,
                         const Affine& image_to_input) {
  const Box input{0, 0, static_cast<double>(columns * patch_px),
                  static_cast<double>(rows * patch_px)};
  return {static_cast<int>(rows), static_cast<int>(columns), image_to_input.inverse().apply(input)};
}

Draft assemble_draft(const DecodedText& decoded, const GridPlacement& placement,
                     const FindingLogits& logits, const Tokenizer& tokenizer,
                     const Labeler& labeler, const Calibration& calibration) {
  Draft draft;
  std::vector<std::pair<size_t, size_t>> spans;
  split_parts(tokenizer.decode(decoded.ids, &spans), draft);
  // what was decoded, and a newline when the network wrote no separator
  const std::string text = draft.text();
  draft.map_box = placement.map_box;
  draft.mentions = labeler.mentions(text);
  draft.labels = Labeler::aggregate(draft.mentions);

  const std::vector<std::vector<float>> maps = token_maps(decoded);
  const std::vector<Span> sentences = split_sentences(text);
  double log_sum = 0;
  for (size_t i = 0; i < sentences.size(); ++i) {
    DraftSentence sentence;
    sentence.begin = sentences[i].begin;
    sentence.end = sentences[i].end;
    sentence.text = text.substr(sentence.begin, sentence.end - sentence.begin);
    sentence.map = mean_map(maps, map_tokens(sentence, i, draft.mentions, spans), placement.rows,
                            placement.columns);
    sentence.entropy = map_entropy(sentence.map);
    sentence.region_features =
        region_features(sentence.map, findings_to_show(draft.mentions, i), logits);
    sentence.score = calibrated_score(sentence.region_features, calibration);
    sentence.word_probability =
        mean_probability(decoded, tokens_within(spans, sentence.begin, sentence.end));
    sentence.confidence =
        calibrated_confidence(sentence.word_probability, sentence.region_features, calibration);
    // A sentence that says what is not there has looked everywhere: it can point at nothing,
    // however sharp its map.
    sentence.is_grounded =
        !sentence.region_features.findings.empty() && sentence.score >= calibration.abstain_below;
    if (sentence.is_grounded)
      sentence.boxes = find_regions(sentence.map, draft.map_box, calibration.region_threshold);
    draft.sentences.push_back(std::move(sentence));
  }
  for (double log_prob : decoded.log_probs) log_sum += log_prob;
  if (!decoded.log_probs.empty())
    draft.confidence = std::exp(log_sum / static_cast<double>(decoded.log_probs.size()));
  if (!decoded.is_complete) draft.warnings.push_back(kTextWasCut);
  return draft;
}

std::vector<PhraseGrounding> ground_mentions(const std::string& text,
                                             const std::vector<Token>& tokens,
                                             const DecodedText& decoded,
                                             const GridPlacement& placement,
                                             const FindingLogits& logits, const Labeler& labeler) {
  std::vector<std::pair<size_t, size_t>> spans;
  for (const Token& token : tokens) spans.emplace_back(token.begin, token.end);
  const std::vector<std::vector<float>> maps = token_maps(decoded);
  std::vector<PhraseGrounding> groundings;
  for (const Mention& mention : labeler.mentions(text)) {
    if (!points_at_pixels(mention)) continue;
    AttentionMap map = mean_map(maps, tokens_within(spans, mention.begin, mention.end),
                                placement.rows, placement.columns);
    RegionFeatures region = region_features(map, {mention.finding}, logits);
    groundings.push_back({mention, std::move(map), placement.map_box, std::move(region)});
  }
  return groundings;
}

}  // namespace radgen
