// Files that strangers write, and what is odd about them: said, counted, never dropped in silence.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/evaluation/evaluate.h"
#include "radgen/evaluation/export.h"

namespace radgen::evaluation {
namespace {

class StrangersFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("radgen_strangers_" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, const std::string& text) const {
    write_file_atomic(folder_ / name, text);
    return folder_ / name;
  }
  fs::path folder_;
};

TEST_F(StrangersFiles, TablesMayBePackedAndHaveAnIndexColumn) {
  const std::string table =
      "\xEF\xBB\xBF,Study_ID,report\r\n0,s1,\"Clear, \"\"dry\"\"\nlungs.\"\r\n";
  const fs::path plain = write("plain.csv", table), packed = folder_ / "packed.csv.gz";
  gzFile file = gzopen(packed.c_str(), "wb");
  gzwrite(file, table.data(), static_cast<unsigned>(table.size()));
  gzclose(file);
  for (const fs::path& path : {plain, packed}) {
    const std::vector<Draft> drafts = load_predictions(path);
    ASSERT_EQ(drafts.size(), 1u);
    EXPECT_EQ(drafts[0].study_id, "s1");
    EXPECT_EQ(drafts[0].findings, "Clear, \"dry\"\nlungs.");
  }
  try {
    load_predictions(write("open.csv", "study_id,report\ns1,\"never closed\n"));
    FAIL() << "an open quote was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
  }
}

EvaluateOptions quick() {
  EvaluateOptions options = EvaluateOptions::quick();
  return options;
}

bool raises(const EvaluationResult& result, const std::string& name) {
  for (const Alarm& alarm : result.alarms) {
    if (alarm.name == name) return alarm.is_raised;
  }
  ADD_FAILURE() << "no alarm " << name;
  return false;
}

bool has_note(const EvaluationResult& result, const std::string& words) {
  for (const std::string& note : result.notes) {
    if (note.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST_F(StrangersFiles, TablesOfReportsAreRead) {
  const std::vector<Draft> drafts =
      load_predictions(write("theirs.csv",
                             "\xEF\xBB\xBFStudy_ID,note,Report\r\n"
                             "1,x,\"Small effusion, left.\nNo \"\"free air\"\".\"\r\n"
                             "\r\n"
                             "2,y,Clear lungs.\n"));
  ASSERT_EQ(drafts.size(), 2u);
  EXPECT_EQ(drafts[0].study_id, "1");
  EXPECT_EQ(drafts[0].findings, "Small effusion, left.\nNo \"free air\".");
  EXPECT_EQ(drafts[1].findings, "Clear lungs.");
}

TEST_F(StrangersFiles, BrokenTablesAreErrorsThatNameTheLine) {
  for (const char* text : {"study_id,report\n1,\"open\n2,x\n", "study_id,report\n1,a,b\n",
                           "study_id,note\n1,no text\n", "id,report\n1,text\n"}) {
    try {
      load_predictions(write("broken.csv", text));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
  }
}

TEST_F(StrangersFiles, ReportsHaveOtherNamesElsewhere) {
  const auto drafts =
      load_predictions(write("theirs.jsonl",
                             "{\"study_id\": 7, \"report\": \"Edema.\"}\n"
                             "{\"study_id\": \"8\", \"generated_report\": \"Clear.\"}\n"));
  ASSERT_EQ(drafts.size(), 2u);
  EXPECT_EQ(drafts[0].study_id, "7");
  EXPECT_EQ(drafts[1].findings, "Clear.");
}

TEST_F(StrangersFiles, ReferencesNeedNoPreparedDataSet) {
  const auto references =
      load_references(write("references.csv",
                            "study_id,subject_id,report,indication\n"
                            "1,p1,Small left effusion.,Dyspnea.\n2,p1,Clear lungs.,\n"));
  ASSERT_EQ(references.size(), 2u);
  EXPECT_EQ(references[0].patient_id, "p1");
  EXPECT_EQ(references[0].indication, "Dyspnea.");
  const auto drafts = load_predictions(
      write("theirs.csv", "study_id,report\n1,Small left effusion.\n2,Clear lungs.\n"));
  const EvaluationResult result = evaluate(drafts, {}, {.test = references}, quick());
  EXPECT_NEAR(result.metrics.value("text.bleu_1"), 1, 1e-6);
  const auto json = result_to_json(result);
  EXPECT_TRUE(json.at("grounding").at("iou").at("value").is_null());
  EXPECT_EQ(json.at("grounding").at("iou").at("reason"), "the references have no boxes");
}

Reference reference_report(const std::string& id, bool has_box) {
  Reference r;
  r.study_id = id;
  r.findings =
      has_box ? "Small left pleural effusion. No pneumothorax." : "Frontal view of the chest.";
  r.width = r.height = 64;
  r.has_boxes = true;
  if (has_box) r.boxes = {{Finding::kPleuralEffusion, Side::kLeft, {40, 40, 16, 16}}};
  return r;
}

// A draft that says what the reference says, with one map for its first sentence.
Draft draft_for(const Reference& r, AttentionMap map) {
  Draft d;
  d.study_id = r.study_id;
  d.findings = r.findings;
  d.map_box = {0, 0, 64, 64};
  DraftSentence s;
  s.text = d.findings.substr(0, d.findings.find('.') + 1);
  s.end = s.text.size();
  s.map = std::move(map);
  s.is_grounded = true;
  s.score = 0.8;
  s.confidence = 0.7;
  d.sentences.push_back(s);
  return d;
}

EvaluationData boxed_data(int studies) {
  EvaluationData data;
  for (int i = 0; i < studies; ++i)
    data.test.push_back(reference_report("s" + std::to_string(i), i % 2 == 0));
  return data;
}

TEST(OddInput, PredictionsForAnotherSplitAreSaidToBeSo) {
  EvaluationData data = boxed_data(2);
  data.elsewhere = {{"t1", "train"}};
  std::vector<Draft> drafts{draft_for(data.test[0], {}), draft_for(data.test[1], {})};
  drafts.push_back(drafts[0]);
  drafts[2].study_id = "t1";
  try {
    evaluate(drafts, {}, data, quick());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("1 of split 'train'"), std::string::npos)
        << error.what();
  }
  EvaluateOptions lenient = quick();
  lenient.ignore_unknown = true;
  const EvaluationResult result = evaluate(drafts, {}, data, lenient);
  EXPECT_EQ(result.input.unknown, 1);
  EXPECT_TRUE(has_note(result, "left out"));
  drafts.erase(drafts.begin(), drafts.begin() + 2);
  EXPECT_THROW(evaluate(drafts, {}, data, lenient), Error);  // none is left
}

std::string refusal(const std::vector<Draft>& drafts, const EvaluationData& data,
                    const EvaluateOptions& options = quick()) {
  try {
    evaluate(drafts, {}, data, options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    return std::string(error.what()) + " | " + error.hint();
  }
  return "";
}

TEST(OddInput, IdsThatAreWrittenOtherwiseAreSaidToBeSoFirst) {
  EvaluationData data = boxed_data(3);
  for (size_t i = 0; i < 3; ++i) data.test[i].study_id = std::to_string(50000000 + i);
  for (const bool all : {true, false}) {
    std::vector<Draft> drafts;
    for (const Reference& r : data.test) drafts.push_back(draft_for(r, {}));
    for (size_t i = all ? 0 : 1; i < 3; ++i) drafts[i].study_id += ".0";  // as data frames do
    const std::string message = refusal(drafts, data);
    EXPECT_NE(message.find("written alike"), std::string::npos) << message;
    EXPECT_NE(message.find("'99999999.9' there, '99999999' here"), std::string::npos) << message;
    EXPECT_EQ(message.find("50000001"), std::string::npos) << message;
  }
  std::vector<Draft> padded;  // a sampler's last batch
  for (const Reference& r : data.test) padded.push_back(draft_for(r, {}));
  padded.push_back(padded[0]);
  EXPECT_NE(refusal(padded, data).find("samplers"), std::string::npos);
}

TEST(OddInput, ReferencesOfOneStudyMustAgree) {
  EvaluationData data = boxed_data(2);
  const std::vector<Draft> drafts{draft_for(data.test[0], {}), draft_for(data.test[1], {})};
  data.test.push_back(data.test[0]);
  data.test[2].image_id = "another picture of the study";
  EXPECT_EQ(refusal(drafts, data), "");
  data.test[2].findings = "Something else.";
  EXPECT_NE(refusal(drafts, data).find("two different reports"), std::string::npos);
}

TEST(OddInput, EmptyTextsAreCounted) {
  EvaluationData data = boxed_data(4);
  data.test[3].findings = " ";
  std::vector<Draft> drafts;
  for (const Reference& r : data.test) drafts.push_back(draft_for(r, {}));
  drafts[1].findings = "\n ";
  const EvaluationResult result = evaluate(drafts, {}, data, quick());
  EXPECT_EQ(result.input.empty_drafts, 2);
  EXPECT_EQ(result.input.empty_references, 1);
  EXPECT_TRUE(has_note(result, "predictions are empty"));
}

TEST(OddInput, BrokenMapsAreCountedAndRaiseAnAlarm) {
  const EvaluationData data = boxed_data(4);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<Draft> drafts;
  for (const Reference& r : data.test)
    drafts.push_back(draft_for(r, {2, 2, {0.1f, nan, 0.2f, 0.3f}}));
  drafts[1].sentences[0].map = {2, 2, {1, 2, 3}};           // too few
  drafts[2].sentences[0].map = {1, 2, {0.5f, 0.5f}};        // the first good one
  drafts[3].sentences[0].map = {3, 1, {0.1f, 0.2f, 0.3f}};  // another grid
  const EvaluationResult result = evaluate(drafts, {}, data, quick());
  EXPECT_EQ(result.input.broken_maps, 2);
  EXPECT_EQ(result.input.other_grid_maps, 1);
  EXPECT_TRUE(raises(result, "broken_maps"));
  EXPECT_TRUE(std::isfinite(result.metrics.value("grounding.iou")));
}

TEST(PretendedGrounding, RaisesAlarms) {
  const EvaluationData data = boxed_data(6);
  std::vector<Draft> none, uniform;
  for (const Reference& r : data.test) {
    none.push_back(draft_for(r, {}));
    none.back().sentences.clear();
    uniform.push_back(draft_for(r, {4, 4, std::vector<float>(16, 1.0f / 16)}));
    uniform.back().sentences.push_back(uniform.back().sentences[0]);
  }
  EXPECT_TRUE(raises(evaluate(none, {}, data, quick()), "no_grounding"));
  const EvaluationResult result = evaluate(uniform, {}, data, quick());
  EXPECT_TRUE(raises(result, "uniform_maps"));
  EXPECT_TRUE(raises(result, "one_map_for_all_sentences"));
  EXPECT_TRUE(raises(result, "one_map_for_all_pictures"));
  EXPECT_FALSE(raises(result, "no_grounding"));
}

TEST(HonestGrounding, RaisesNone) {
  const EvaluationData data = boxed_data(6);
  std::vector<Draft> drafts;
  for (size_t i = 0; i < data.test.size(); ++i) {
    AttentionMap map{8, 8, std::vector<float>(64, 0.001f)};
    map.values[i % 2 == 0 ? 45 : 10 + i] = 0.9f;
    drafts.push_back(draft_for(data.test[i], map));
    DraftSentence other = drafts.back().sentences[0];
    other.begin = other.end;
    other.end = drafts.back().text().size();
    std::reverse(other.map.values.begin(), other.map.values.end());
    other.is_grounded = false;
    if (i % 2 == 0) drafts.back().sentences.push_back(other);
  }
  const EvaluationResult result = evaluate(drafts, {}, data, quick());
  for (const char* name : {"no_grounding", "uniform_maps", "one_map_for_all_sentences",
                           "one_map_for_all_pictures", "broken_maps", "nothing_shown"}) {
    EXPECT_FALSE(raises(result, name)) << name;
  }
  const MetricTable& m = result.metrics;
  EXPECT_DOUBLE_EQ(m.value("grounding.right_side_share"), 1);
  EXPECT_DOUBLE_EQ(m.value("grounding.groundable_recall"), 1);
  EXPECT_DOUBLE_EQ(m.value("grounding.groundable_precision"), 0.5);  // "frontal view" is shown
  EXPECT_DOUBLE_EQ(m.value("grounding.negations_with_evidence"), 0);
  EXPECT_EQ(m.find("confidence.words.ece")->n, 3);
  EXPECT_DOUBLE_EQ(m.value("confidence.words.base_rate"), 1);
}

TEST_F(StrangersFiles, ExportHoldsBothTextsInOrder) {
  EvaluationData data = boxed_data(2);
  data.test[0].impression = "Say \"effusion\", left.";
  std::vector<Draft> drafts{draft_for(data.test[1], {}), draft_for(data.test[0], {})};
  export_texts(evaluate(drafts, {}, data, quick()), folder_ / "export");
  const nlohmann::json json = read_json(folder_ / "export" / "reports.json");
  EXPECT_EQ(json.at("study_ids"), (nlohmann::json{"s0", "s1"}));
  EXPECT_EQ(json.at("references")[0], data.test[0].text());
  EXPECT_EQ(json.at("predictions")[1], drafts[0].text());
  const std::string csv = read_file(folder_ / "export" / "references_chexbert.csv");
  EXPECT_TRUE(csv.starts_with("Report Impression\n\"Small left"));
  EXPECT_NE(csv.find("\"\"effusion\"\""), std::string::npos);
}

TEST_F(StrangersFiles, MapsMayStandInTheFileAsRowsOfNumbers) {
  const auto drafts = load_predictions(write(
      "theirs.jsonl",
      R"({"study_id": "1", "report": "Small left effusion. Clear.", "sentences": [)"
      R"({"text": "Small left effusion.", "map": [[0.1, 0.2], [0.3, 0.4]]}, {"text": "Clear."}]})"
      "\n"
      R"({"study_id": "2", "report": "Edema.", "sentences": [{"text": "Edema.", "map": [[0.1, null]]}]})"
      "\n"
      R"({"study_id": "3", "report": "Edema.", "sentences": [{"text": "Edema.", "map": [[1, 0], [1]]}]})"
      "\n"));
  ASSERT_EQ(drafts.size(), 3u);
  const AttentionMap& map = drafts[0].sentences[0].map;
  EXPECT_EQ(map.rows, 2);
  EXPECT_EQ(map.columns, 2);
  EXPECT_FLOAT_EQ(map.values[3], 0.4f);
  EXPECT_TRUE(drafts[0].sentences[1].map.empty());
  EvaluationData data;
  for (const Draft& draft : drafts) {
    Reference r = reference_report(draft.study_id, true);
    data.test.push_back(r);
  }
  const EvaluationResult result = evaluate(drafts, {}, data, quick());
  EXPECT_EQ(result.input.maps, 3);
  EXPECT_EQ(result.input.broken_maps, 2);  // not a number, and not a grid
  EXPECT_TRUE(raises(result, "broken_maps"));
}

TEST_F(StrangersFiles, MapsThatAreNoNumbersAreErrorsThatSayWhatIsExpected) {
  for (const char* map : {R"(["a"])", R"([["a"]])", R"([1, 2])"}) {
    try {
      load_predictions(
          write("theirs.jsonl", R"({"study_id": "1", "report": "Edema.", "sentences": [{"map": )" +
                                    std::string(map) + "}]}\n"));
      ADD_FAILURE() << map;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      EXPECT_NE(std::string(error.what()).find("line 1"), std::string::npos);
      EXPECT_NE(error.hint().find("[[0.1, 0.2]"), std::string::npos);
    }
  }
}

TEST_F(StrangersFiles, NanInJsonIsAnErrorThatSaysToWriteNull) {
  try {
    load_predictions(write("theirs.jsonl",
                           R"({"study_id": "1", "report": "x", "sentences": [{"map": [[NaN]]}]})"
                           "\n"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("line 1"), std::string::npos);
    EXPECT_NE(error.hint().find("write null"), std::string::npos);
  }
}

}  // namespace
}  // namespace radgen::evaluation
