#include "radgen/core/log.h"

#include <gtest/gtest.h>

#include <regex>

#include "core/scratch.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/progress.h"

namespace radgen {
namespace {

std::string logged(const std::function<void()>& body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, IsOneLineWithTimeLevelAndText) {
  const std::string text = logged([] { log::info("prepared {} studies", 12); });
  const std::regex shape(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} I prepared 12 studies\n)");
  EXPECT_TRUE(std::regex_match(text, shape)) << text;
}

TEST(Log, ShowsNothingBelowItsLevel) {
  log::set_level(log::Level::kError);
  const std::string text = logged([] {
    log::warning("hidden");
    log::error("shown");
  });
  log::set_level(log::Level::kInfo);
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find(" E shown"), std::string::npos);
}

TEST(Log, LevelsHaveNames) {
  EXPECT_EQ(log::parse_level("warning"), log::Level::kWarning);
  EXPECT_THROW(log::parse_level("loud"), Error);
}

TEST(Log, IsCopiedIntoAFile) {
  const Scratch dir;
  log::add_file((dir / "train.log").string());
  logged([] { log::info("{{braces}} and 100 %"); });
  EXPECT_NE(read_file(dir / "train.log").find(" I {braces} and 100 %\n"), std::string::npos);
  EXPECT_THROW(log::add_file((dir / "train.log" / "below").string()), Error);
}

TEST(Progress, EndsWithCountTimeAndRate) {
  const std::string text = logged([] {
    Progress progress("preparing", 3, "studies");
    for (int i = 0; i < 3; ++i) progress.advance();
    progress.set_note("loss 2.31");
    progress.finish();
    progress.finish();
    EXPECT_GE(progress.elapsed_s(), 0);
  });
  EXPECT_NE(text.find("preparing: 3/3 studies in 0:00"), std::string::npos) << text;
  EXPECT_NE(text.find("studies/s)  loss 2.31"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << "finish() prints once";
}

TEST(Progress, IsSilentWhenItIsAbandonedOrTheLogIsOff) {
  EXPECT_EQ(logged([] { Progress("preparing", 3, "studies").advance(); }), "");
  log::set_level(log::Level::kOff);
  EXPECT_EQ(logged([] { Progress("preparing", 3, "studies").finish(); }), "");
  log::set_level(log::Level::kInfo);
}

}  // namespace
}  // namespace radgen
