// Tokenizer: sentencepiece (unigram) with byte offsets, so that finding words map to tokens.
//
//   // training split only
//   Tokenizer::train({"Heart size is normal.", ...}, 1000, "tokenizer.model");
//   Tokenizer tokenizer("tokenizer.model");
//   for (const Token& t : tokenizer.encode(text)) ...  // t.begin, t.end: bytes of `text`
//
// Special ids are fixed: pad 0, unk 1, bos 2, eos 3, and kSeparator 4 between findings and
// impression (written as a newline in the text). Ids 5..12 are reserved for prompt tokens (see
// prompt.h).
//
// For weights of a public text model its own byte-level BPE takes sentencepiece's place
// (Tokenizer::gpt2): the 13 special ids stay where they are, and id 13 is the model's token 0.
// tokenizer.model then is a JSON object that holds vocab.json and merges.txt; it is read like any
// other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace radgen {

class ByteLevelBpe;

inline constexpr int64_t kPadId = 0, kUnknownId = 1, kBosId = 2, kEosId = 3, kSeparatorId = 4;

struct Token {
  int64_t id = 0;
  size_t begin = 0, end = 0;  // bytes in the text that was encoded
};

class Tokenizer {
 public:
  explicit Tokenizer(const std::filesystem::path& model);  // throws Error{kData}
  static Tokenizer from_bytes(const std::string& model_bytes);
  // A sentencepiece model of another program: encodes and decodes as sentencepiece does, with that
  // model's own special ids and without a separator. For comparisons only.
  static Tokenizer foreign(const std::filesystem::path& model);
  // The tokenizer of a GPT-2 folder: vocab.json and merges.txt. Throws Error{kData}.
  static Tokenizer gpt2(const std::filesystem::path& folder);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  // Trains on the texts and writes the model atomically. `vocabulary_size` counts the 13 special
  // ids and 256 byte pieces; it is raised where it has no room for every character. Throws
  // Error{kData} when the texts are too few.
  static void train(const std::vector<std::string>& texts, int vocabulary_size,
                    const std::filesystem::path& output);

  // without bos/eos; "\n" becomes kSeparatorId
  std::vector<Token> encode(const std::string& text) const;
  std::vector<int64_t> encode_ids(const std::string& text) const;
  // Skips pad, bos, eos; the separator becomes "\n". With `spans`, the bytes of the result that
  // each input id made (empty spans for skipped ids).
  std::string decode(const std::vector<int64_t>& ids,
                     std::vector<std::pair<size_t, size_t>>* spans = nullptr) const;
  int64_t vocabulary_size() const;
  const std::string& model_bytes() const;  // what goes into the model folder
  // The encoding behind a tokenizer that gpt2() made; its id i is ours kFirstTextId + i. Null:
  // sentencepiece.
  const ByteLevelBpe* byte_level_bpe() const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace radgen
