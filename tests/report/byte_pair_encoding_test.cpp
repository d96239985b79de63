#include "radgen/report/byte_pair_encoding.h"

#include <gtest/gtest.h>

#include "radgen/core/error.h"
#include "radgen/report/prompt.h"
#include "report/reference_cases.h"
#include "report/small_vocabulary.h"

namespace radgen {
namespace {

std::vector<int64_t> ids_of(const std::vector<Token>& tokens) {
  std::vector<int64_t> ids;
  for (const Token& token : tokens) ids.push_back(token.id);
  return ids;
}

std::vector<std::string> pieces_of(const std::string& text) {
  std::vector<std::string> pieces;
  for (const auto& [begin, end] : gpt2_pretokens(text))
    pieces.push_back(text.substr(begin, end - begin));
  return pieces;
}

// The folder that a golden file was made with, below metrics/models.
fs::path gpt2_folder() { return reference_dir() / "metrics" / "models" / "gpt2"; }

TEST(ByteLevelBpeReference, IdsPretokensAndDecodingMatchGpt2) {
  const auto files = reference_files("gpt2_bpe");
  if (files.empty() || !fs::exists(gpt2_folder()))
    GTEST_SKIP() << "no gpt2_bpe*.json and models/gpt2 in the reference folder";
  const ByteLevelBpe bpe = ByteLevelBpe::from_folder(gpt2_folder());
  EXPECT_EQ(bpe.vocabulary_size(), 50257);
  for (const fs::path& file : files) {
    const nlohmann::json golden = read_json(file);
    for (const auto& item : golden.at("cases")) {
      SCOPED_TRACE(item.at("id").get<std::string>());
      const auto text = item.at("input").get<std::string>();
      const auto ids = item.at("expected").at("ids").get<std::vector<int64_t>>();
      EXPECT_EQ(pieces_of(text),
                item.at("expected").at("pretokens").get<std::vector<std::string>>());
      EXPECT_EQ(ids_of(bpe.encode(text)), ids);
      EXPECT_EQ(bpe.decode(ids), item.at("expected").at("decoded").get<std::string>());
    }
    for (const auto& item : golden.value("decode_cases", nlohmann::json::array()))
      EXPECT_EQ(bpe.decode(item.at("input_ids").get<std::vector<int64_t>>()),
                item.at("expected").at("decoded").get<std::string>())
          << item.at("id");
  }
}

TEST(Gpt2Pretokens, FollowThePattern) {
  using List = std::vector<std::string>;
  EXPECT_EQ(pieces_of("it's we're I'll"), (List{"it", "'s", " we", "'re", " I", "'ll"}));
  EXPECT_EQ(pieces_of("3.5 cm"), (List{"3", ".", "5", " cm"}));
  EXPECT_EQ(pieces_of("a   b"), (List{"a", "  ", " b"}));
  EXPECT_EQ(pieces_of("a  \n"), (List{"a", "  \n"}));
  EXPECT_EQ(pieces_of("a\n\nb"), (List{"a", "\n", "\n", "b"}));
  EXPECT_EQ(pieces_of("a\xC2\xA0\xC2\xA0"
                      "b"),
            (List{"a", "\xC2\xA0", "\xC2\xA0", "b"}));  // no-break spaces
  EXPECT_EQ(pieces_of("\xE2\x85\xA3\xC3\x9F"),
            (List{"\xE2\x85\xA3", "\xC3\x9F"}));  // a Roman four is a number
  EXPECT_EQ(pieces_of("x\xFF\xFEy"), (List{"x", "\xFF\xFE", "y"}));
  EXPECT_TRUE(pieces_of("").empty());
}

TEST(ReplaceBrokenUtf8, OneMarkForEachMaximalSubpart) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(replace_broken_utf8("a\xC3\xA9z"), "a\xC3\xA9z");
  EXPECT_EQ(replace_broken_utf8("\xC3"), mark);
  EXPECT_EQ(replace_broken_utf8("\xE2\x82z"), mark + "z");                       // a cut character
  EXPECT_EQ(replace_broken_utf8("\xED\xA0\x80"), mark + mark + mark);            // a surrogate
  EXPECT_EQ(replace_broken_utf8("\xF0\x80\x80\x41"), mark + mark + mark + "A");  // overlong
  std::vector<size_t> output_of;
  EXPECT_EQ(replace_broken_utf8("a\xFF"
                                "b",
                                &output_of),
            "a" + mark + "b");
  EXPECT_EQ(output_of, (std::vector<size_t>{0, 1, 4, 5}));
}

TEST(ByteLevelBpe, MergesInTheOrderOfTheMerges) {
  const auto [vocabulary, merges] = small_vocabulary();
  const ByteLevelBpe bpe = ByteLevelBpe::from_texts(vocabulary, merges, "test");
  EXPECT_EQ(ids_of(bpe.encode("lung lung")), (std::vector<int64_t>{258, 260}));
  EXPECT_EQ(ids_of(bpe.encode("ng")), std::vector<int64_t>{259});
  const std::vector<Token> tokens = bpe.encode("lung lun");
  ASSERT_EQ(tokens.size(), 3U);  // lung, the blank, lun
  EXPECT_EQ(tokens[2].id, 257);
  EXPECT_EQ(tokens[2].begin, 5U);
  EXPECT_EQ(tokens[2].end, 8U);
  EXPECT_EQ(bpe.id_of(" lung"), 260);
  EXPECT_EQ(bpe.id_of("heart"), -1);
}

TEST(ByteLevelBpe, EveryByteStringComesBack) {
  const auto [vocabulary, merges] = small_vocabulary();
  const ByteLevelBpe bpe = ByteLevelBpe::from_texts(vocabulary, merges, "test");
  std::string text;
  for (int i = 0; i < 1024; ++i) text += static_cast<char>((i * 167 + i / 256) % 256);
  EXPECT_EQ(bpe.decode_bytes(ids_of(bpe.encode(text))), text);
}

TEST(ByteLevelBpe, MalformedFilesAreRefused) {
  const auto [vocabulary, merges] = small_vocabulary();
  const auto refuses = [](const std::string& v, const std::string& m) {
    try {
      ByteLevelBpe::from_texts(v, m, "test");
    } catch (const Error& error) {
      return error.code() == ErrorCode::kData;
    }
    return false;
  };
  EXPECT_FALSE(refuses(vocabulary, merges));
  EXPECT_TRUE(refuses("[1, 2]", merges));
  EXPECT_TRUE(refuses("{\"a\": 0, \"b\": 7}", ""));
  EXPECT_TRUE(refuses("{\"a\": 0}", ""));
  EXPECT_TRUE(refuses(vocabulary, "l u n\n"));
  EXPECT_TRUE(refuses(vocabulary, "l\n"));
  EXPECT_TRUE(refuses(vocabulary, "h e\n"));
}

class Gpt2Tokenizer : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "radgen_gpt2_tokenizer_test";
    const auto [vocabulary, merges] = small_vocabulary();
    write_file_atomic(folder_ / "vocab.json", vocabulary);
    write_file_atomic(folder_ / "merges.txt", merges);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(Gpt2Tokenizer, SpecialIdsStayAndTheOthersFollow) {
  const Tokenizer tokenizer = Tokenizer::gpt2(folder_);
  ASSERT_NE(tokenizer.byte_level_bpe(), nullptr);
  EXPECT_EQ(tokenizer.vocabulary_size(), kFirstTextId + 262);
  const std::string text = "lung lung\nlung";
  const std::vector<Token> tokens = tokenizer.encode(text);
  EXPECT_EQ(ids_of(tokens), (std::vector<int64_t>{kFirstTextId + 258, kFirstTextId + 260,
                                                  kSeparatorId, kFirstTextId + 258}));
  EXPECT_EQ(tokens[1].begin, 5U);  // the word without its blank
  std::vector<std::pair<size_t, size_t>> spans;
  std::vector<int64_t> ids = ids_of(tokens);
  ids.insert(ids.begin(), kBosId);
  ids.push_back(kEosId);
  EXPECT_EQ(tokenizer.decode(ids, &spans), text);
  ASSERT_EQ(spans.size(), ids.size());
  EXPECT_EQ(spans[0], (std::pair<size_t, size_t>{0, 0}));
  EXPECT_EQ(spans[2], (std::pair<size_t, size_t>{4, 9}));
  EXPECT_EQ(spans[4], (std::pair<size_t, size_t>{10, 14}));
}

TEST_F(Gpt2Tokenizer, TravelsAsTokenizerModel) {
  const Tokenizer tokenizer = Tokenizer::gpt2(folder_);
  write_file_atomic(folder_ / "tokenizer.model", tokenizer.model_bytes());
  const Tokenizer again(folder_ / "tokenizer.model");
  EXPECT_EQ(again.encode_ids("the lung\nis clear"), tokenizer.encode_ids("the lung\nis clear"));
  EXPECT_EQ(again.vocabulary_size(), tokenizer.vocabulary_size());
  EXPECT_THROW(Tokenizer::from_bytes("{\"type\": \"other\"}"), Error);
}

TEST_F(Gpt2Tokenizer, CharacterOfSeveralTokensBelongsToTheLast) {
  const Tokenizer tokenizer = Tokenizer::gpt2(folder_);
  std::vector<std::pair<size_t, size_t>> spans;
  const std::vector<int64_t> ids = tokenizer.encode_ids(
      "\xC2\xB0"
      "C");
  ASSERT_EQ(ids.size(), 3U);
  EXPECT_EQ(tokenizer.decode(ids, &spans),
            "\xC2\xB0"
            "C");
  EXPECT_EQ(spans[0], (std::pair<size_t, size_t>{0, 0}));
  EXPECT_EQ(spans[1], (std::pair<size_t, size_t>{0, 2}));
  EXPECT_EQ(tokenizer.decode({ids[0]}), "\xEF\xBF\xBD");
}

TEST(Gpt2TokenizerFolder, WithoutVocabularyIsRefusedWithWhatToDo) {
  try {
    Tokenizer::gpt2(testing::TempDir());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    EXPECT_NE(std::string(error.what()).find("no vocab.json and merges.txt"), std::string::npos);
  }
}

}  // namespace
}  // namespace radgen
