// What a pipeline asks of a metrics.json.
#include "radgen/evaluation/gate.h"

#include <gtest/gtest.h>

#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

using nlohmann::json;

const json kMetrics = json::parse(R"({
  "text": {"bleu_4": {"value": 0.2, "low": 0.18, "high": 0.22}},
  "grounding": {"iou": {"value": null, "low": null, "high": null, "reason": "the references have no boxes"}},
  "alarms": [{"name": "constant_output", "raised": true, "reason": "90 % of the drafts are the same text"},
             {"name": "low_diversity", "raised": false, "reason": "fine"}]})");

std::vector<GateLine> check(const char* thresholds) {
  return check_gate(kMetrics, json::parse(thresholds));
}

TEST(Gate, AValueIsHeldToItsLimitsOrAnEndOfItsIntervalIs) {
  EXPECT_TRUE(has_passed(check(R"({"text.bleu_4": {"at_least": 0.19}})")));
  EXPECT_FALSE(has_passed(check(R"({"text.bleu_4": {"at_least": 0.19, "of": "low"}})")));
  EXPECT_FALSE(has_passed(check(R"({"text.bleu_4": {"at_most": 0.19}})")));
  EXPECT_TRUE(has_passed(check(R"({"text.bleu_4": {"at_least": 0.2, "at_most": 0.2}})")));
}

TEST(Gate, WhatWasNotMeasuredIsNotReached) {
  const auto lines =
      check(R"({"grounding.iou": {"at_least": 0}, "text.nothing": {"at_least": 0}})");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_FALSE(lines[0].is_passed);
  EXPECT_NE(lines[0].text.find("no boxes"), std::string::npos);
  EXPECT_FALSE(lines[1].is_passed);
  EXPECT_NE(gate_text(lines).find("gate failed"), std::string::npos);
}

TEST(Gate, AlarmsMustBeSilentAndLookedFor) {
  EXPECT_FALSE(has_passed(check(R"({"alarms": "none"})")));
  EXPECT_TRUE(has_passed(check(R"({"alarms": ["low_diversity"]})")));
  EXPECT_FALSE(has_passed(check(R"({"alarms": ["constant_output"]})")));
  EXPECT_FALSE(has_passed(check(R"({"alarms": ["no_such_alarm"]})")));
}

TEST(Gate, EverythingThatIsWrongWithTheThresholdsIsSaidAtOnce) {
  try {
    check(
        R"({"text.bleu_4": {"atleast": 1, "at_most": "x", "of": "median"}, "b": 3, "alarms": 1})");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfig);
    for (const char* part :
         {"text.bleu_4.atleast", "text.bleu_4.at_most", "text.bleu_4.of", "b: ", "alarms: "}) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << part;
    }
  }
  EXPECT_THROW(check("{}"), Error);
  EXPECT_THROW(check("[]"), Error);
}

}  // namespace
}  // namespace radgen::evaluation
