#include "radgen/report/tokenizer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "radgen/core/error.h"
#include "radgen/report/prompt.h"
#include "report/reference_cases.h"

namespace radgen {
namespace {

// A temporary folder that goes with the test.
class TokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() /
           ("radgen-tokenizer-" + std::to_string(::getpid()) + "-" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }
  static std::vector<std::string> texts() {
    std::vector<std::string> out;
    const char* sides[] = {"left", "right"};
    const char* words[] = {"effusion", "pneumothorax", "consolidation", "nodule of 1.4 cm",
                           "atelectasis"};
    for (const char* side : sides) {
      for (const char* word : words) {
        out.push_back(std::string("There is a ") + side + " " + word +
                      ". Heart size is normal.\nNo change of the " + word + ".");
        out.push_back(std::string("No ") + word + " in the " + side +
                      " lung. Lungs are clear.\nNormal chest.");
      }
    }
    return out;
  }
  Tokenizer trained(int size = 400) {
    const fs::path model = dir_ / "tokenizer.model";
    Tokenizer::train(texts(), size, model);
    return Tokenizer(model);
  }
  fs::path dir_;
};

TEST_F(TokenizerTest, SpecialIdsAreFixed) {
  const Tokenizer tokenizer = trained();
  const std::string text = "No effusion.\nNormal chest.";
  const auto ids = tokenizer.encode_ids(text);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), kSeparatorId), 1);
  for (int64_t id : ids) EXPECT_TRUE(id == kSeparatorId || id >= kFirstTextId) << id;
  EXPECT_EQ(tokenizer.decode({kPadId, kBosId, kAgeOldId, kMaleId, kReportId, kEosId}), "");
  std::vector<int64_t> framed{kBosId};
  framed.insert(framed.end(), ids.begin(), ids.end());
  framed.insert(framed.end(), {kEosId, kPadId});
  EXPECT_EQ(tokenizer.decode(framed), text);
}

TEST_F(TokenizerTest, OffsetsPointAtTheWordsOfTheText) {
  const Tokenizer tokenizer = trained();
  const std::string text = "No left effusion.\nA 1.4 cm nodule, caf\xC3\xA9 \xE2\x82\xAC.";
  size_t last = 0;
  std::string seen;
  for (const Token& token : tokenizer.encode(text)) {
    ASSERT_LE(token.begin, token.end);
    ASSERT_LE(token.end, text.size());
    EXPECT_GE(token.begin, last);
    last = token.end;
    seen += text.substr(token.begin, token.end - token.begin);
  }
  std::string without_blanks = text;
  std::erase(without_blanks, ' ');
  std::erase(seen, ' ');
  EXPECT_EQ(seen, without_blanks);
}

TEST_F(TokenizerTest, DecodeGivesTheSameTextAndSpans) {
  const Tokenizer tokenizer = trained();
  const std::string text = "No left effusion.\nA 1.4 cm nodule, caf\xC3\xA9 \xE2\x82\xAC.\n";
  std::vector<int64_t> ids{kBosId, kFemaleId};
  for (int64_t id : tokenizer.encode_ids(text)) ids.push_back(id);
  ids.push_back(kEosId);
  std::vector<std::pair<size_t, size_t>> spans;
  EXPECT_EQ(tokenizer.decode(ids, &spans), text);
  ASSERT_EQ(spans.size(), ids.size());
  EXPECT_EQ(spans.front().first, spans.front().second);
  EXPECT_EQ(spans.back().first, spans.back().second);
  size_t last = 0;
  for (const auto& [begin, end] : spans) {  // gapless, in order
    EXPECT_EQ(begin, last);
    EXPECT_GE(end, begin);
    last = end;
  }
  EXPECT_EQ(last, text.size());
}

TEST_F(TokenizerTest, TextCannotProduceSpecialIds) {
  const Tokenizer tokenizer = trained();
  const std::string text = "<separator> <report> <s> </s> <pad> <unk> <0x41>";
  for (int64_t id : tokenizer.encode_ids(text)) EXPECT_GE(id, kFirstTextId);
  EXPECT_EQ(tokenizer.decode(tokenizer.encode_ids(text)), text);
}

TEST_F(TokenizerTest, TrainingIsReproducibleAndBytesLoadAgain) {
  const Tokenizer first = trained();
  const Tokenizer second = trained();
  EXPECT_EQ(first.model_bytes(), second.model_bytes());
  const Tokenizer third = Tokenizer::from_bytes(first.model_bytes());
  EXPECT_EQ(third.encode_ids(texts()[3]), first.encode_ids(texts()[3]));
  EXPECT_LE(first.vocabulary_size(), 400);
}

TEST_F(TokenizerTest, SmallVocabularyIsRaisedToHoldEveryCharacter) {
  const Tokenizer tokenizer = trained(10);
  for (int64_t id : tokenizer.encode_ids(texts()[0])) EXPECT_NE(id, kUnknownId);
}

TEST_F(TokenizerTest, RefusesTooLittleTextAndForeignModels) {
  EXPECT_THROW(Tokenizer::train({}, 400, dir_ / "x.model"), Error);
  EXPECT_THROW(Tokenizer::train({"", "\n"}, 400, dir_ / "x.model"), Error);
  EXPECT_FALSE(fs::exists(dir_ / "x.model"));
  EXPECT_THROW(Tokenizer::from_bytes("no model"), Error);
  EXPECT_THROW(Tokenizer::from_bytes(""), Error);
  EXPECT_THROW(Tokenizer(dir_ / "missing.model"), Error);
}

TEST_F(TokenizerTest, RefusesAnIdOutsideTheVocabulary) {
  const Tokenizer tokenizer = trained();
  EXPECT_THROW(tokenizer.decode({tokenizer.vocabulary_size()}), Error);
  EXPECT_THROW(tokenizer.decode({-1}), Error);
}

TEST_F(TokenizerTest, EncodesFromManyThreads) {
  const Tokenizer tokenizer = trained();
  const auto expected = tokenizer.encode_ids(texts()[0]);
  std::vector<int> is_same(4);
  std::vector<std::thread> threads;
  for (int& same : is_same) {
    threads.emplace_back([&] {
      same = 1;
      for (int i = 0; i < 200; ++i) same = same && tokenizer.encode_ids(texts()[0]) == expected;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(is_same, std::vector<int>(4, 1));
}

TEST_F(TokenizerTest, PromptHoldsWhatIsKnownWithinItsRoom) {
  const Tokenizer tokenizer = trained();
  EXPECT_TRUE(prompt_ids(tokenizer, {}, 10).empty());
  EXPECT_EQ(prompt_ids(tokenizer, {.age_years = 65, .sex = "f"}, 10),
            (std::vector<int64_t>{kAgeSeniorId, kFemaleId, kReportId}));
  const Prompt full{
      .age_years = 91, .sex = "Male", .indication = "No left effusion, no right effusion"};
  const auto ids = prompt_ids(tokenizer, full, 100);
  EXPECT_EQ(ids.front(), kAgeOldId);
  EXPECT_EQ(ids.at(2), kIndicationId);
  EXPECT_EQ(ids.back(), kReportId);
  const auto cut = prompt_ids(tokenizer, full, 6);
  EXPECT_EQ(cut.size(), 6u);
  EXPECT_EQ(cut.back(), kReportId);
  EXPECT_EQ(std::vector<int64_t>(cut.begin(), cut.begin() + 5),
            std::vector<int64_t>(ids.begin(), ids.begin() + 5));
}

TEST(ForeignTokenizer, MatchesSentencepiece) {
  const auto files = reference_files("spm_");
  if (files.empty()) GTEST_SKIP() << "no spm_*.json in the reference folder";
  for (const fs::path& file : files) {
    const auto golden = read_json(file);
    const Tokenizer tokenizer =
        Tokenizer::foreign(file.parent_path() / golden.at("model").get<std::string>());
    EXPECT_THROW(Tokenizer(file.parent_path() / golden.at("model").get<std::string>()), Error);
    for (const auto& one : golden.at("cases")) {
      const std::string input = one.at("input");
      EXPECT_EQ(tokenizer.encode_ids(input),
                one.at("expected").at("ids").get<std::vector<int64_t>>())
          << file << " " << one.at("id");
      EXPECT_EQ(tokenizer.decode(tokenizer.encode_ids(input)),
                one.at("expected").at("decoded").get<std::string>())
          << file << " " << one.at("id");
    }
  }
}

}  // namespace
}  // namespace radgen
