// From files to cases: predictions matched with the studies of a split and with who was on their
// films. Nothing is dropped in silence: what does not fit is counted here and said on the page.
//
//   Intake intake = take_in(evaluation::load_predictions(file), subjects, {});
//   AuditResult result = audit(intake.cases, {}, intake.measures);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "radgen/audit/audit.h"
#include "radgen/audit/case.h"
#include "radgen/evaluation/reference.h"
#include "radgen/report/prediction.h"

namespace radgen::audit {

// A study image of the data set: the reference, and the person.
struct Subject {
  evaluation::Reference reference;
  std::string patient_id;
  std::optional<double> age_years;
  std::string sex, race, view;  // as the manifest has them
};

struct IntakeOptions {
  bool use_truth =
      false;  // what is there: the visible findings of the truth instead of the report's words
  bool with_text_metrics = false;  // METEOR and the published text scores too
  int threads = 0;
};

struct Intake {
  std::vector<AuditCase> cases;  // one for each study of the split
  SharedMeasures measures;       // for the metrics by group
  int64_t predictions = 0,
          unknown_studies = 0;              // lines; those that name a study which the split lacks
  int64_t missing = 0, not_reportable = 0;  // studies without a prediction; refused ones
  int64_t without_age = 0, without_sex = 0, without_race = 0, without_view = 0, without_patient = 0;
  int64_t without_truth = 0, with_maps = 0, with_boxes = 0;
  std::map<std::string, int64_t> unlisted_races;  // values that the table of race groups lacks
  bool is_truth = false;
  std::vector<std::string> notes;  // sentences for a reader
};

// Throws Error{kData}: no prediction; not one of them for a study of the split; a study predicted
// twice; no study with age, sex or race. A study without a prediction, or refused as not
// reportable, counts as missed in every finding.
Intake take_in(const std::vector<Draft>& drafts, const std::vector<Subject>& subjects,
               const IntakeOptions& options);

}  // namespace radgen::audit
