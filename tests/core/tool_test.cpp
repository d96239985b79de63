#include "radgen/core/tool.h"

#include <gtest/gtest.h>

#include <csignal>
#include <new>

#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/log.h"
#include "radgen/core/signals.h"
#include "radgen/core/stop.h"

namespace radgen {
namespace {

struct DemoConfig {
  int64_t steps = 3;
};
void describe(Fields& f, DemoConfig& c) {
  f.field("steps", c.steps, {.help = "how many", .min = 1, .max = 10});
}

struct Outcome {
  int code = -1;
  std::string out, err;
  bool has_run = false;
  DemoConfig config;
  CommonFlags common;
};

Outcome run_tool(
    std::vector<std::string> arguments, const std::function<int()>& body = [] { return 0; }) {
  setenv("RADGEN_NO_REEXEC", "1", 1);
  Tool tool("demo-radgen", "Shows how tools behave.", "  demo-radgen --input x\n");
  std::string input;
  Outcome outcome;
  tool.flags().add_option("--input", input, "what is read")->required();
  tool.with_output(false);
  tool.with_device();
  tool.with_seed(17);
  tool.uses_config(outcome.config);
  std::vector<char*> argv;
  arguments.insert(arguments.begin(), "demo-radgen");
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.code = tool.run(static_cast<int>(arguments.size()), argv.data(), [&] {
    outcome.has_run = true;
    return body();
  });
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  outcome.common = tool.common;
  log::set_level(log::Level::kInfo);
  return outcome;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Tool, RunsTheBodyAndReturnsItsCode) {
  EXPECT_EQ(run_tool({"--input", "x"}).code, 0);
  EXPECT_EQ(run_tool({"--input", "x"}, [] { return 4; }).code, 4);
  const Outcome set = run_tool({"--input", "x", "--set", "steps=5", "--seed", "3", "--threads", "2",
                                "--device", "cpu", "--dry-run", "--output", "o"});
  EXPECT_EQ(set.config.steps, 5);
  EXPECT_EQ(set.common.seed, 3);
  EXPECT_EQ(set.common.threads, 2);
  EXPECT_TRUE(set.common.is_dry_run);
  EXPECT_EQ(set.common.output, "o");
  EXPECT_EQ(run_tool({"--input", "x"}).common.seed, 17);
}

TEST(Tool, HelpHasDefaultsConfigKeysExamplesAndExitCodes) {
  const Outcome help = run_tool({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_FALSE(help.has_run);
  for (const char* part : {"--input", "REQUIRED", "--log-level", "=info", "how many (1 to 10)",
                           "demo-radgen --input x", "Exit codes", "not for clinical use"}) {
    EXPECT_TRUE(says(help.out, part)) << part << " in\n" << help.out;
  }
}

TEST(Tool, WhatFewPeopleNeedIsInTheLongHelpOnly) {
  const auto help_of = [](const char* flag) {
    Tool tool("demo-radgen", "A demo.");
    int often = 0, rarely = 0;
    tool.flags().add_option("--often", often, "wanted by all");
    tool.flags().add_option("--rarely", rarely, "wanted by few");
    tool.rarely_needed({"--rarely"});
    std::vector<std::string> words{"demo-radgen", flag};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    EXPECT_EQ(tool.run(static_cast<int>(argv.size()), argv.data(), [] { return 1; }), 0);
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_TRUE(says(help_of("--help"), "wanted by all"));
  EXPECT_FALSE(says(help_of("--help"), "wanted by few"));
  EXPECT_TRUE(says(help_of("--help"), "--help-all"));
  EXPECT_TRUE(says(help_of("--help-all"), "wanted by all"));
  EXPECT_TRUE(says(help_of("--help-all"), "wanted by few"));
}

TEST(Tool, VersionGoesToStdout) {
  const Outcome v = run_tool({"--version"});
  EXPECT_EQ(v.code, 0);
  EXPECT_TRUE(says(v.out, "demo-radgen " + version()));
  EXPECT_TRUE(says(v.out, "LibTorch"));
}

TEST(Tool, DescribesItsConfigWithoutNeedingInput) {
  const Outcome dump = run_tool({"--dump-config", "--set", "steps=7"});
  EXPECT_EQ(dump.code, 0);
  EXPECT_FALSE(dump.has_run);
  EXPECT_EQ(nlohmann::json::parse(dump.out).at("steps"), 7);
  EXPECT_TRUE(says(run_tool({"--help-config"}).out, "steps"));
}

TEST(Tool, UsageAndConfigMistakesAreCode2AndRunNothing) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--input", "x", "--nonsense"},
                                             {"--input", "x", "--threads", "many"},
                                             {"--input", "x", "--log-level", "loud"},
                                             {"--input", "x", "--set", "steps=11"},
                                             {"--input", "x", "--config", "/absent.json"},
                                             {"--dump-config", "--set", "stepps=1"}}) {
    const Outcome bad = run_tool(arguments);
    EXPECT_EQ(bad.code, 2) << testing::PrintToString(arguments);
    EXPECT_FALSE(bad.has_run);
    EXPECT_EQ(bad.err.rfind("error[", 0), 0u) << bad.err;
    EXPECT_TRUE(bad.out.empty()) << bad.out;
  }
  EXPECT_TRUE(says(run_tool({"--input", "x", "--set", "stepps=1"}).err, "did you mean 'steps'"));
}

TEST(Tool, ErrorsBecomeMessagesAndExitCodes) {
  const Outcome data = run_tool({"--input", "x"}, []() -> int {
    throw Error(ErrorCode::kData, "a.png: cut off", "copy it again");
  });
  EXPECT_EQ(data.code, 3);
  EXPECT_EQ(data.err, "error[data]: a.png: cut off\n  hint: copy it again\n");
  EXPECT_EQ(run_tool({"--input", "x"}, []() -> int { throw std::bad_alloc(); }).code, 5);
  EXPECT_EQ(run_tool({"--input", "x"}, []() -> int { throw std::runtime_error("?"); }).code, 1);
}

TEST(Tool, WithJsonAnErrorIsAlsoTheResult) {
  const auto error = [](const Outcome& o) { return nlohmann::json::parse(o.out).at("error"); };
  const Outcome gate = run_tool({"--input", "x", "--json"}, []() -> int {
    throw Error(ErrorCode::kGate, "below the threshold", "look at errors.html");
  });
  EXPECT_EQ(gate.code, 4);
  EXPECT_EQ(error(gate).at("code"), "gate");
  EXPECT_EQ(error(gate).at("hint"), "look at errors.html");
  EXPECT_EQ(error(run_tool({"--json", "--nonsense"})).at("code"), "usage");
}

TEST(Tool, AStopSignalIsCode128PlusSignal) {
  const Outcome stopped = run_tool({"--input", "x"}, []() -> int {
    std::raise(SIGTERM);
    current_stop().throw_if_requested();
    return 0;
  });
  EXPECT_EQ(stopped.code, 143);
  forget_stop_signal();
}

TEST(Tool, ThreadsDefaultToTheCoresThatAreGiven) {
  Tool tool("demo-radgen", "");
  EXPECT_EQ(tool.threads(), available_cores());
  tool.common.threads = 3;
  EXPECT_EQ(tool.threads(), 3);
}

}  // namespace
}  // namespace radgen
