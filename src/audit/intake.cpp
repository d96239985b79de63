#include "radgen/audit/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "audit/attention_location.h"
#include "radgen/audit/groups.h"
#include "radgen/core/error.h"
#include "radgen/core/parallel.h"
#include "radgen/evaluation/evaluate.h"

namespace radgen::audit {
namespace {

// The drafts of the split's studies. Throws when nothing can be made of the file.
std::vector<Draft> matching(const std::vector<Draft>& drafts, const std::vector<Subject>& subjects,
                            Intake& intake) {
  std::unordered_set<std::string> studies, seen;
  for (const Subject& subject : subjects) studies.insert(subject.reference.study_id);
  std::vector<Draft> kept;
  int64_t repeated = 0;
  for (const Draft& draft : drafts) {
    if (!seen.insert(draft.study_id).second) ++repeated;
    if (studies.count(draft.study_id) != 0) kept.push_back(draft);
  }
  intake.predictions = static_cast<int64_t>(drafts.size());
  intake.unknown_studies = intake.predictions - static_cast<int64_t>(kept.size());
  if (drafts.empty()) {
    throw Error(ErrorCode::kData, "the predictions file holds no prediction",
                "expected a JSON line with study_id and a text for each study");
  }
  if (repeated > 0) {
    throw Error(
        ErrorCode::kData,
        fmt::format("{} of {} predictions name a study that was there before; expected one a study",
                    repeated, drafts.size()),
        "keep one prediction for each study_id");
  }
  if (kept.empty()) {
    throw Error(ErrorCode::kData,
                fmt::format("not one of {} predictions is for one of the {} studies of this split",
                            drafts.size(), studies.size()),
                "audit the predictions on the split that they were made for (--split)");
  }
  return kept;
}

void count_unknowns(const AuditCase& c, Intake& intake) {
  intake.without_age += age_group(c.age_years).empty();
  intake.without_sex += c.sex.empty();
  intake.without_race += c.race.empty();
  intake.without_view += c.view.empty();
}

// Who was on the film.
AuditCase person_of(const Subject& subject, const RaceTable& races, Intake& intake) {
  AuditCase c;
  c.study_id = subject.reference.study_id;
  c.patient_id = subject.patient_id;
  if (c.patient_id.empty()) {
    ++intake.without_patient;
    c.patient_id = "study " + c.study_id;
  }
  c.age_years = subject.age_years;
  c.sex = sex_group(subject.sex);
  const std::optional<std::string> race = races.group(subject.race);
  if (race) {
    c.race = *race;
  } else {
    ++intake.unlisted_races[subject.race];
  }
  c.view = subject.view;
  count_unknowns(c, intake);
  return c;
}

// What is there and what the draft says of it.
void fill_findings(AuditCase& c, const evaluation::StudyResult& study,
                   const evaluation::Reference& reference, const Labeler& labeler, bool use_truth) {
  c.clinical = study.clinical;
  c.text = study.text;
  c.grounding = study.end_to_end;
  c.draft = study.clinical.draft;
  c.draft_text = study.draft_text;
  c.reference_text = study.reference_text;
  const auto grade = [&](Finding finding, Severity severity) {
    Severity& known = c.severity[static_cast<size_t>(finding)];
    known = std::max(known, severity);
  };
  if (use_truth && reference.has_truth) {
    c.reference = study.clinical.truth;
    if ((c.reference & ~evaluation::bit(Finding::kSupportDevices)) == 0) {
      c.reference |= evaluation::bit(Finding::kNoFinding);
    }
    for (const evaluation::TrueLesion& lesion : reference.truth) {
      if (lesion.is_visible && lesion.finding != Finding::kNoFinding)
        grade(lesion.finding, lesion.severity);
    }
    return;
  }
  c.reference = study.clinical.reference;
  for (const Mention& m : labeler.mentions(study.reference_text)) {
    if (m.assertion != Assertion::kNegative && evaluation::has(c.reference, m.finding)) {
      grade(m.finding, m.severity);
    }
  }
}

std::string share_text(int64_t count, size_t all) {
  return fmt::format("{} of {} studies ({:.1f} %)", count, all,
                     100.0 * static_cast<double>(count) / static_cast<double>(all));
}

void add_notes(Intake& intake, size_t patients) {
  const size_t all = intake.cases.size();
  std::vector<std::string>& notes = intake.notes;
  if (intake.unknown_studies > 0) {
    notes.push_back(fmt::format(
        "{} of {} predictions are for studies that this split does not have; they were left out.",
        intake.unknown_studies, intake.predictions));
  }
  if (intake.missing > 0) {
    notes.push_back(share_text(intake.missing, all) +
                    " have no prediction: everything on them counts as missed.");
  }
  if (intake.not_reportable > 0) {
    notes.push_back(share_text(intake.not_reportable, all) +
                    " were refused as not reportable: everything on them counts as missed.");
  }
  const auto unknown = [&](int64_t count, const char* what) {
    if (count == 0) return;
    notes.push_back(share_text(count, all) + " have no " + what +
                    "; they are compared with nobody on that account.");
  };
  unknown(intake.without_age, "age");
  unknown(intake.without_sex, "sex");
  unknown(intake.without_race, "known race or ethnicity");
  unknown(intake.without_view, "view");
  int64_t unlisted = 0;
  for (const auto& [value, count] : intake.unlisted_races) unlisted += count;
  if (unlisted > 0) {
    notes.push_back(
        fmt::format("{} name {} race values that the table of race groups does not list; they "
                    "count as unknown.",
                    share_text(unlisted, all), intake.unlisted_races.size()));
  }
  if (intake.without_patient > 0) {
    notes.push_back(share_text(intake.without_patient, all) +
                    " name no patient: each counts as a patient of its own, which makes intervals "
                    "too narrow where one patient has several.");
  }
  if (intake.is_truth && intake.without_truth > 0) {
    notes.push_back(share_text(intake.without_truth, all) +
                    " have no truth: their reports stand for it.");
  }
  if (intake.with_maps == 0) {
    notes.push_back(
        "The predictions hold no attention maps: where the model looked was not audited.");
  }
  if (patients == all) return;
  notes.push_back(
      fmt::format("{} studies of {} patients: intervals and tests count patients, not studies.",
                  all, patients));
}

}  // namespace

Intake take_in(const std::vector<Draft>& drafts, const std::vector<Subject>& subjects,
               const IntakeOptions& options) {
  if (subjects.empty()) {
    throw Error(ErrorCode::kData, "the split has no study", "check --split and the manifest");
  }
  Intake intake;
  intake.is_truth = options.use_truth;
  const std::vector<Draft> kept = matching(drafts, subjects, intake);
  evaluation::EvaluationData data;
  for (const Subject& subject : subjects) data.test.push_back(subject.reference);
  evaluation::EvaluateOptions quick = evaluation::EvaluateOptions::quick();
  quick.threads = options.threads;
  quick.with_meteor = quick.with_published = options.with_text_metrics;
  const evaluation::EvaluationResult scored = evaluation::evaluate(kept, {}, data, quick);
  intake.measures.confidence = scored.confidence;
  for (const auto& [path, metric] : scored.metrics.all()) {
    if (path.starts_with("text.meteor_nltk")) intake.measures.meteor = path.substr(5);
    if (path.starts_with("text.meteor_15")) intake.measures.meteor_15 = path.substr(5);
  }

  std::unordered_map<std::string, const Draft*> draft_of;
  for (const Draft& draft : kept) draft_of[draft.study_id] = &draft;
  const RaceTable races;
  const Labeler labeler;
  for (const evaluation::StudyResult& study : scored.studies) {
    intake.cases.push_back(person_of(subjects[study.reference], races, intake));
  }
  parallel_for(intake.cases.size(), options.threads, [&](size_t i) {
    AuditCase& c = intake.cases[i];
    const evaluation::Reference& reference = data.test[scored.studies[i].reference];
    fill_findings(c, scored.studies[i], reference, labeler, options.use_truth);
    const auto found = draft_of.find(c.study_id);
    c.has_draft = found != draft_of.end() && found->second->status != "not_reportable";
    if (c.has_draft)
      c.attention_location = attention_location_of(*found->second, reference, labeler);
  });
  std::unordered_set<std::string> patients;
  for (size_t i = 0; i < intake.cases.size(); ++i) {
    const AuditCase& c = intake.cases[i];
    patients.insert(c.patient_id);
    const bool is_predicted = draft_of.count(c.study_id) != 0;
    intake.missing += !is_predicted;
    intake.not_reportable += is_predicted && !c.has_draft;
    intake.with_maps += !std::isnan(c.attention_location.entropy);
    intake.with_boxes += !std::isnan(c.attention_location.mass_in_box);
    intake.without_truth += options.use_truth && !data.test[scored.studies[i].reference].has_truth;
  }
  const int64_t all = static_cast<int64_t>(intake.cases.size());
  if (intake.without_age == all && intake.without_sex == all && intake.without_race == all) {
    throw Error(
        ErrorCode::kData,
        fmt::format(
            "not one of {} studies has an age, a sex or a race: there are no groups to compare",
            all),
        "prepare the data set with demographics (preprocess-radgen --demographics)");
  }
  add_notes(intake, patients.size());
  return intake;
}

}  // namespace radgen::audit
