#include "radgen/report/prediction.h"

#include <gtest/gtest.h>

#include <cmath>

#include "radgen/core/error.h"

namespace radgen {
namespace {

using nlohmann::json;

Draft full_draft() {
  Draft d;
  d.study_id = "s1";
  d.image_id = "i1";
  d.findings = "Left effusion.";
  d.impression = "Effusion.";
  d.confidence = 0.5;
  d.map_box = {0, 1, 224, 220};
  d.warnings = {"lateral view"};
  d.sentences = {{.text = "Left effusion.",
                  .begin = 0,
                  .end = 14,
                  .is_grounded = true,
                  .score = 0.75,
                  .confidence = 0.5,
                  .entropy = 1.25,
                  .boxes = {{10, 20, 30, 40}},
                  .map_file = "s1-0.png",
                  .map_scale = 0.001}};
  d.mentions = {{.finding = Finding::kPleuralEffusion,
                 .side = Side::kLeft,
                 .assertion = Assertion::kUncertain,
                 .severity = Severity::kSubtle,
                 .size_mm = 14,
                 .begin = 5,
                 .end = 13}};
  d.labels = {{Finding::kPleuralEffusion, -1}, {Finding::kEdema, 0}};
  d.timing_ms = {{"post", 4}, {"load", 1}};
  d.model_version = "0.1.0";
  d.model_sha256 = "abc";
  return d;
}

TEST(DraftJson, RoundTripKeepsEveryField) {
  const auto written = draft_to_json(full_draft());
  const Draft read = draft_from_json(json::parse(written.dump()), "test");
  EXPECT_EQ(draft_to_json(read), written);
  EXPECT_EQ(read.sentences.at(0).boxes, full_draft().sentences[0].boxes);
  EXPECT_EQ(read.mentions.at(0).size_mm, 14);
  EXPECT_EQ(read.labels, full_draft().labels);
}

TEST(DraftJson, WritesTheNamesOfTheFormat) {
  const auto written = draft_to_json(full_draft());
  EXPECT_EQ(written["sentences"][0]["map"], "s1-0.png");
  EXPECT_EQ(written["sentences"][0]["grounded"], true);
  EXPECT_EQ(written["labels"]["Pleural Effusion"], -1);
  EXPECT_EQ(written["mentions"][0]["certainty"], "uncertain");
  EXPECT_EQ(written["timing_ms"].begin().key(), "load");
  EXPECT_EQ(written["model"]["sha256"], "abc");
}

TEST(DraftJson, ReadsAStrangersLine) {
  const Draft d = draft_from_json(
      json{{"study_id", 50414267}, {"text", "Clear lungs."}, {"labels", {{"Edema", 0.0}}}},
      "line 1");
  EXPECT_EQ(d.study_id, "50414267");
  EXPECT_EQ(d.findings, "Clear lungs.");
  EXPECT_EQ(d.status, "drafted");
  EXPECT_EQ(d.labels.at(Finding::kEdema), 0);
  const Draft refused =
      draft_from_json(json{{"study_id", "s"}, {"status", "not_reportable"}}, "line 2");
  EXPECT_EQ(refused.text(), "\n");
}

TEST(DraftJson, ValuesThatAreNotFiniteBecomeNull) {
  Draft d = full_draft();
  d.confidence = std::nan("");
  d.timing_ms["load"] = INFINITY;
  const auto written = draft_to_json(d);
  EXPECT_TRUE(written["confidence"].is_null());
  EXPECT_EQ(draft_from_json(json::parse(written.dump()), "x").confidence, 0);
}

std::string message_of(const json& object) {
  try {
    draft_from_json(object, "line 7");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    return error.what();
  }
  return "no error";
}

TEST(DraftJson, ErrorsNameThePlaceAndNeverTheText) {
  EXPECT_EQ(message_of(json{{"findings", "secret"}}), "line 7: no 'study_id'");
  EXPECT_NE(message_of(json{{"study_id", "s"}}).find("no text"), std::string::npos);
  EXPECT_NE(message_of(json::array()).find("line 7"), std::string::npos);
  for (const char* bad : {R"({"study_id":"s","findings":["secret"]})",
                          R"({"study_id":"s","text":"secret","sentences":3})",
                          R"({"study_id":"s","text":"secret","sentences":[{"begin":-1}]})",
                          R"({"study_id":"s","text":"secret","mentions":[{"finding":"secret"}]})",
                          R"({"study_id":"s","text":"secret","labels":{"Edema":2}})",
                          R"({"study_id":"s","text":"secret","map_box":{"x":"secret"}})"}) {
    const std::string message = message_of(json::parse(bad));
    EXPECT_NE(message.find("line 7"), std::string::npos) << bad;
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace radgen
