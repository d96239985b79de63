#include "radgen/explore/survey.h"

namespace radgen::explore {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Summary& s) {
  if (s.count == 0) return {{"count", 0}};
  return {{"count", s.count},   {"mean", s.mean}, {"min", s.minimum}, {"p5", s.p5},
          {"median", s.median}, {"p95", s.p95},   {"max", s.maximum}};
}

Json json_of(const Correlation& c) {
  if (!c.is_defined) return {{"n", c.count}, {"value", nullptr}};
  return {{"n", c.count}, {"value", c.value}, {"low", c.low}, {"high", c.high}};
}

Json json_of(const Counts& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name.empty() ? "not known" : name] = count;
  return json;
}

Json json_of(const SplitSurvey& split) {
  Json labels = Json::object();
  for (Finding finding : all_findings()) {
    const LabelCounts& counts = split.labels[static_cast<size_t>(finding)];
    const size_t mentioned = counts.positive + counts.uncertain + counts.negative;
    const auto n = static_cast<double>(std::max<size_t>(1, split.studies));
    labels[finding_name(finding)] = {
        {"positive", counts.positive},
        {"uncertain", counts.uncertain},
        {"negative", counts.negative},
        {"absent", split.studies - std::min(split.studies, mentioned)},
        {"positive_share", static_cast<double>(counts.positive) / n},
        {"uncertain_share", static_cast<double>(counts.uncertain) / n}};
  }
  Json json{{"patients", split.patients},
            {"studies", split.studies},
            {"pictures", split.images},
            {"words", json_of(summarize(split.words))},
            {"tokens", json_of(summarize(split.tokens))},
            {"findings", json_of(summarize(split.findings))},
            {"length_and_findings",
             {{"length", split.tokens.empty() ? "words" : "tokens"},
              {"pearson", json_of(pearson(split.lengths(), split.findings))},
              {"spearman", json_of(spearman(split.lengths(), split.findings))}}},
            {"labels", labels},
            {"ages", json_of(summarize(split.ages))}};
  json["views"] = json_of(split.views);
  json["sexes"] = json_of(split.sexes);
  json["races"] = json_of(split.races);
  return json;
}

Json json_of(const ImageSurvey& p) {
  Json json{{"width", json_of(summarize(p.widths))},
            {"height", json_of(summarize(p.heights))},
            {"pixel_spacing_mm", json_of(summarize(p.spacing_mm))},
            {"photometric", json_of(p.photometric)},
            {"source_sizes", json_of(p.source_sizes)},
            {"opened", p.read},
            {"unreadable", p.unreadable}};
  if (p.read > 0) {
    json["mean_grey"] = json_of(summarize(p.means));
    json["grey_deviation"] = json_of(summarize(p.deviations));
    json["histogram"] = p.histogram;
    json["black_share"] = p.black_share;
    json["white_share"] = p.white_share;
  }
  return json;
}

}  // namespace

nlohmann::ordered_json survey_json(const Survey& survey) {
  Json json{{"lines", survey.lines},
            {"patients_in_several_splits", survey.patients_in_several_splits},
            {"studies_with_boxes", survey.studies_with_boxes}};
  for (const SplitSurvey& split : survey.splits) json["splits"][split.name] = json_of(split);
  json["terms"] = Json::array();
  for (const TermCount& term : survey.terms) {
    json["terms"].push_back({{"term", term.name},
                             {"kind", term.kind},
                             {"studies", term.studies},
                             {"occurrences", term.occurrences}});
  }
  json["boxes"] = Json::object();
  for (const auto& [finding, boxes] : survey.boxes) {
    json["boxes"][finding_name(finding)] = {
        {"boxes", boxes.boxes},
        {"pictures", boxes.images},
        {"area_share", json_of(summarize(boxes.areas))},
        {"map", {{"rows", kMapSide}, {"columns", kMapSide}, {"values", boxes.map}}}};
  }
  json["pictures"] = json_of(survey.images);
  json["tokenizer"] = nullptr;
  if (survey.tokenizer) {
    const TokenizerSurvey& t = *survey.tokenizer;
    const auto words = static_cast<double>(std::max<size_t>(1, t.words));
    json["tokenizer"] = {{"vocabulary", t.vocabulary},
                         {"used", t.used},
                         {"tokens", t.tokens},
                         {"words", t.words},
                         {"tokens_a_word", static_cast<double>(t.tokens) / words},
                         {"single_piece_words", static_cast<double>(t.single_words) / words},
                         {"unknown_tokens", t.unknown}};
    for (const auto& [pieces, share] : t.coverage) {
      json["tokenizer"]["coverage"].push_back({{"pieces", pieces}, {"share", share}});
    }
  }
  return json;
}

}  // namespace radgen::explore
