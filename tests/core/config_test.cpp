#include "radgen/core/config.h"

#include <gtest/gtest.h>

#include "core/scratch.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

struct OptimizerConfig {
  double lr_peak = 3e-4;
  int64_t warmup_steps = 100;
  std::string schedule = "cosine";
};
void describe(Fields& f, OptimizerConfig& c) {
  f.field("lr_peak", c.lr_peak, {.help = "peak learning rate", .min = 0, .max = 1});
  f.field("warmup_steps", c.warmup_steps, {.help = "0: none", .min = 0, .unit = "steps"});
  f.field("schedule", c.schedule, {.help = "after warm-up", .choices = {"cosine", "constant"}});
}

struct TrainConfig {
  OptimizerConfig optimizer;
  bool is_mixed = false;
  int64_t seed = 1;
  std::string name = "run";
  std::vector<int64_t> sizes{224, 512};
  std::vector<double> betas{0.9, 0.98};
  std::vector<std::string> sources;
};
void describe(Fields& f, TrainConfig& c) {
  f.section("optimizer", c.optimizer);
  f.field("is_mixed", c.is_mixed, {.help = "use bf16"});
  f.field("seed", c.seed, {});
  f.field("name", c.name, {.help = "of the run"});
  f.field("sizes", c.sizes, {.help = "picture sides", .min = 16, .unit = "px"});
  f.field("betas", c.betas, {.min = 0, .max = 1});
  f.field("sources", c.sources, {});
}

// What load_config complains about; empty when it does not.
std::string problems(const std::vector<std::filesystem::path>& files,
                     const std::vector<std::string>& sets = {}) {
  TrainConfig config;
  try {
    load_config(config, files, sets);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kConfig);
    return e.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Config, LaterFilesAndSettingsWin) {
  const Scratch dir;
  const auto base = dir.write("base.json", R"(// a comment
    {"optimizer": {"lr_peak": 1e-3, "warmup_steps": 5}, /* another */ "is_mixed": true})");
  const auto site = dir.write("site.json", R"({"optimizer": {"warmup_steps": 7}, "sizes": [64]})");
  TrainConfig config;
  load_config(config, {base, site}, {"optimizer.schedule=constant", "seed=9007199254740993"});
  EXPECT_EQ(config.optimizer.lr_peak, 1e-3);
  EXPECT_EQ(config.optimizer.warmup_steps, 7);
  EXPECT_EQ(config.optimizer.schedule, "constant");
  EXPECT_TRUE(config.is_mixed);
  EXPECT_EQ(config.sizes, std::vector<int64_t>{64});
  EXPECT_EQ(config.seed, 9007199254740993);  // beyond a double's 53 bits
}

struct RenamedConfig {
  int64_t num_samples = 1;
  OptimizerConfig model_input;
};
void describe(Fields& f, RenamedConfig& c) {
  f.renamed("candidates", "num_samples");
  f.field("num_samples", c.num_samples, {});
  f.renamed("frame", "model_input");
  f.section("model_input", c.model_input);
}

TEST(Config, SaysTheNewNameOfARenamedKeyAndLeavesTheValueAlone) {
  const Scratch dir;
  const auto file = dir.write("old.json", R"({"candidates": 12, "frame": {"lr_peak": 0.5}})");
  RenamedConfig config;
  std::string text;
  try {
    load_config(config, {file}, {});
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kConfig);
    text = e.what();
  }
  EXPECT_TRUE(contains(text, "candidates: is now called 'num_samples'")) << text;
  EXPECT_TRUE(contains(text, "frame: is now called 'model_input'")) << text;
  EXPECT_EQ(config.num_samples, 1);
  EXPECT_EQ(config_help<RenamedConfig>().find("candidates"), std::string::npos);
  load_config(config, {}, {"num_samples=4"});
  EXPECT_EQ(config.num_samples, 4);
}

TEST(Config, ReportsEveryProblemAtOnceWithItsLine) {
  const Scratch dir;
  const auto file = dir.write("base.json", R"({
  "optimizer": {
    "lr_peek": 0.1,
    "warmup_steps": 1.5,
    "schedule": "linear"
  },
  "is_mixed": 1,
  "sizes": [224, 8]
})");
  const std::string text = problems({file});
  EXPECT_TRUE(contains(text, "5 problems in " + file.string())) << text;
  EXPECT_TRUE(contains(text, "optimizer.lr_peek: unknown key (did you mean 'optimizer.lr_peak'?)"));
  EXPECT_TRUE(contains(text, "optimizer.warmup_steps: expected a whole number, got 1.5"));
  EXPECT_TRUE(contains(text, "optimizer.schedule: 'linear' is not one of cosine, constant"));
  EXPECT_TRUE(contains(text, "is_mixed: expected true or false, got 1"));
  EXPECT_TRUE(contains(text, "sizes: item 2: 8 is out of range (16 or more px)"));
  for (const char* line : {"line 3", "line 4", "line 5", "line 7", "line 8"}) {
    EXPECT_TRUE(contains(text, line)) << line << " in\n" << text;
  }
}

TEST(Config, ProblemsOfSeveralFilesNameTheirFile) {
  const Scratch dir;
  const auto a = dir.write("a.json", R"({"seeed": 1})");
  const auto b = dir.write("b.json", "{\n\"name\": \n}");
  const std::string text = problems({a, b, dir / "absent.json"}, {"betas=[2]", "nothing"});
  EXPECT_TRUE(contains(text, "5 problems in the configuration")) << text;
  EXPECT_TRUE(contains(text, a.string() + ": seeed: unknown key (did you mean 'seed'?)")) << text;
  EXPECT_TRUE(contains(text, b.string() + ": line 3, column 1: not valid JSON")) << text;
  EXPECT_TRUE(contains(text, "absent.json': No such file")) << text;
  EXPECT_TRUE(contains(text, "--set: betas: item 1: 2 is out of range (0 to 1)")) << text;
  EXPECT_TRUE(contains(text, "--set nothing: expected key.path=value")) << text;
}

TEST(Config, SuggestsTheSectionOfAMisplacedKey) {
  EXPECT_TRUE(contains(problems({}, {"lr_peak=1"}), "did you mean 'optimizer.lr_peak'?"));
  EXPECT_TRUE(contains(problems({}, {"optimiser.lr_peak=1"}), "did you mean 'optimizer'?"));
  EXPECT_FALSE(contains(problems({}, {"zebra_crossing=1"}), "did you mean"));
}

TEST(Config, ASectionMustBeAnObjectAndAFieldMustNot) {
  EXPECT_TRUE(contains(problems({}, {"optimizer=3"}), "optimizer: expected an object, got 3"));
  EXPECT_TRUE(contains(problems({}, {"seed.x=3"}), "seed: expected a whole number, got an object"));
  EXPECT_EQ(problems({}, {"name=null"}), "") << "a text field takes any text";
  EXPECT_TRUE(contains(problems({}, {"seed=null"}), "expected a whole number, got null"));
}

TEST(Config, WholeNumbersMayBeWrittenAsFloatsAndTheReverse) {
  TrainConfig config;
  load_config(config, {}, {"optimizer.warmup_steps=1e3", "optimizer.lr_peak=1"});
  EXPECT_EQ(config.optimizer.warmup_steps, 1000);
  EXPECT_EQ(config.optimizer.lr_peak, 1.0);
  EXPECT_TRUE(contains(problems({}, {"seed=18446744073709551615"}), "64 bits"));
  EXPECT_TRUE(contains(problems({}, {"seed=1e17"}), "too large"));
}

TEST(Config, ASettingOfATextFieldKeepsItsText) {
  TrainConfig config;
  load_config(config, {}, {"name=12"});
  EXPECT_EQ(config.name, "12");
  load_config(config, {}, {"name=a=b"});
  EXPECT_EQ(config.name, "a=b");
  load_config(config, {}, {R"(sources=["x","y"])"});
  EXPECT_EQ(config.sources, (std::vector<std::string>{"x", "y"}));
}

TEST(Config, AKeyThatStandsTwiceIsAProblem) {
  const Scratch dir;
  const auto file = dir.write("a.json", "{\"seed\": 1,\n \"name\": \"\\\"{}[]//\", \"seed\": 2}");
  EXPECT_TRUE(contains(problems({file}), "seed: stands here twice"));
}

TEST(Config, AFileThatHoldsNoObjectIsAProblem) {
  const Scratch dir;
  EXPECT_TRUE(contains(problems({dir.write("a.json", "[1]")}), "expected an object"));
  EXPECT_TRUE(contains(problems({dir.write("b.json", "")}), "ends too early"));
}

TEST(Config, DumpHoldsEveryValueInDeclaredOrderAndLoadsBack) {
  TrainConfig config;
  config.optimizer.lr_peak = 0.25;
  config.sizes = {32};
  const nlohmann::ordered_json dump = dump_config(config);
  EXPECT_EQ(dump.begin().key(), "optimizer");
  EXPECT_EQ(dump.size(), 7u);
  TrainConfig back;
  load_config_json(back, nlohmann::json::parse(dump.dump()), "dump");
  EXPECT_EQ(dump_config(back), dump);
}

TEST(Config, AnObjectInMemoryIsNamedInProblems) {
  TrainConfig config;
  try {
    load_config_json(config, nlohmann::json{{"sizs", 1}}, "model/config.json");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_TRUE(contains(e.what(), "1 problem in model/config.json")) << e.what();
    EXPECT_TRUE(contains(e.what(), "did you mean 'sizes'?")) << e.what();
  }
}

TEST(Config, HelpShowsPathDefaultUnitRangeAndChoices) {
  const std::string help = config_help<TrainConfig>();
  EXPECT_TRUE(contains(help, "optimizer.lr_peak"));
  EXPECT_TRUE(contains(help, "0.0003"));
  EXPECT_TRUE(contains(help, "peak learning rate (0 to 1)")) << help;
  EXPECT_TRUE(contains(help, "0: none [steps] (0 or more)")) << help;
  EXPECT_TRUE(contains(help, "cosine|constant")) << help;
  EXPECT_EQ(std::count(help.begin(), help.end(), '\n'), 9);
}

TEST(Config, KeyNamesWithDotsOrOddCharactersAreUnknownNotFatal) {
  const Scratch dir;
  const auto file = dir.write("a.json", "\xEF\xBB\xBF{\"a.b\": {\"\\u00e9\\\"\": [{}]}, \"\": 1}");
  EXPECT_TRUE(contains(problems({file}), "2 problems")) << problems({file});
}

}  // namespace
}  // namespace radgen
