#include "radgen/core/error.h"

#include <gtest/gtest.h>

#include <memory>

#include "radgen/core/error_status.h"

namespace radgen {
namespace {

TEST(Error, CodesMapToTheDocumentedExitCodes) {
  EXPECT_EQ(exit_code(ErrorCode::kInternal), 1);
  EXPECT_EQ(exit_code(ErrorCode::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorCode::kConfig), 2);
  EXPECT_EQ(exit_code(ErrorCode::kData), 3);
  EXPECT_EQ(exit_code(ErrorCode::kGate), 4);
  EXPECT_EQ(exit_code(ErrorCode::kResource), 5);
  EXPECT_STREQ(code_name(ErrorCode::kConfig), "config");
}

TEST(Error, EachCodeTellsProcessesWebClientsAndDicomPeersTheSame) {
  for (const ErrorCode code : {ErrorCode::kInternal, ErrorCode::kUsage, ErrorCode::kConfig,
                               ErrorCode::kData, ErrorCode::kGate, ErrorCode::kResource}) {
    const ErrorStatus& status = status_of(code);
    EXPECT_EQ(status.code, code);
    EXPECT_EQ(status.exit_code, exit_code(code));
    // Whose fault it is is the same in all three.
    const bool is_theirs = status.http < 500;
    EXPECT_EQ(is_theirs, status.dimse == 0xC000) << status.name;
    EXPECT_TRUE(status.http >= 400 && status.http < 600) << status.name;
  }
  EXPECT_EQ(status_of(ErrorCode::kData).http, 422);
  EXPECT_EQ(status_of(ErrorCode::kResource).dimse, 0xA700);
}

TEST(Check, NamesTheConditionAndThePlace) {
  const int answer = 41;
  try {
    RADGEN_CHECK(answer == 42, "wrong answer");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInternal);
    const std::string text = e.what();
    EXPECT_EQ(text.find("error_test.cpp:"), 0u) << text;
    EXPECT_NE(text.find("wrong answer"), std::string::npos);
    EXPECT_NE(text.find("answer == 42"), std::string::npos);
  }
  EXPECT_NO_THROW(RADGEN_CHECK(answer == 41, "never shown"));
}

TEST(Result, HoldsAValueOrTheReasonForNone) {
  const Result<std::string> good = std::string("film");
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, "film");
  EXPECT_EQ(good->size(), 4u);
  const Result<std::string> bad = Failure{"no_pixel_data", "the file has no PixelData"};
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.failure().reason, "no_pixel_data");
}

TEST(Result, CarriesMoveOnlyValues) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  ASSERT_TRUE(made);
  const std::unique_ptr<int> taken = std::move(*made);
  EXPECT_EQ(*taken, 7);
}

}  // namespace
}  // namespace radgen
