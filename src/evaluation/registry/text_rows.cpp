// Words against words. The counters are over text/text_metrics.h's sums.
#include <optional>

#include "evaluation/metric_sums.h"
#include "evaluation/registry/rows.h"

namespace radgen::evaluation {
namespace {

std::optional<MetricValue> meteor_of(const TextSums& s, const char* name) {
  if (s.meteor_name != name) return std::nullopt;
  return MetricValue{ratio(s.meteor, s.weight), s.studies};
}

std::optional<MetricValue> meteor_15_of(const PublishedSums& s, const char* name) {
  if (s.meteor_name != name) return std::nullopt;
  return MetricValue{s.meteor.score(), s.studies};
}

}  // namespace

std::vector<MetricRow> text_rows() {
  return {
      {.path = "text.bleu_1",
       .definition = "corpus BLEU-1, counts summed over studies, no smoothing",
       .better = Better::kHigher,
       .shown = kHeadline | kMarkedChoice,
       .counter = counted<TextSums>([](const TextSums& s) {
         return MetricValue{bleu(s.bleu, 1), s.studies};
       })},
      {.path = "text.bleu_2",
       .definition = "corpus BLEU-2, counts summed over studies, no smoothing",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<TextSums>([](const TextSums& s) {
         return MetricValue{bleu(s.bleu, 2), s.studies};
       })},
      {.path = "text.bleu_3",
       .definition = "corpus BLEU-3, counts summed over studies, no smoothing",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<TextSums>([](const TextSums& s) {
         return MetricValue{bleu(s.bleu, 3), s.studies};
       })},
      {.path = "text.bleu_4",
       .definition = "corpus BLEU-4, counts summed over studies, no smoothing",
       .better = Better::kHigher,
       .shown = kHeadline | kMarkedChoice,
       .counter = counted<TextSums>([](const TextSums& s) {
         return MetricValue{bleu(s.bleu, 4), s.studies};
       })},
      {.path = "text.meteor_nltk",
       .definition = "METEOR as NLTK 3.8 defines it (alpha .9, beta 3, gamma .5, Porter stems, "
                     "WordNet 3.0 synonyms), mean over studies",
       .better = Better::kHigher,
       .shown = kHeadline | kMarkedChoice,
       .counter = counted<TextSums>([](const TextSums& s) { return meteor_of(s, "meteor_nltk"); })},
      {.path = "text.meteor_nltk_nosyn",
       .definition = "METEOR as NLTK 3.8 defines it but without synonyms, since no WordNet was "
                     "found; mean over studies; not comparable with meteor_nltk",
       .better = Better::kHigher,
       .shown = kHeadline | kMarkedChoice,
       .counter =
           counted<TextSums>([](const TextSums& s) { return meteor_of(s, "meteor_nltk_nosyn"); })},
      {.path = "text.rouge_l",
       .definition = "ROUGE-L, beta 1.2, mean over studies",
       .better = Better::kHigher,
       .shown = kHeadline | kMarkedChoice,
       .counter = counted<TextSums>([](const TextSums& s) {
         return MetricValue{ratio(s.rouge_l, s.weight), s.studies};
       })},
      {.path = "text.edit_rate_to_reference",
       .definition = "insertions, deletions and substitutions of words that turn the draft into "
                     "the reference, over the words of the reference, summed over studies; not the "
                     "share that a radiologist changes in review",
       .better = Better::kLower,
       .shown = kHeadline | kErrorKinds | kMarkedChoice,
       .counter = counted<TextSums>([](const TextSums& s) {
         return MetricValue{s.edits.rate(), s.studies};
       })},
      {.path = "text.meteor_15",
       .definition =
           "METEOR 1.5 (alpha .85, beta .2, gamma .6, delta .75; exact 1, stem .6, synonym .8; its "
           "own normalisation), without its paraphrase table, of the counts summed over studies",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>(
           [](const PublishedSums& s) { return meteor_15_of(s, "meteor_15"); })},
      {.path = "text.meteor_15_nofunc",
       .definition =
           "as meteor_15, but every word is a content word, since no list of function words was "
           "given (setting meteor_function_words); not comparable with meteor_15",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>(
           [](const PublishedSums& s) { return meteor_15_of(s, "meteor_15_nofunc"); })},
      {.path = "text.meteor_15_nosyn",
       .definition = "as meteor_15, without synonyms, since no WordNet was found; not comparable "
                     "with meteor_15",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>(
           [](const PublishedSums& s) { return meteor_15_of(s, "meteor_15_nosyn"); })},
      {.path = "text.meteor_15_nosyn_nofunc",
       .definition = "as meteor_15, without synonyms and without function words, since neither was "
                     "found; not comparable with meteor_15",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>(
           [](const PublishedSums& s) { return meteor_15_of(s, "meteor_15_nosyn_nofunc"); })},
      {.path = "text.cider_d",
       .definition = "CIDEr-D (what the COCO tools call CIDEr), document frequencies of all "
                     "references of the split, mean over studies",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>([](const PublishedSums& s) {
         return MetricValue{ratio(s.cider_d, s.weight), s.studies};
       })},
      {.path = "text.bleu_4_sentence",
       .definition = "mean over studies of NLTK's sentence BLEU-4 with smoothing method 4",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>([](const PublishedSums& s) {
         return MetricValue{ratio(s.bleu_4_sentence, s.weight), s.studies};
       })},
      {.path = "text.bleu_4_r2gen",
       .definition = "corpus BLEU-4 after R2Gen's cleaning for MIMIC-CXR, which turns 3.5 cm into "
                     "35 cm; for comparison with published figures only",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>([](const PublishedSums& s) {
         return MetricValue{bleu(s.r2gen, kBleuOrder), s.studies};
       })},
      {.path = "text.bleu_4_ptb",
       .definition = "corpus BLEU-4 on Penn Treebank tokens without punctuation, as the COCO "
                     "caption tools; for comparison with published figures only",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>([](const PublishedSums& s) {
         return MetricValue{bleu(s.ptb, kBleuOrder), s.studies};
       })},
      {.path = "text.bleu_4_raw",
       .definition = "corpus BLEU-4 on words split at white space, case and punctuation kept",
       .better = Better::kHigher,
       .shown = kMarkedChoice,
       .counter = counted<PublishedSums>([](const PublishedSums& s) {
         return MetricValue{bleu(s.raw, kBleuOrder), s.studies};
       })},
  };
}

}  // namespace radgen::evaluation
