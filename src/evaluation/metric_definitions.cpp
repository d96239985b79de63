// What every metric means, in words.
#include <cmath>
#include <string_view>
#include <utility>

#include "radgen/evaluation/metrics.h"

namespace radgen::evaluation {
namespace {

using Definition = std::pair<const char*, const char*>;

constexpr const char* kTokens =
    "scoring tokens: lower case, punctuation split off, decimals kept; text: findings, newline, "
    "impression";

// By the metric's last name. "_phrase" is taken off before looking up, and said in words.
constexpr Definition kDefinitions[] = {
    {"bleu_1", "corpus BLEU-1, counts summed over studies, no smoothing"},
    {"bleu_2", "corpus BLEU-2, counts summed over studies, no smoothing"},
    {"bleu_3", "corpus BLEU-3, counts summed over studies, no smoothing"},
    {"bleu_4", "corpus BLEU-4, counts summed over studies, no smoothing"},
    {"meteor_nltk",
     "METEOR as NLTK 3.8 defines it (alpha .9, beta 3, gamma .5, Porter stems, WordNet 3.0 "
     "synonyms), "
     "mean over studies"},
    {"meteor_nltk_nosyn",
     "METEOR as NLTK 3.8 defines it but without synonyms, since no WordNet was found; mean over "
     "studies; not comparable with meteor_nltk"},
    {"meteor_15",
     "METEOR 1.5 (alpha .85, beta .2, gamma .6, delta .75; exact 1, stem .6, synonym .8; its own "
     "normalisation), without its paraphrase table, of the counts summed over studies"},
    {"meteor_15_nofunc",
     "as meteor_15, but every word is a content word, since no list of function words was given "
     "(setting meteor_function_words); not comparable with meteor_15"},
    {"meteor_15_nosyn",
     "as meteor_15, without synonyms, since no WordNet was found; not comparable with meteor_15"},
    {"meteor_15_nosyn_nofunc",
     "as meteor_15, without synonyms and without function words, since neither was found; not "
     "comparable with meteor_15"},
    {"cider_d",
     "CIDEr-D (what the COCO tools call CIDEr), document frequencies of all references of the "
     "split, mean over studies"},
    {"bleu_4_sentence", "mean over studies of NLTK's sentence BLEU-4 with smoothing method 4"},
    {"bleu_4_r2gen",
     "corpus BLEU-4 after R2Gen's cleaning for MIMIC-CXR, which turns 3.5 cm into 35 cm; for "
     "comparison with published figures only"},
    {"bleu_4_ptb",
     "corpus BLEU-4 on Penn Treebank tokens without punctuation, as the COCO caption tools; for "
     "comparison with published figures only"},
    {"bleu_4_raw", "corpus BLEU-4 on words split at white space, case and punctuation kept"},
    {"edit_rate_to_reference",
     "insertions, deletions and substitutions of words that turn the draft into the reference, "
     "over the words of the reference, summed over studies; not the share that a radiologist "
     "changes in review"},
    {"rouge_l", "ROUGE-L, beta 1.2, mean over studies"},
    {"f1_macro_truth",
     "F1 of the draft's labels (rules labeler on the draft alone, uncertain as positive) against "
     "what is on the film by the truth (a phantom's, or labels that people gave), 13 classes "
     "without No Finding, mean over the classes that are there"},
    {"f1_truth",
     "F1 of this finding, the draft's label against what is on the film by the truth; n: films "
     "that show it"},
    {"f1_micro_truth",
     "as f1_micro, the draft's labels against the findings that are visible on the film by the "
     "truth"},
    {"f1",
     "F1 of this finding, rules labeler on both texts, uncertain as positive; n: positives in the "
     "references"},
    {"precision",
     "share of the drafts with this finding whose reference has it; n: drafts with it"},
    {"recall",
     "share of the references with this finding whose draft has it; n: references with it"},
    {"subtle", "share of the subtle findings visible by the truth that the draft states"},
    {"moderate", "share of the moderate findings visible by the truth that the draft states"},
    {"severe", "share of the severe findings visible by the truth that the draft states"},
    {"stated_and_denied",
     "share of the texts that state a finding and deny it, on the same side or without a side; n: "
     "texts with a sentence"},
    {"two_severities",
     "share of the texts that give one finding two degrees on one side in one section; n: texts"},
    {"two_sizes", "share of the texts that give one finding two sizes on one side; n: texts"},
    {"missing_in_impression",
     "share of the texts that state a finding (no device) of which their impression says nothing; "
     "n: texts with findings and impression"},
    {"only_in_impression",
     "share of the texts whose impression states a finding (no device) of which their findings say "
     "nothing; n: texts with both"},
    {"other_side",
     "share of the texts whose impression names a side of a finding that their findings do not; n: "
     "texts with both"},
    {"other_severity",
     "share of the texts whose impression names a degree of a finding and none of those that their "
     "findings name; n: texts with both"},
    {"comparison",
     "share of the texts that compare with an earlier film, which nobody gave; n: texts"},
    {"repeated_sentence", "share of the texts that say a sentence twice in one section; n: texts"},
    {"number",
     "share of the texts where a noun and its verb or article differ in number; n: texts"},
    {"any_contradiction",
     "share of the texts with a contradiction of any kind (stated_and_denied, two_severities, "
     "two_sizes, other_side, other_severity); n: texts"},
    {"sentences_per_draft", "sentences of a text, mean over the texts that have one"},
    {"negatives_stated",
     "share of the findings that the references rule out which the draft of the same study rules "
     "out too; n: such findings"},
    {"hallucinated_per_100",
     "findings that a draft states as certain and its reference does not state, per 100 reports"},
    {"omitted_per_100",
     "findings that a reference states as certain and its draft does not state, per 100 reports"},
    {"wrong_side_per_100",
     "findings with a side in both texts and no side in common, per 100 reports"},
    {"wrong_side_share",
     "share of the findings with a side in both texts that have no side in common; n: such "
     "findings"},
    {"negation_errors_per_100",
     "findings that one text states and the other rules out, both for certain, per 100 reports"},
    {"negation_error_share",
     "share of the findings that both texts speak of for certain which one states and the other "
     "rules out; n: such findings"},
    {"severity_agreement",
     "share of the findings with a severity in both texts that have one in common (small / "
     "moderate / large); n: such findings"},
    {"zone_agreement",
     "share of the findings with a zone (upper, middle, lower) in both texts that have one in "
     "common; n: such findings"},
    {"size_agreement",
     "share of the findings with a size in both texts whose sizes differ by at most a quarter; n: "
     "such findings"},
    {"comparisons_per_100",
     "sentences of the draft that compare with an earlier film although none was given, per 100 "
     "reports"},
    {"comparisons_in_references_per_100",
     "sentences of the references that compare with an earlier film, per 100 reports"},
    {"indication_echo_per_100",
     "findings that a draft states, its reference does not, and the indication names, per 100 "
     "reports"},
    {"abnormal_recall",
     "share of the references with a certain finding other than a device whose draft states at "
     "least "
     "one of these findings; n: such references"},
    {"distinct_ratio",
     "distinct sets of (finding, side, severity) stated by a report, drafts over references"},
    {"distinct_texts", "distinct texts, drafts over references"},
    {"iou",
     "mean IoU of a sentence's map (over its maximum, bilinear, cut at one threshold for all maps "
     "that was chosen on the validation split: a model's own, or setting map_threshold; without "
     "one, that which serves the other half of the studies best) with the boxes of its finding and "
     "side, macro over findings with enough boxes; the location prior's threshold is chosen the "
     "same way"},
    {"iou_plain", "as iou, every map cut at a tenth of its maximum: the plain protocol"},
    {"iou_micro", "as iou, mean over all items"},
    {"iou_over_prior",
     "iou less that of the location prior's fixed boxes on the same words: what the maps add"},
    {"pointing_over_prior",
     "pointing less that of the location prior's fixed boxes on the same words"},
    {"iou_mean_thresholds", "as iou, mean over thresholds .1, .15, ... .5"},
    {"iou_shown", "as iou_micro, only over correct sentences that show their evidence"},
    {"pointing", "share of maps whose maximum lies in a box of the finding and side, macro as iou"},
    {"mass", "share of the map's sum inside the boxes of the finding and side, macro as iou"},
    {"pointing_micro", "as pointing, mean over all items"},
    {"mass_micro", "as mass, mean over all items"},
    {"missed_share", "share of the items that are boxed findings which the draft does not state"},
    {"false_positive_share",
     "share of the items that are statements of findings not in the reference"},
    {"iou_pooled",
     "pixels in both over pixels in either, summed over the items with a map (over its maximum, "
     "threshold "
     ".1); large findings weigh most"},
    {"cnr",
     "contrast-to-noise ratio of the map: (mean inside the boxes - mean outside) / sqrt(variance "
     "inside + variance outside), mean over scored items"},
    {"area",
     "share of the picture where the map is above a tenth of its maximum, mean over scored items; "
     "near 1: the map lights up everything"},
    {"grounded_mass",
     "sum of the map's raw values (1 - the weight of looking at nothing), mean over scored items"},
    {"raw_threshold_empty",
     "share of the maps without any raw value of .1 or more: the threshold .1 on raw attention "
     "would leave them empty, which is why maps are divided by their maximum"},
    {"right_side_share",
     "share of the correct one-sided sentences with more than half of the map in the half of the "
     "picture where the boxes are; n: such sentences"},
    {"wrong_side_maps",
     "correct one-sided sentences whose map lies mostly in the other half of the picture"},
    {"size_matches_region",
     "share of the sentences with a size in mm whose region's longer side, by the pixel spacing, "
     "is between half and twice of it; n: such sentences"},
    {"groundable_precision",
     "share of the sentences shown with a region that state a finding; n: shown sentences"},
    {"groundable_recall",
     "share of the sentences that state a finding which are shown with a region; n: such "
     "sentences"},
    {"negations_with_evidence",
     "share of the sentences that only rule findings out which are shown with evidence (an "
     "examined region is none); n: such sentences"},
    {"sentences_with_region",
     "share of the sentences that are shown with a region of one of the two kinds, evidence or "
     "examined; n: sentences"},
    {"wrong_side_regions",
     "share of the sentences that state one side and show evidence which have a box whose middle "
     "lies on the other side of the spine (of the picture's middle where no spine is annotated); "
     "n: such sentences"},
    {"examined_iou",
     "mean IoU of the regions of sentences that rule something out with the anatomy they name; 0 "
     "for one that shows none; n: such sentences of studies with annotated anatomy"},
    {"examined_pointing",
     "share of those sentences whose map has its maximum on that anatomy; 0 for one that shows no "
     "region"},
    {"examined_shown_share", "share of those sentences that are shown with an examined region"},
    {"examined_prior_iou", "as iou, of a fixed box a place: the mean training box, no picture"},
    {"examined_prior_pointing", "share of the fixed boxes whose middle lies on the anatomy"},
    {"examined_iou_over_prior", "mean difference of iou and prior_iou, sentence by sentence"},
    {"examined_pointing_over_prior",
     "mean difference of pointing and prior_pointing, sentence by sentence"},
    {"ece",
     "expected calibration error, 15 bins of equal mass; resampling adds to it, so that its "
     "interval "
     "leans upward"},
    {"brier", "mean squared difference of confidence and event"},
    {"brier_skill", "1 - Brier score over that of always saying the base rate"},
    {"auroc", "probability that a right sentence has more confidence than a wrong one, ties half"},
    {"aurc",
     "mean share of wrong sentences over all coverages when the least confident are left out "
     "first; lower is better"},
    {"risk_at_50", "share of wrong sentences among the more confident half"},
    {"risk_at_80", "share of wrong sentences when the least confident fifth is left out"},
    {"base_rate", "share of the sentences that are right"},
    {"statement_precision",
     "share of the stated findings (and sides) that are there; n: stated findings"},
    {"statement_recall",
     "right statements over these and the overlooked findings; n: both together"},
    {"in_place",
     "share of the right statements with boxes whose regions (where none is shown: whose map, cut "
     "at "
     "a tenth of its maximum) reach an IoU of at least .3 with them; n: such statements"},
    {"iou_right_words",
     "mean IoU of the regions (where none is shown: the maps) of right statements with their "
     "boxes"},
    {"pointing_right_words",
     "share of the right statements with boxes whose map has its maximum inside of them"},
    {"mass_right_words", "mean share of the maps of right statements inside their boxes"},
    {"reference_in_place",
     "share of the references' boxed findings whose regions reach an IoU of at least .3 with the "
     "boxes"},
    {"reference_iou", "mean IoU of the regions of the references' boxed findings with their boxes"},
    {"found_when_told",
     "share of the overlooked findings with boxes that the model finds (IoU at least .3) when it "
     "reads the reference's sentence"},
    {"spread", "mean share of the picture that an even map of a statement's entropy would cover"},
    {"entropy", "mean entropy of the statements' maps over that of an even map"},
    {"shown_share", "share of the correct sentences that show their evidence"},
    {"own_f1_macro",
     "f1_macro of the drafts of the studies that were drafted again, from their own pictures"},
    {"shuffled_f1_macro",
     "as own_f1_macro, each study drafted from another patient's picture with its own prompt"},
    {"trivial_f1_macro",
     "as own_f1_macro, of the best report that needs no picture (constant, always positive or "
     "random)"},
    {"shuffled_drop", "own_f1_macro - shuffled_f1_macro, paired over patients"},
    {"shuffled_excess", "shuffled_f1_macro - trivial_f1_macro, paired over patients"},
    {"blank_distance",
     "mean over studies of 1 - Dice's coefficient of the findings and sides that the report of a "
     "picture of its mean grey and the study's own report state; studies where neither states one "
     "are left out"},
    {"noise_distance", "as blank_distance, of noise with the picture's mean and deviation"},
    {"shuffled_distance", "as blank_distance, of another patient's picture"},
    {"faithful_chance",
     "as faithful, of one more random region of the same size, shape and organs, held against the "
     "others as if the sentence pointed at it: what chance comes to"},
    {"blank_same_report",
     "share of the studies with the same report from a picture that is its mean grey throughout; "
     "Wilson interval"},
    {"noise_same_report",
     "share of the studies with the same report from noise with the picture's mean and deviation; "
     "Wilson interval"},
    {"mirrored_kept",
     "share of the findings stated on one side alone that the report of the mirrored film states "
     "too, on any side or "
     "none; n: such findings; Wilson interval"},
    {"mirrored_sided",
     "share of the findings stated on one side alone and kept (mirrored_kept) that the mirrored "
     "film's report states on one side alone too; the others name both sides or none; Wilson "
     "interval"},
    {"mirrored_swapped",
     "share of the findings stated on one side alone in both reports whose side is the other one "
     "on "
     "the mirrored film; n: such findings; Wilson interval"},
    {"mirrored_swapped_of_kept",
     "as mirrored_swapped, of all that are kept: one that names both sides or none counts 0"},
    {"moved_kept",
     "as mirrored_kept, of the report of the same film moved sideways by a fiftieth of its width, "
     "with other random draws"},
    {"moved_sided", "as mirrored_sided, of the moved film (moved_kept)"},
    {"moved_same_side",
     "share of the findings stated on one side alone in both reports whose side is the same on the "
     "moved film (moved_kept); Wilson interval"},
    {"twin_original_stated",
     "share of the pairs whose original's report states the finding that the twin is without; n: "
     "pairs; Wilson interval"},
    {"twin_lost",
     "share of the twins (the same film without one finding) whose report does not state the "
     "finding that the "
     "original's report states; n: pairs whose original's report states it; Wilson interval"},
    {"faithful",
     "share of the regions shown with sentences that state a finding for which hiding the region "
     "(blurred, soft edge, "
     "encoded again) lowers the sentence's log-probability (teacher-forced behind the same words) "
     "more than the 90th "
     "percentile of hiding random regions of its size and shape in the same organs (lung, "
     "mediastinum, the rest; read off the film); chance is faithful_chance; without regions over a "
     "quarter of the body; n: regions; Wilson interval"},
    {"faithful_examined",
     "as faithful, of the regions of sentences that rule something out, whatever their size"},
    {"faithful_large",
     "as faithful, of the regions over a quarter of the body, whose random regions overlap them"},
    {"hidden_fall",
     "mean fall of the sentence's log-probability when its region is hidden, in nats; as faithful"},
    {"random_fall",
     "mean fall of the sentence's log-probability when a random region is hidden, in nats; as "
     "faithful"},
};

bool has_own_tokens(std::string_view name) {
  return name.starts_with("meteor_15") || name == "bleu_4_r2gen" || name == "bleu_4_ptb" ||
         name == "bleu_4_raw";
}

bool counts_misses(std::string_view name) {
  return (name.starts_with("iou") && name != "iou_shown" && name != "iou_pooled") ||
         name == "pointing" || name == "pointing_micro" || name == "mass" || name == "mass_micro";
}

bool strip_suffix(std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.resize(name.size() - suffix.size());
  return true;
}

// "f1_<average>[_<classes>][_<policy>]": put together from its parts.
std::string f1_definition(std::string name) {
  if (!name.starts_with("f1_")) return "";
  std::string policy = "uncertain as positive", classes = "13 classes without No Finding";
  if (strip_suffix(name, "_uncertain_negative")) {
    policy = "uncertain as negative";
  } else if (strip_suffix(name, "_uncertain_class")) {
    policy = "positive and uncertain as two classes of each finding";
  }
  if (strip_suffix(name, "_14")) classes = "14 classes with No Finding";
  if (strip_suffix(name, "_5")) classes = "CheXpert's five competition classes";
  std::string average;
  if (name == "f1_macro") average = "mean over the classes that have a positive in the references";
  if (name == "f1_micro") average = "of the counts summed over classes";
  if (name == "f1_weighted") average = "mean over classes weighted by their positives";
  if (name == "f1_example") {
    average = "of each study's set of findings, mean over studies where either text has one";
  }
  if (average.empty()) return "";
  return "rules-labeler F1: our rules labeler on both texts, " + policy + ", " + classes + ", " +
         average;
}

std::string skill_definition(const std::string& path) {
  const bool is_spread = path.find("skill_spread.") != std::string::npos;
  const bool is_of_maps =
      path.find(".iou") != std::string::npos || path.find(".pointing") != std::string::npos;
  return std::string(is_spread ? "mean, smallest and largest over n draws of the constant and the "
                                 "random report of "
                               : "") +
         "(model - best trivial baseline) / (" + (is_of_maps ? "1" : "oracle") +
         " - best trivial baseline), at most 1, of: ";
}

std::string definition_named(const std::string& name) {
  for (const auto& [known, words] : kDefinitions) {
    if (name == known) return words;
  }
  return "";
}

}  // namespace

std::string metric_definition(const std::string& path) {
  std::string name = path.substr(path.find_last_of('.') + 1);
  strip_suffix(name, "_phrase");
  if (path.find("grounding.examined.") != std::string::npos) {
    const bool is_unusual = strip_suffix(name, "_unusual");
    const std::string definition = definition_named("examined_" + name);
    return is_unusual ? definition + "; over films that are turned, badly inspired or cut off"
                      : definition;
  }
  for (const auto& [known, words] : kDefinitions) {
    if (name != known) continue;
    std::string definition = words;
    if (path.find("skill.") != std::string::npos || path.starts_with("skill_spread.")) {
      definition = skill_definition(path) + definition;
    }
    if (path.starts_with("baseline_spread."))
      definition += "; mean, smallest and largest of n draws of this baseline";
    if (path.find("text.") != std::string::npos && !has_own_tokens(name)) {
      definition += "; " + std::string(kTokens);
    }
    if (path.find("confidence.words.") != std::string::npos) {
      definition += "; event: a sentence that states findings, all right in finding and side";
    }
    if (path.find("confidence.grounding.") != std::string::npos) {
      definition +=
          "; event: the regions of a positive statement reach an IoU of at least .3 with the boxes "
          "of "
          "its finding and side; one of a finding that is not there is wrong";
    }
    if (path.find("confidence.phrase.") != std::string::npos) {
      definition +=
          "; event: the reference sentence is forced on the model and the regions of its map reach "
          "an IoU of at least .3 with the boxes";
    }
    if (const std::string protocol = metric_protocol(path); protocol == "phrase") {
      definition += "; the reference sentence teacher-forced, every boxed finding counts";
    } else if (!protocol.empty()) {
      definition += counts_misses(name)
                        ? "; generated report, a missed finding and a false positive count 0"
                        : "; generated report";
    }
    return definition;
  }
  const std::string definition = f1_definition(name);
  if (definition.empty() || path.find("skill") == std::string::npos) return definition;
  return skill_definition(path) + definition;
}

std::string metric_protocol(const std::string& path) {
  if (path.find("grounding.") == std::string::npos && !path.ends_with("_phrase")) {
    if (!path.ends_with("skill.iou") && !path.ends_with("skill.pointing")) return "";
  }
  if (path.find("confidence.") != std::string::npos) return "";
  if (path.find("grounding.examined.") != std::string::npos) return "end_to_end";
  return path.ends_with("_phrase") ? "phrase" : "end_to_end";
}

std::string undefined_reason(const std::string& path, const Metric& metric) {
  if (path.find("skill.") != std::string::npos) {
    return "the ceiling is not above the best trivial baseline";
  }
  return metric.n == 0 ? "there is no case to count" : "the studies leave it undefined";
}

}  // namespace radgen::evaluation
