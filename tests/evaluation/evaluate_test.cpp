// The whole way: drafts in, metrics, baselines, oracle, skill, alarms and files out.
#include "radgen/evaluation/evaluate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <opencv2/core.hpp>
#include <set>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/baselines.h"
#include "radgen/evaluation/bootstrap.h"
#include "radgen/evaluation/pages/eval_report.h"
#include "radgen/imaging/image.h"

namespace radgen::evaluation {
namespace {

constexpr int kFilmSide = 64;
const Box kFilm{0, 0, kFilmSide, kFilmSide};

// Two kinds of studies: a left effusion with its box, and a normal one.
Reference reference(int i, const std::string& split) {
  Reference r;
  r.study_id = split + std::to_string(i);
  r.split = split;
  r.width = r.height = kFilmSide;
  r.has_boxes = true;
  if (i % 2 == 0) {
    r.findings = "The heart is normal in size. There is a small left pleural effusion, number " +
                 std::to_string(i) + ".";
    r.impression = "Left pleural effusion.";
    r.boxes = {{Finding::kPleuralEffusion, Side::kLeft, {40, 40, 16, 16}}};
  } else {
    r.findings =
        "The lungs are clear. Heart size is normal. No pleural effusion or pneumothorax, number " +
        std::to_string(i) + ".";
    r.impression = "No acute disease.";
  }
  r.oracle_text = r.text();
  return r;
}

EvaluationData phantom_data(int studies) {
  EvaluationData data;
  for (int i = 0; i < studies; ++i) {
    data.test.push_back(reference(i, "test"));
    data.train.push_back(reference(i + 1000, "train"));
    data.validate.push_back(reference(i + 2000, "validate"));
  }
  return data;
}

Draft draft_of(const std::string& study_id, const std::string& findings) {
  Draft d;
  d.study_id = study_id;
  d.findings = findings;
  return d;
}

// What a perfect model would say, with maps exactly on the boxes.
std::vector<Draft> perfect_drafts(const EvaluationData& data) {
  std::vector<Draft> drafts;
  for (const Reference& r : data.test) {
    Draft d = draft_of(r.study_id, r.findings);
    d.impression = r.impression;
    d.map_box = kFilm;
    if (!r.boxes.empty()) {
      DraftSentence s;
      s.begin = 0;
      s.end = d.text().size();
      s.is_grounded = true;
      s.map = coverage_map({r.boxes[0].box}, 8, 8, kFilm);
      d.sentences.push_back(s);
    }
    drafts.push_back(d);
  }
  return drafts;
}

std::vector<PhraseMap> perfect_phrases(const EvaluationData& data) {
  std::vector<PhraseMap> maps;
  for (const Reference& r : data.test) {
    for (const ReferenceBox& b : r.boxes) {
      maps.push_back({r.study_id, b.finding, b.side, coverage_map({b.box}, 8, 8, kFilm), kFilm});
    }
  }
  return maps;
}

EvaluateOptions few_rounds() {
  EvaluateOptions options;
  options.bootstrap = 50;
  return options;
}

bool is_raised(const EvaluationResult& result, const std::string& name) {
  for (const Alarm& alarm : result.alarms) {
    if (alarm.name == name) return alarm.is_raised;
  }
  ADD_FAILURE() << "no alarm " << name;
  return false;
}

TEST(Evaluate, PerfectModelHasTheSkillOfTheOracle) {
  const EvaluationData data = phantom_data(40);
  const EvaluationResult result =
      evaluate(perfect_drafts(data), perfect_phrases(data), data, few_rounds());
  const MetricTable& m = result.metrics;
  EXPECT_NEAR(m.value("text.bleu_4"), 1, 1e-6);
  EXPECT_DOUBLE_EQ(m.value("clinical.f1_macro"), 1);
  EXPECT_NEAR(m.value("skill.bleu_4"), 1, 1e-6);
  EXPECT_NEAR(m.value("skill.f1_macro"), 1, 1e-9);
  EXPECT_NEAR(m.value("grounding.iou_plain"), m.value("oracle.grounding.iou_plain"), 1e-6);
  EXPECT_NEAR(m.value("grounding.iou"), m.value("patch_grid.grounding.iou"), 1e-6);
  EXPECT_GT(m.value("grounding.iou_phrase"), 0.9);
  EXPECT_DOUBLE_EQ(m.value("grounding.pointing"), 1);
  EXPECT_DOUBLE_EQ(m.value("diversity.distinct_ratio"), 1);
  EXPECT_FALSE(is_raised(result, "constant_output"));
  EXPECT_FALSE(is_raised(result, "trivial_beats_model_bleu_4"));
  EXPECT_FALSE(is_raised(result, "missing_predictions"));
  EXPECT_TRUE(is_raised(result, "few_studies"));
  const Metric* f1 = m.find("text.bleu_1");
  EXPECT_LE(f1->low, f1->value + 1e-9);
  EXPECT_GE(f1->high, f1->value - 1e-9);
}

void expect_no_skill_above_one(const EvaluationResult& result, int least) {
  int skills = 0;
  for (const auto& [path, metric] : result.metrics.all()) {
    if (!path.starts_with("skill.") || std::isnan(metric.value)) continue;
    ++skills;
    EXPECT_LE(metric.value, 1 + 1e-12) << path;
    EXPECT_FALSE(metric.high > 1 + 1e-12) << path;
  }
  EXPECT_GE(skills, least);  // none is left where a fixed box is perfect
}

// A map finer than the patches is a better map than the patch grid can say, and words may be nearer
// to the references than the oracle's.
TEST(Evaluate, NoSkillExceedsOne) {
  EvaluationData data = phantom_data(40);
  expect_no_skill_above_one(
      evaluate(perfect_drafts(data), perfect_phrases(data), data, few_rounds()), 5);
  std::vector<Draft> drafts = perfect_drafts(data);
  std::vector<PhraseMap> phrases;
  for (size_t i = 0; i < drafts.size(); ++i) {
    if (data.test[i].boxes.empty()) continue;
    const AttentionMap fine = coverage_map({data.test[i].boxes[0].box}, 64, 64, kFilm);
    drafts[i].sentences[0].map = fine;
    phrases.push_back({data.test[i].study_id, Finding::kPleuralEffusion, Side::kLeft, fine, kFilm});
  }
  for (Reference& r : data.test) {
    r.has_truth = true;
    if (!r.boxes.empty())
      r.truth = {{Finding::kPleuralEffusion, Side::kLeft, Severity::kSubtle, r.boxes[0].box}};
    r.oracle_text = r.text() + " Dictated.";
  }
  const EvaluationResult result = evaluate(drafts, phrases, data, few_rounds());
  EXPECT_GT(result.metrics.value("text.bleu_4"), result.metrics.value("oracle.text.bleu_4"));
  EXPECT_DOUBLE_EQ(result.metrics.value("skill.bleu_4"), 1);
  EXPECT_DOUBLE_EQ(result.metrics.value("clinical.f1_macro_truth"), 1);
  expect_no_skill_above_one(result, 6);
}

TEST(Evaluate, SkillOfIouAndPointingHasTheCeilingOne) {
  const EvaluationData data = phantom_data(40);
  std::vector<Draft> drafts = perfect_drafts(data);
  for (size_t i = 0; i < drafts.size(); i += 8) drafts[i].sentences[0].map = {};
  const MetricTable m = evaluate(drafts, {}, data, few_rounds()).metrics;
  for (const std::string name : {"iou", "pointing"}) {
    double trivial = -1;
    for (const char* baseline : {"constant", "random", "always_positive", "location_prior"})
      trivial = std::max(
          trivial, std::isnan(m.value("baselines." + std::string(baseline) + ".grounding." + name))
                       ? -1
                       : m.value("baselines." + std::string(baseline) + ".grounding." + name));
    ASSERT_GE(trivial, 0);
    EXPECT_NEAR(m.value("skill." + name), (m.value("grounding." + name) - trivial) / (1 - trivial),
                1e-9);
  }
}

// Boxes that lie somewhere else in each study, so that a fixed box is a poor answer.
EvaluationData scattered_data(int studies) {
  EvaluationData data = phantom_data(studies);
  const auto scatter = [](std::vector<Reference>& references) {
    for (size_t i = 0; i < references.size(); ++i) {
      const double x = static_cast<double>(i * 7 % 48), y = static_cast<double>(i * 13 % 48);
      for (ReferenceBox& box : references[i].boxes) box.box = {x, y, 16, 16};
    }
  };
  scatter(data.test);
  scatter(data.train);
  scatter(data.validate);
  return data;
}

// Null models of grounding: each has the right words and must not pass for one that looks.
TEST(NullModels, MapsThatWereNotReadOffTheFilmDoNotBeatFixedBoxes) {
  const EvaluationData data = scattered_data(120);
  const std::vector<Draft> honest = perfect_drafts(data);
  const EvaluationResult good = evaluate(honest, perfect_phrases(data), data, few_rounds());
  EXPECT_FALSE(is_raised(good, "maps_do_not_beat_fixed_boxes"));
  EXPECT_GT(good.metrics.find("grounding.iou_over_prior")->low, 0);
  EXPECT_GT(good.metrics.value("grounding.iou_over_prior_phrase"), 0);
  // Another patient's region of the same finding.
  std::vector<Draft> others = honest;
  for (size_t i = 0; i < others.size(); i += 2)
    others[i].sentences[0].map = honest[(i + 62) % honest.size()].sentences[0].map;
  EXPECT_TRUE(is_raised(evaluate(others, {}, data, few_rounds()), "maps_do_not_beat_fixed_boxes"));
  // One and the same map for everybody, and one that lights up both lungs.
  const AttentionMap lungs = coverage_map({{6, 10, 20, 44}, {38, 10, 20, 44}}, 8, 8, kFilm);
  for (const AttentionMap& map : {honest[0].sentences[0].map, lungs}) {
    std::vector<Draft> constant = honest;
    for (size_t i = 0; i < constant.size(); i += 2) constant[i].sentences[0].map = map;
    const EvaluationResult result = evaluate(constant, {}, data, few_rounds());
    EXPECT_TRUE(is_raised(result, "maps_do_not_beat_fixed_boxes"));
    EXPECT_LT(result.metrics.value("skill.iou"), 0.1);
  }
}

TEST(NullModels, ReportsOfOtherPatientsImagesDoNotBeatTheTrivialOnes) {
  const EvaluationData data = phantom_data(120);
  const std::vector<Draft> honest = perfect_drafts(data);
  std::vector<Draft> permuted = honest;  // the drafts of the studies in another order
  for (size_t i = 0; i < permuted.size(); ++i) {
    permuted[i] = honest[(i * 7 + 3) % honest.size()];
    permuted[i].study_id = honest[i].study_id;
  }
  const EvaluationResult result = evaluate(permuted, {}, data, few_rounds());
  EXPECT_TRUE(is_raised(result, "trivial_beats_model_f1_macro"));
  EXPECT_LE(result.metrics.value("skill.f1_macro"), 0.05);
  EXPECT_FALSE(is_raised(evaluate(honest, {}, data, few_rounds()), "trivial_beats_model_f1_macro"));
}

TEST(Evaluate, ConsistencyStandsBesideThatOfTheReferences) {
  const EvaluationData data = phantom_data(40);
  std::vector<Draft> drafts = perfect_drafts(data);
  for (size_t i = 0; i < drafts.size(); i += 4)  // every second effusion is denied again
    drafts[i].findings += " There is no pleural effusion.";
  for (size_t i = 1; i < drafts.size(); i += 2) drafts[i].findings = "There is opacities.";
  const EvaluationResult result = evaluate(drafts, {}, data, few_rounds());
  const MetricTable& m = result.metrics;
  EXPECT_DOUBLE_EQ(m.value("consistency.stated_and_denied"), 0.25);
  EXPECT_DOUBLE_EQ(m.value("references.consistency.stated_and_denied"), 0);
  EXPECT_DOUBLE_EQ(m.value("consistency.number"), 0.5);
  EXPECT_DOUBLE_EQ(m.value("references.consistency.number"), 0);
  EXPECT_DOUBLE_EQ(m.value("references.consistency.negatives_stated"), 1);
  EXPECT_LT(m.value("consistency.negatives_stated"), 0.5);
  EXPECT_LT(m.value("consistency.sentences_per_draft"),
            m.value("references.consistency.sentences_per_draft"));
  EXPECT_GT(m.find("consistency.stated_and_denied")->high, 0.25);
  EXPECT_TRUE(is_raised(result, "drafts_contradict_themselves"));
  const std::string text = consistency_text(m);
  EXPECT_NE(text.find("stated_and_denied"), std::string::npos);
  EXPECT_NE(text.find("references"), std::string::npos);
  const nlohmann::ordered_json json = result_to_json(result);
  EXPECT_FALSE(json["consistency"]["number"]["definition"].get<std::string>().empty());
}

TEST(Evaluate, TrivialReportsAreDrawnAgainForTheirSpread) {
  const EvaluationData data = phantom_data(60);
  EvaluateOptions options = few_rounds();
  options.constant_candidates = 5;
  const MetricTable m = evaluate(perfect_drafts(data), {}, data, options).metrics;
  const Metric* random = m.find("baseline_spread.random.text.bleu_4");
  ASSERT_NE(random, nullptr);
  EXPECT_EQ(random->n, 5);
  EXPECT_LT(random->low, random->high);
  EXPECT_LE(random->low, random->value);
  ASSERT_NE(m.find("baseline_spread.constant.text.bleu_4"), nullptr);
  const Metric* skill = m.find("skill_spread.bleu_4");
  ASSERT_NE(skill, nullptr);
  EXPECT_LE(skill->high, 1 + 1e-12);
  EXPECT_FALSE(metric_definition("skill_spread.bleu_4").empty());
}

TEST(EvalText, MarksWhatTheChoiceHasAPartIn) {
  EvaluationData data = phantom_data(40);
  data.selected_by = "of 8 drafts one is kept by how well the finding head supports its labels";
  const EvaluationResult result = evaluate(perfect_drafts(data), {}, data, few_rounds());
  const std::string text = headline_text(result.metrics, result.selected_by);
  EXPECT_NE(text.find("f1_macro_labeler *"), std::string::npos) << text;
  EXPECT_NE(text.find("of 8 drafts"), std::string::npos);
  EXPECT_EQ(headline_text(result.metrics).find(" *"), std::string::npos);
  EXPECT_EQ(result_to_json(result)["selected_by"], data.selected_by);
}

TEST(Evaluate, NeighboursOfTheEncoderAreScoredBesideTheBaselinesAndNotAsOne) {
  EvaluationData data = phantom_data(40);
  const EvaluationResult before =
      evaluate(perfect_drafts(data), perfect_phrases(data), data, few_rounds());
  for (const Reference& r : data.test) data.encoder_neighbours.push_back(r.text());
  const EvaluationResult after =
      evaluate(perfect_drafts(data), perfect_phrases(data), data, few_rounds());
  EXPECT_NEAR(after.metrics.value("encoder_neighbour.text.bleu_4"), 1, 1e-6);
  EXPECT_DOUBLE_EQ(after.metrics.value("encoder_neighbour.clinical.f1_macro"), 1);
  EXPECT_EQ(before.metrics.find("encoder_neighbour.text.bleu_4"), nullptr);
  EXPECT_DOUBLE_EQ(after.metrics.value("skill.bleu_4"), before.metrics.value("skill.bleu_4"));
  EXPECT_FALSE(is_raised(after, "trivial_beats_model_f1_macro"));
}

TEST(Evaluate, ConstantModelRaisesTheAlarms) {
  const EvaluationData data = phantom_data(40);
  std::vector<Draft> drafts;
  const std::string text = constant_report(data.train, data.validate, {});
  for (const Reference& r : data.test) drafts.push_back(draft_of(r.study_id, text));
  const EvaluationResult result = evaluate(drafts, {}, data, few_rounds());
  EXPECT_TRUE(is_raised(result, "constant_output"));
  EXPECT_TRUE(is_raised(result, "trivial_beats_model_bleu_4"));
  EXPECT_LE(result.metrics.value("skill.bleu_4"), 1e-9);
  EXPECT_EQ(result.constant_text, text);
}

TEST(Evaluate, PhraseConfidenceIsJudgedByTheRegionsThatADraftWouldDraw) {
  const EvaluationData data = phantom_data(40);
  std::vector<PhraseMap> phrases = perfect_phrases(data);
  for (size_t i = 0; i < phrases.size(); ++i) {
    phrases[i].score = i % 2 == 0 ? 0.9 : 0.2;  // sure where the region will be right
    phrases[i].regions = {i % 2 == 0 ? data.test[2 * i].boxes[0].box : Box{0, 0, 8, 8}};
  }
  const MetricTable metrics = evaluate(perfect_drafts(data), phrases, data, few_rounds()).metrics;
  EXPECT_DOUBLE_EQ(metrics.value("confidence.phrase.auroc"), 1);
  EXPECT_DOUBLE_EQ(metrics.value("confidence.phrase.base_rate"), 0.5);
  EXPECT_DOUBLE_EQ(metrics.value("confidence.phrase.risk_at_50"), 0);
  // A bin that holds both kinds lets their gaps cancel.
  EXPECT_NEAR(metrics.value("confidence.phrase.ece"), 0.15, 0.01);
  EXPECT_LT(metrics.find("confidence.phrase.ece")->low, 0.16);
  for (PhraseMap& phrase : phrases) phrase.score = 0;  // not known
  const EvaluationResult without = evaluate(perfect_drafts(data), phrases, data, few_rounds());
  EXPECT_EQ(without.metrics.find("confidence.phrase.ece"), nullptr);
  EXPECT_TRUE(without.missing.contains("confidence.phrase.ece"));
}

TEST(Evaluate, SkillIsTheShareOfTheWayFromTrivialToOracle) {
  const EvaluationData data = phantom_data(40);
  std::vector<Draft> drafts = perfect_drafts(data);
  for (size_t i = 0; i < drafts.size(); i += 3) drafts[i].findings = "No acute disease.";
  const EvaluationResult result = evaluate(drafts, {}, data, few_rounds());
  double trivial = 0;
  for (const char* name : {"constant", "random", "always_positive"}) {
    trivial =
        std::max(trivial, result.metrics.value(std::string("baselines.") + name + ".text.bleu_4"));
  }
  const double model = result.metrics.value("text.bleu_4"),
               oracle = result.metrics.value("oracle.text.bleu_4");
  EXPECT_NEAR(result.metrics.value("skill.bleu_4"), (model - trivial) / (oracle - trivial), 1e-9);
  EXPECT_GT(model, trivial);
}

TEST(Evaluate, SameSeedSameIntervals) {
  const EvaluationData data = phantom_data(20);
  std::vector<Draft> drafts = perfect_drafts(data);
  drafts[3].findings = "Large right pneumothorax.";
  EvaluateOptions one = few_rounds(), two = few_rounds();
  one.threads = 1;
  two.threads = 2;
  const auto a = result_to_json(evaluate(drafts, {}, data, one)),
             b = result_to_json(evaluate(drafts, {}, data, two));
  EXPECT_EQ(a.dump(), b.dump());
  EXPECT_TRUE(a.at("text").at("bleu_4").at("low").is_number());
}

TEST(Evaluate, StrangersFileWithTextOnlyIsScored) {
  const EvaluationData data = phantom_data(10);
  const fs::path folder = fs::temp_directory_path() / "radgen_evaluate_test_stranger";
  std::string lines;
  for (const Reference& r : data.test)
    lines += nlohmann::json{{"study_id", r.study_id}, {"findings", r.findings}}.dump() + "\n";
  write_file_atomic(folder / "predictions.jsonl", lines);
  const std::vector<Draft> drafts = load_predictions(folder / "predictions.jsonl");
  const EvaluationResult result = evaluate(drafts, {}, data, few_rounds());
  EXPECT_GT(result.metrics.value("text.bleu_4"), 0.5);
  EXPECT_EQ(result.metrics.find("grounding.iou"), nullptr);
  EXPECT_NE(result_to_json(result).at("notes").dump().find("hold no maps"), std::string::npos);
  fs::remove_all(folder);
}

TEST(Evaluate, UnknownAndRepeatedStudiesAreCountedInTheError) {
  const EvaluationData data = phantom_data(4);
  const std::vector<Draft> drafts{draft_of("elsewhere", "x"), draft_of("test1", "y"),
                                  draft_of("test1", "z")};
  try {
    evaluate(drafts, {}, data, few_rounds());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    const std::string message = error.what();
    EXPECT_NE(message.find("of 3 predictions 1 name"), std::string::npos) << message;
    EXPECT_EQ(message.find("elsewhere"), std::string::npos);  // no ids in messages
  }
}

TEST(Evaluate, MissingStudiesCountAsEmptyReportsAndAreSaid) {
  const EvaluationData data = phantom_data(10);
  std::vector<Draft> drafts = perfect_drafts(data);
  drafts.resize(5);
  const EvaluationResult result = evaluate(drafts, {}, data, few_rounds());
  EXPECT_EQ(result.missing_drafts, 5);
  EXPECT_TRUE(is_raised(result, "missing_predictions"));
  EXPECT_NEAR(result.metrics.value("text.rouge_l"), 0.5, 1e-9);
  EXPECT_FALSE(result.studies[7].has_draft);
}

TEST(Evaluate, QuickModeLeavesOutWhatTakesTime) {
  const EvaluationData data = phantom_data(10);
  const EvaluationResult result =
      evaluate(perfect_drafts(data), {}, {.test = data.test}, EvaluateOptions::quick());
  EXPECT_NEAR(result.metrics.value("text.bleu_4"), 1, 1e-6);
  EXPECT_TRUE(std::isnan(result.metrics.find("text.bleu_4")->low));
  EXPECT_EQ(result.metrics.find("baselines.random.text.bleu_4"), nullptr);
}

TEST(NearestReports, TakeTheReportOfTheNearestImage) {
  const fs::path folder = fs::temp_directory_path() / "radgen_evaluate_test_nearest";
  std::vector<Reference> train, test;
  for (int i = 0; i < 3; ++i) {
    cv::Mat image(80, 60, CV_16UC1, cv::Scalar(1000));
    image.rowRange(20 * i, 20 * i + 20).setTo(40000);
    Reference r = reference(i, "train");
    r.image = folder / (std::to_string(i) + ".png");
    write_png(r.image, image);
    train.push_back(r);
    if (i != 1) continue;
    image *= 1.1;  // brightness and contrast do not matter
    r.image = folder / "asked.png";
    write_png(r.image, image);
    test.push_back(r);
    r.image = folder / "not_there.png";
    test.push_back(r);
  }
  const std::vector<std::string> reports = nearest_reports(test, train, {});
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0], train[1].text());
  EXPECT_EQ(reports[1], "");
  fs::remove_all(folder);
}

TEST(LoadTruth, ReplacesBoxesByThoseOfVisibleFindings) {
  const fs::path folder = fs::temp_directory_path() / "radgen_evaluate_test_truth";
  const nlohmann::json line{{"study_id", "test0"},
                            {"oracle_text", "Other words."},
                            {"findings",
                             {{{"finding", "Pleural Effusion"},
                               {"side", "left"},
                               {"severity", "subtle"},
                               {"is_visible", true},
                               {"is_mentioned", false},
                               {"box", {{"x", 10}, {"y", 20}, {"w", 30}, {"h", 40}}}},
                              {{"finding", "Fracture"},
                               {"side", "right"},
                               {"severity", "severe"},
                               {"is_visible", false},
                               {"is_mentioned", true},
                               {"box", {{"x", 1}, {"y", 1}, {"w", 5}, {"h", 5}}}}}}};
  write_file_atomic(folder / "truth.jsonl", line.dump() + "\n");
  std::vector<Reference> references{reference(0, "test"), reference(1, "test")};
  EXPECT_EQ(load_truth(folder / "truth.jsonl", references,
                       [](const Reference&) { return Affine::scale_shift(0.5, 0.5, 0, 0); }),
            1u);
  ASSERT_EQ(references[0].boxes.size(), 1u);
  EXPECT_EQ(references[0].boxes[0].box, (Box{5, 10, 15, 20}));
  EXPECT_FALSE(references[0].boxes[0].is_obligatory);
  EXPECT_EQ(references[0].truth.size(), 2u);
  EXPECT_EQ(references[0].oracle_text, "Other words.");
  EXPECT_FALSE(references[1].has_truth);

  write_file_atomic(folder / "truth.jsonl",
                    "{\"study_id\": \"test0\", \"findings\": [{\"finding\": \"Gout\"}]}\n");
  EXPECT_THROW(
      load_truth(folder / "truth.jsonl", references, [](const Reference&) { return Affine{}; }),
      Error);
  write_file_atomic(folder / "truth.jsonl", "{\"study_id\": \"TEST-0\", \"findings\": []}\n");
  EXPECT_THROW(  // a truth for nobody would be a silent one
      load_truth(folder / "truth.jsonl", references, [](const Reference&) { return Affine{}; }),
      Error);
  fs::remove_all(folder);
}

TEST(LoadLabelTruth, TakesWhatPeopleFoundAndLeavesBoxesAlone) {
  const fs::path folder = fs::temp_directory_path() / "radgen_evaluate_test_labels";
  std::vector<Reference> references{reference(0, "test"), reference(1, "test"), reference(2, "x")};
  references[0].study_id = "50414267";
  references[1].study_id = "s53189527";
  write_file_atomic(folder / "labels.csv",
                    "study_id,Airspace Opacity,Pleural Effusion,Pneumothorax,No Finding\n"
                    "50414267,,1.0,0.0,\n53189527,-1,,0,1\n1,1,1,1,\n");
  EXPECT_EQ(load_label_truth(folder / "labels.csv", references), 2u);
  ASSERT_EQ(references[0].truth.size(), 1u);
  EXPECT_EQ(references[0].truth[0].finding, Finding::kPleuralEffusion);
  EXPECT_EQ(references[0].boxes.size(), 1u);
  ASSERT_EQ(references[1].truth.size(), 1u);
  EXPECT_EQ(references[1].truth[0].finding, Finding::kLungOpacity);
  EXPECT_FALSE(references[2].has_truth);
  for (const char* bad : {"study_id,Edema\n1,yes\n", "id,Edema\n1,1\n", "study_id,x\n1,1\n"}) {
    write_file_atomic(folder / "labels.csv", bad);
    EXPECT_THROW(load_label_truth(folder / "labels.csv", references), Error) << bad;
  }
  fs::remove_all(folder);
}

TEST(LoadPredictions, MapsOutsideTheFolderAreRefused) {
  const fs::path folder = fs::temp_directory_path() / "radgen_evaluate_test_maps";
  const auto line = [](const std::string& map) {
    return nlohmann::json{{"study_id", "a"},
                          {"findings", "Edema."},
                          {"sentences", {{{"text", "Edema."}, {"map", map}, {"map_scale", 0.5}}}}}
               .dump() +
           "\n";
  };
  cv::Mat image(2, 3, CV_16UC1, cv::Scalar(0));
  image.at<uint16_t>(1, 2) = 2;
  write_png(folder / "m.png", image);
  write_file_atomic(folder / "predictions.jsonl", line("m.png"));
  const std::vector<Draft> drafts = load_predictions(folder / "predictions.jsonl");
  EXPECT_EQ(drafts[0].sentences[0].map.columns, 3);
  EXPECT_FLOAT_EQ(drafts[0].sentences[0].map.values[5], 1);
  for (const char* path : {"../m.png", "/etc/passwd", "not_there.png"}) {
    write_file_atomic(folder / "predictions.jsonl", line(path));
    EXPECT_THROW(load_predictions(folder / "predictions.jsonl"), Error) << path;
  }
  fs::remove_all(folder);
}

TEST(Bootstrap, TakesPatientsWhole) {
  const Resamples resamples({0, 0, 1, 2, 2, 2}, 20, 3);
  for (size_t r = 0; r < resamples.count(); ++r) {
    const std::vector<double> w = resamples.weights(r);
    EXPECT_EQ(w[0], w[1]);
    EXPECT_EQ(w[3], w[5]);
    EXPECT_EQ(w[0] + w[2] + w[3], 3);
  }
}

TEST(Evaluate, TargetsAreReachedMissedOrNotMeasured) {
  const EvaluationData data = phantom_data(20);
  const EvaluationResult result = evaluate(perfect_drafts(data), {}, data, few_rounds());
  for (const Target& target : result.targets) {
    if (target.path == "text.bleu_4") {
      EXPECT_TRUE(target.is_reached());
    }
    if (target.path == "grounding.iou_phrase") {
      EXPECT_FALSE(target.is_reached());
    }
  }
  const auto json = result_to_json(result);
  EXPECT_TRUE(json.at("targets")[4].at("reached").is_null());
  EXPECT_EQ(json.at("grounding").at("iou").at("protocol"), "end_to_end");
}

TEST(Bootstrap, IntervalHoldsTheMiddle) {
  std::vector<double> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(i);
  const Interval interval = percentile_interval(values);
  EXPECT_NEAR(interval.low, 25, 1e-9);
  EXPECT_NEAR(interval.high, 975, 1e-9);
  EXPECT_TRUE(std::isnan(percentile_interval({kUndefined, kUndefined, 1}).low));
  const Resamples resamples(10, 5, 7);
  EXPECT_EQ(resamples.weights(2), Resamples(10, 5, 7).weights(2));
  EXPECT_NE(resamples.weights(2), resamples.weights(3));
}

TEST(Evaluate, AConstantReportIsABaselineWithoutATrainingSplitToo) {
  EvaluationData data = phantom_data(60);
  data.train.clear();
  data.validate.clear();
  const EvaluationResult honest = evaluate(perfect_drafts(data), {}, data, few_rounds());
  EXPECT_GT(honest.metrics.value("baselines.constant.text.bleu_4"), 0);
  EXPECT_FALSE(is_raised(honest, "trivial_beats_model_bleu_4"));
  std::vector<Draft> drafts;
  for (const Reference& r : data.test) drafts.push_back(draft_of(r.study_id, "No acute disease."));
  const EvaluationResult constant = evaluate(drafts, {}, data, few_rounds());
  EXPECT_TRUE(is_raised(constant, "trivial_beats_model_bleu_4"));
  EXPECT_TRUE(is_raised(constant, "constant_output"));
}

TEST(CrossFittedConstants, NoStudyIsScoredOnAReportOfItsOwnHalf) {
  const EvaluationData data = phantom_data(40);
  const std::vector<std::string> constants = cross_fitted_constants(data.test, {});
  ASSERT_EQ(constants.size(), data.test.size());
  std::set<std::string> texts(constants.begin(), constants.end());
  EXPECT_EQ(texts.size(), 2u);
  for (size_t i = 0; i < constants.size(); ++i) {
    EXPECT_NE(constants[i], data.test[i].text());
    if (constants[i] == constants[0]) continue;
    // The other half's constant is a report of the first half.
    const auto from = std::find_if(data.test.begin(), data.test.end(),
                                   [&](const Reference& r) { return r.text() == constants[i]; });
    EXPECT_EQ(constants[static_cast<size_t>(from - data.test.begin())], constants[0]);
  }
  EXPECT_TRUE(cross_fitted_constants({data.test[0]}, {}).empty());
}

TEST(CheckPredictions, FindsWhatDoesNotFitBeforeAnythingIsScored) {
  const EvaluationData data = phantom_data(4);
  std::vector<Draft> drafts = perfect_drafts(data);
  check_predictions(drafts, data, {});
  drafts.push_back(drafts.front());
  EXPECT_THROW(check_predictions(drafts, data, {}), Error);
}

TEST(Evaluate, TheThresholdThatValidationChoseIsUsedAndSaid) {
  const EvaluationData data = phantom_data(40);
  EvaluateOptions options = few_rounds();
  options.bootstrap = 0;
  options.map_threshold = 0.1;
  const EvaluationResult result = evaluate(perfect_drafts(data), {}, data, options);
  EXPECT_DOUBLE_EQ(result.metrics.value("grounding.iou_plain"),
                   result.metrics.value("grounding.iou"));
  EXPECT_TRUE(std::any_of(result.notes.begin(), result.notes.end(), [](const std::string& note) {
    return note.find("cut at 0.10") != std::string::npos;
  }));
}

TEST(EvalText, SaysTheProtocolOfGroundingAndWhichAlarmsAreRaised) {
  const EvaluationData data = phantom_data(120);
  const EvaluationResult good =
      evaluate(perfect_drafts(data), perfect_phrases(data), data, few_rounds());
  const std::string headline = headline_text(good.metrics);
  EXPECT_NE(headline.find("end_to_end protocol"), std::string::npos);
  EXPECT_NE(headline.find("phrase protocol"), std::string::npos);
  EXPECT_NE(headline.find("skill (95 % interval)"), std::string::npos);
  EvaluationResult silent = good;
  silent.alarms = {{"constant_output", false, "2 % of the drafts are the same text"}};
  EXPECT_EQ(alarms_text(silent), "no alarm (1 looked for)\n");
  EXPECT_NE(eval_report_html(silent, data, {}).find("No alarm"), std::string::npos);
  std::vector<Draft> drafts;
  for (const Reference& r : data.test) drafts.push_back(draft_of(r.study_id, "Clear lungs."));
  const EvaluationResult bad = evaluate(drafts, {}, data, few_rounds());
  EXPECT_NE(alarms_text(bad).find("ALARM constant_output: 100 % of the drafts"), std::string::npos);
  EXPECT_NE(eval_report_html(bad, data, {}).find("Alarm: constant output"), std::string::npos);
}

TEST(EvalText, WithoutAnOracleTheModelsOwnIntervalIsShown) {
  EvaluationData data = phantom_data(40);
  for (Reference& r : data.test) {
    r.oracle_text.clear();
    r.has_boxes = false;
    r.boxes.clear();
  }
  const EvaluationResult result = evaluate(perfect_drafts(data), {}, data, few_rounds());
  const std::string headline = headline_text(result.metrics);
  EXPECT_NE(headline.find("model's 95 % interval"), std::string::npos);
  EXPECT_NE(headline.find(" to "), std::string::npos);
}

}  // namespace
}  // namespace radgen::evaluation
