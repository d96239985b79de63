#include "radgen/phantom/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "findings_plan.h"
#include "indication.h"
#include "radgen/core/error.h"
#include "radgen/core/random.h"

namespace radgen::phantom {

const char* const kBiasedRace = "BLACK/AFRICAN AMERICAN";

namespace {

enum PlanStream : uint64_t {
  kPatientStream = 11,
  kStudyStream,
  kSplitStream,
  kTwinStream,
  kFilmStream
};

struct Race {
  const char* name;
  double share;
};
constexpr std::array<Race, 6> kRaces = {{{"WHITE", 0.58},
                                         {"BLACK/AFRICAN AMERICAN", 0.20},
                                         {"HISPANIC/LATINO - PUERTO RICAN", 0.09},
                                         {"ASIAN", 0.07},
                                         {"OTHER", 0.04},
                                         {"UNKNOWN", 0.02}}};

constexpr double kShareOfAp = 0.6, kSupineShareOfAp = 0.4;

struct PlannedPatient {
  Patient patient;
  int64_t index = 0;
  int studies = 0;
  std::string split = "train";
};

std::string hex_id(uint64_t a, uint64_t b, uint64_t c) {
  return fmt::format("{:08x}-{:08x}-{:08x}-{:08x}-{:08x}", a >> 32, a & 0xffffffffu, b >> 32,
                     b & 0xffffffffu, c >> 32);
}

PlannedPatient draw_patient(int64_t i, uint64_t seed) {
  Random random(seed, {kPatientStream, static_cast<uint64_t>(i)});
  PlannedPatient planned;
  planned.index = i;
  planned.studies = 1 + static_cast<int>(random.weighted({0.42, 0.25, 0.15, 0.10, 0.08}));
  Patient& p = planned.patient;
  p.id = fmt::format("{}", 10000000 + 31 * i + random.integer(0, 30));
  p.is_male = random.chance(0.52);
  p.age_years = std::clamp(std::round(random.normal(62, 17)), 18.0, 91.0);
  p.anatomy_seed = random.bits();
  std::vector<double> shares;
  for (const Race& race : kRaces) shares.push_back(race.share);
  p.race = kRaces[random.fork(/*purpose=*/1).weighted(shares)].name;
  return planned;
}

// Whole patients into the splits, in an order of their own, until each split has what it asks for.
void assign_splits(std::vector<PlannedPatient>& patients, const PlanOptions& options) {
  const int64_t n = options.studies;
  const int64_t one = n >= 10 ? 1 : 0;
  auto share = [&](double s) {
    return std::max(one, static_cast<int64_t>(std::llround(s * static_cast<double>(n))));
  };
  int64_t test = share(0.10);
  if (n >= 4000) test = std::max(test, std::min<int64_t>(600, n / 8));
  const std::vector<std::pair<const char*, int64_t>> wanted = {
      {"test", options.test_studies >= 0 ? options.test_studies : test},
      {"validate", options.validate_studies >= 0 ? options.validate_studies : share(0.05)},
      {"test_wording", options.wording_studies >= 0 ? options.wording_studies : share(0.025)},
      {"test_shift", options.shift_studies >= 0 ? options.shift_studies : share(0.025)}};
  int64_t sum = 0;
  for (const auto& [name, count] : wanted) sum += count;
  if (sum > n) {
    throw Error(ErrorCode::kUsage, fmt::format("the splits ask for {} studies of {}", sum, n),
                "ask for more --studies or for smaller splits");
  }
  std::vector<size_t> order(patients.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  Random random(options.seed, {kSplitStream});
  random.shuffle(order);
  size_t next = 0;
  for (const auto& [name, count] : wanted) {
    for (int64_t got = 0; got < count && next < order.size(); ++next) {
      patients[order[next]].split = name;
      got += patients[order[next]].studies;
    }
  }
}

void draw_distractors(StudyTruth& truth, Random& random) {
  const bool is_monitored = truth.is_ap && random.chance(0.45);
  if (is_monitored) truth.distractors.emplace_back("ecg_leads");
  if (random.chance(0.12)) truth.distractors.emplace_back("nipple");
  if (random.chance(0.10)) truth.distractors.emplace_back("granuloma");
  if (random.chance(0.25)) truth.distractors.emplace_back("vessel_end_on");
  if (random.chance(truth.is_supine ? 0.15 : 0.05)) truth.distractors.emplace_back("skin_fold");
  if (random.chance(0.30)) truth.distractors.emplace_back("companion_shadow");
}

StudyTruth draw_study(const PlannedPatient& planned, int number, const PlanOptions& options,
                      const FindingsPlan& findings) {
  Random random(options.seed, {kStudyStream, static_cast<uint64_t>(planned.index),
                               static_cast<uint64_t>(number)});
  StudyTruth truth;
  truth.patient = planned.patient;
  truth.split = planned.split;
  truth.study_id =
      fmt::format("{}", 50000000 + 7 * (5 * planned.index + number) + random.integer(0, 6));
  truth.dicom_id = hex_id(random.bits(), random.bits(), random.bits());
  const bool is_biased = planned.patient.race == kBiasedRace;
  const bool is_confounded = options.bias == "confounder" && is_biased;
  truth.is_ap = random.chance(is_confounded ? 0.88 : kShareOfAp);
  truth.is_supine = truth.is_ap && random.chance(kSupineShareOfAp);
  truth.is_poor_inspiration = random.chance(0.2);
  truth.is_angle_cut_off = random.chance(0.05);
  truth.has_side_marker = random.chance(0.9);
  truth.rotation_degrees = std::clamp(random.normal(0, 2.2), -5.0, 5.0);
  truth.is_shifted_vendor = planned.split == "test_shift";
  truth.is_degraded = options.bias == "contrast" && is_biased;
  findings.draw(truth, random, is_confounded);
  draw_distractors(truth, random);
  // .45 +- .04, the same heart in all studies of a patient; an AP film shows it 5 to 15 % wider.
  Random heart(planned.patient.anatomy_seed, {1});
  const double threshold = cardiothoracic_threshold(truth.is_ap);
  const double widening = truth.is_ap ? heart.uniform(1.05, 1.15) : 1.0;
  truth.cardiothoracic_ratio =
      std::clamp(heart.normal(0.45, 0.03) * widening, 0.36, threshold - 0.005);
  for (const TrueFinding& f : truth.findings) {
    if (f.finding == Finding::kCardiomegaly) truth.cardiothoracic_ratio = f.measure;
  }
  truth.indication = draw_indication(truth, random);
  return truth;
}

// The same patient and film without one of its findings.
StudyTruth make_twin(const StudyTruth& original, Random& random) {
  StudyTruth twin = original;
  std::vector<size_t> candidates;
  for (size_t i = 0; i < twin.findings.size(); ++i) candidates.push_back(i);
  const size_t removed = random.pick(candidates);
  twin.twin_of = original.study_id;
  twin.twin_without = finding_name(twin.findings[removed].finding);
  if (twin.findings[removed].finding == Finding::kCardiomegaly) {
    twin.cardiothoracic_ratio = cardiothoracic_threshold(twin.is_ap) - 0.05;
  }
  twin.findings.erase(twin.findings.begin() + static_cast<std::ptrdiff_t>(removed));
  twin.split = "twin";
  twin.study_id = fmt::format("6{}", original.study_id.substr(1));  // 5....... are originals
  twin.dicom_id = hex_id(random.bits(), random.bits(), random.bits());
  return twin;
}

}  // namespace

Prevalence prevalence_named(const std::string& name, bool is_shifted) {
  Prevalence p;
  auto set = [&p](Finding f, double share) { p.marginal[static_cast<size_t>(f)] = share; };
  if (name == "mimic") {
    set(Finding::kNoFinding, 0.332);
    set(Finding::kSupportDevices, 0.29);
    set(Finding::kPleuralEffusion, 0.24);
    set(Finding::kLungOpacity, 0.23);
    set(Finding::kAtelectasis, 0.20);
    set(Finding::kCardiomegaly, 0.20);
    set(Finding::kEdema, 0.12);
    set(Finding::kPneumonia, 0.07);
    set(Finding::kConsolidation, 0.05);
    set(Finding::kPneumothorax, 0.045);
    set(Finding::kEnlargedCardiomediastinum, 0.03);
    set(Finding::kLungLesion, 0.03);
    set(Finding::kFracture, 0.02);
    set(Finding::kPleuralOther, 0.01);
    // .8 and .4 in round figures; these give the 33 % without a finding at 60 % AP.
    p.abnormal_of_ap = 0.82;
    p.abnormal_of_pa = 0.44;
  } else if (name == "enriched") {
    set(Finding::kNoFinding, 0.20);
    set(Finding::kSupportDevices, 0.30);
    set(Finding::kPleuralEffusion, 0.26);
    set(Finding::kLungOpacity, 0.18);
    set(Finding::kAtelectasis, 0.20);
    set(Finding::kCardiomegaly, 0.22);
    set(Finding::kEdema, 0.14);
    set(Finding::kPneumonia, 0.10);
    set(Finding::kConsolidation, 0.10);
    set(Finding::kPneumothorax, 0.12);
    set(Finding::kEnlargedCardiomediastinum, 0.10);
    set(Finding::kLungLesion, 0.13);
    set(Finding::kFracture, 0.10);
    set(Finding::kPleuralOther, 0.10);
    p.abnormal_of_ap = 0.90;
    p.abnormal_of_pa = 0.65;
  } else {
    throw Error(ErrorCode::kUsage, "unknown prevalence '" + name + "'", "use mimic or enriched");
  }
  if (is_shifted) {
    std::swap(p.abnormal_of_ap, p.abnormal_of_pa);
    // Fewer studies are abnormal then: marginals keep their proportion among the abnormal ones.
    const double abnormal = 0.6 * p.abnormal_of_ap + 0.4 * p.abnormal_of_pa;
    const double before = 1 - p.marginal[static_cast<size_t>(Finding::kNoFinding)];
    for (Finding f : all_findings()) {
      if (f != Finding::kSupportDevices) p.marginal[static_cast<size_t>(f)] *= abnormal / before;
    }
    set(Finding::kNoFinding, 1 - abnormal);
    p.effusion_given_edema = 0.1;
    p.cardiomegaly_given_edema = 0.1;
    p.chest_tube_given_pneumothorax = 0.02;
  }
  return p;
}

std::vector<StudyTruth> plan_studies(const PlanOptions& options) {
  if (options.studies < 1) throw Error(ErrorCode::kUsage, "--studies must be at least 1");
  const std::vector<std::string> biases = {"none", "contrast", "omission", "confounder"};
  if (std::find(biases.begin(), biases.end(), options.bias) == biases.end()) {
    throw Error(ErrorCode::kUsage, "unknown bias '" + options.bias + "'",
                "use none, contrast, omission or confounder");
  }
  const FindingsPlan usual(prevalence_named(options.prevalence));
  const FindingsPlan shifted(prevalence_named(options.prevalence, /*is_shifted=*/true));
  std::vector<PlannedPatient> patients;
  for (int64_t count = 0; count < options.studies;) {
    PlannedPatient planned = draw_patient(static_cast<int64_t>(patients.size()), options.seed);
    planned.studies = static_cast<int>(std::min<int64_t>(planned.studies, options.studies - count));
    count += planned.studies;
    patients.push_back(std::move(planned));
  }
  assign_splits(patients, options);
  std::vector<StudyTruth> studies;
  for (const PlannedPatient& planned : patients) {
    for (int number = 0; number < planned.studies; ++number) {
      const FindingsPlan& findings = planned.split == "test_shift" ? shifted : usual;
      studies.push_back(draw_study(planned, number, options, findings));
      if (planned.split != "test" || studies.back().findings.empty()) continue;
      Random random(options.seed, {kTwinStream, hash_text(studies.back().study_id)});
      if (random.chance(options.twin_share)) studies.push_back(make_twin(studies.back(), random));
    }
  }
  return studies;
}

uint64_t film_seed(const StudyTruth& truth, uint64_t seed) {
  const std::string& id = truth.twin_of.empty() ? truth.study_id : truth.twin_of;
  return hash_mix(hash_mix(seed, kFilmStream), hash_text(id));
}

}  // namespace radgen::phantom
