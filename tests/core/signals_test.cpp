#include "radgen/core/signals.h"

#include <gtest/gtest.h>

#include <csignal>

#include "radgen/core/error.h"
#include "radgen/core/stop.h"

namespace radgen {
namespace {

TEST(Signals, AreAFlagThatWorkLooksAt) {
  install_stop_signals();
  forget_stop_signal();
  EXPECT_EQ(stop_signal(), 0);
  const StopToken token = StopToken::of_signals();
  EXPECT_NO_THROW(token.throw_if_requested());
  std::raise(SIGTERM);
  EXPECT_EQ(stop_signal(), SIGTERM);
  try {
    token.throw_if_requested();
    FAIL() << "not interrupted";
  } catch (const Interrupted& e) {
    EXPECT_EQ(e.signal(), SIGTERM);
  }
  forget_stop_signal();
}

TEST(SignalsDeathTest, ASecondInterruptEndsTheProcess) {
  EXPECT_EXIT(
      {
        install_stop_signals();
        std::raise(SIGINT);
        std::raise(SIGINT);
        std::exit(0);
      },
      testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace radgen
