// What is no sum over the studies: the error analysis and the checks that ask the model again set
// their values themselves (errors/error_analysis.cpp, sanity_checks.cpp).
#include "evaluation/registry/rows.h"

namespace radgen::evaluation {

std::vector<MetricRow> check_rows() {
  return {
      {.path = "errors.*.statement_precision",
       .definition = "share of the stated findings (and sides) that are there; n: stated findings",
       .better = Better::kHigher},
      {.path = "errors.*.statement_recall",
       .definition = "right statements over these and the overlooked findings; n: both together",
       .better = Better::kHigher},
      {.path = "errors.*.in_place",
       .definition = "share of the right statements with boxes whose regions (where none is shown: "
                     "whose map, cut at a tenth of its maximum) reach an IoU of at least .3 with "
                     "them; n: such statements",
       .better = Better::kHigher},
      {.path = "errors.*.iou_right_words",
       .definition = "mean IoU of the regions (where none is shown: the maps) of right statements "
                     "with their boxes",
       .better = Better::kHigher},
      {.path = "errors.*.pointing_right_words",
       .definition =
           "share of the right statements with boxes whose map has its maximum inside of them",
       .better = Better::kHigher},
      {.path = "errors.*.mass_right_words",
       .definition = "mean share of the maps of right statements inside their boxes",
       .better = Better::kHigher},
      {.path = "errors.*.reference_in_place",
       .definition = "share of the references' boxed findings whose regions reach an IoU of at "
                     "least .3 with the boxes",
       .better = Better::kHigher},
      {.path = "errors.*.reference_iou",
       .definition = "mean IoU of the regions of the references' boxed findings with their boxes",
       .better = Better::kHigher},
      {.path = "errors.*.found_when_told",
       .definition = "share of the overlooked findings with boxes that the model finds (IoU at "
                     "least .3) when it reads the reference's sentence",
       .better = Better::kNeither},
      {.path = "errors.*.spread",
       .definition =
           "mean share of the picture that an even map of a statement's entropy would cover",
       .better = Better::kNeither},
      {.path = "errors.*.entropy",
       .definition = "mean entropy of the statements' maps over that of an even map",
       .better = Better::kNeither},
      {.path = "checks.own_f1_macro",
       .definition =
           "f1_macro of the drafts of the studies that were drafted again, from their own pictures",
       .better = Better::kHigher},
      {.path = "checks.shuffled_f1_macro",
       .definition =
           "as own_f1_macro, each study drafted from another patient's picture with its own prompt",
       .better = Better::kLower},
      {.path = "checks.trivial_f1_macro",
       .definition = "as own_f1_macro, of the best report that needs no picture (constant, always "
                     "positive or random)",
       .better = Better::kNeither},
      {.path = "checks.shuffled_drop",
       .definition = "own_f1_macro - shuffled_f1_macro, paired over patients",
       .better = Better::kHigher},
      {.path = "checks.shuffled_excess",
       .definition = "shuffled_f1_macro - trivial_f1_macro, paired over patients",
       .better = Better::kLower},
      {.path = "checks.blank_distance",
       .definition = "mean over studies of 1 - Dice's coefficient of the findings and sides that "
                     "the report of a picture of its mean grey and the study's own report state; "
                     "studies where neither states one are left out",
       .better = Better::kHigher},
      {.path = "checks.noise_distance",
       .definition = "as blank_distance, of noise with the picture's mean and deviation",
       .better = Better::kHigher},
      {.path = "checks.shuffled_distance",
       .definition = "as blank_distance, of another patient's picture",
       .better = Better::kHigher},
      {.path = "checks.faithful_chance",
       .definition =
           "as faithful, of one more random region of the same size, shape and organs, held "
           "against the others as if the sentence pointed at it: what chance comes to",
       .better = Better::kNeither},
      {.path = "checks.blank_same_report",
       .definition = "share of the studies with the same report from a picture that is its mean "
                     "grey throughout; Wilson interval",
       .better = Better::kLower},
      {.path = "checks.noise_same_report",
       .definition = "share of the studies with the same report from noise with the picture's mean "
                     "and deviation; Wilson interval",
       .better = Better::kLower},
      {.path = "checks.mirrored_kept",
       .definition =
           "share of the findings stated on one side alone that the report of the mirrored film "
           "states too, on any side or none; n: such findings; Wilson interval",
       .better = Better::kNeither},
      {.path = "checks.mirrored_sided",
       .definition = "share of the findings stated on one side alone and kept (mirrored_kept) that "
                     "the mirrored film's report states on one side alone too; the others name "
                     "both sides or none; Wilson interval",
       .better = Better::kNeither},
      {.path = "checks.mirrored_swapped",
       .definition = "share of the findings stated on one side alone in both reports whose side is "
                     "the other one on the mirrored film; n: such findings; Wilson interval",
       .better = Better::kHigher},
      {.path = "checks.mirrored_swapped_of_kept",
       .definition =
           "as mirrored_swapped, of all that are kept: one that names both sides or none counts 0",
       .better = Better::kHigher},
      {.path = "checks.moved_kept",
       .definition = "as mirrored_kept, of the report of the same film moved sideways by a "
                     "fiftieth of its width, with other random draws",
       .better = Better::kHigher},
      {.path = "checks.moved_sided",
       .definition = "as mirrored_sided, of the moved film (moved_kept)",
       .better = Better::kNeither},
      {.path = "checks.moved_same_side",
       .definition = "share of the findings stated on one side alone in both reports whose side is "
                     "the same on the moved film (moved_kept); Wilson interval",
       .better = Better::kHigher},
      {.path = "checks.twin_original_stated",
       .definition = "share of the pairs whose original's report states the finding that the twin "
                     "is without; n: pairs; Wilson interval",
       .better = Better::kNeither},
      {.path = "checks.twin_lost",
       .definition = "share of the twins (the same film without one finding) whose report does not "
                     "state the finding that the original's report states; n: pairs whose "
                     "original's report states it; Wilson interval",
       .better = Better::kHigher},
      {.path = "checks.faithful",
       .definition = "share of the regions shown with sentences that state a finding for which "
                     "hiding the region (blurred, soft edge, encoded again) lowers the sentence's "
                     "log-probability (teacher-forced behind the same words) more than the 90th "
                     "percentile of hiding random regions of its size and shape in the same organs "
                     "(lung, mediastinum, the rest; read off the film); chance is faithful_chance; "
                     "without regions over a quarter of the body; n: regions; Wilson interval",
       .better = Better::kHigher},
      {.path = "checks.faithful_examined",
       .definition =
           "as faithful, of the regions of sentences that rule something out, whatever their size",
       .better = Better::kHigher},
      {.path = "checks.faithful_large",
       .definition = "as faithful, of the regions over a quarter of the body, whose random regions "
                     "overlap them",
       .better = Better::kHigher},
      {.path = "checks.hidden_fall",
       .definition = "mean fall of the sentence's log-probability when its region is hidden, in "
                     "nats; as faithful",
       .better = Better::kHigher},
      {.path = "checks.random_fall",
       .definition = "mean fall of the sentence's log-probability when a random region is hidden, "
                     "in nats; as faithful",
       .better = Better::kNeither},
  };
}

}  // namespace radgen::evaluation
