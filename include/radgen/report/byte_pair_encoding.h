// GPT-2's byte-level byte pair encoding (Radford et al. 2019): every byte is a symbol, so that
// every text can be written and comes back exactly.
//
//   ByteLevelBpe bpe = ByteLevelBpe::from_folder("gpt2");     // vocab.json and merges.txt
//   for (const Token& t : bpe.encode("Heart size is normal.")) ...    // t.begin, t.end: bytes
//   std::string text = bpe.decode(ids);
//
// A text is first cut by the pattern
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// (classes of Unicode 14), then the bytes of each piece are merged in the order of the merges.
// Bytes that are no UTF-8 count as one character each that is no letter, number or space.
// <|endoftext|> in a text is text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "radgen/report/tokenizer.h"

namespace radgen {

class ByteLevelBpe {
 public:
  // vocab.json and merges.txt, or encoder.json and vocab.bpe. Throws Error{kData}: a file is
  // missing or malformed, a merge names a piece that is not in the vocabulary, one of the 256 bytes
  // has no piece.
  static ByteLevelBpe from_folder(const std::filesystem::path& folder);
  // `vocabulary_json` maps pieces to ids 0..n-1; `merges` has a pair a line, best first. `where`
  // stands in messages.
  static ByteLevelBpe from_texts(const std::string& vocabulary_json, const std::string& merges,
                                 const std::string& where);

  // The ids of the text; begin and end are the bytes each one covers, a leading space included.
  std::vector<Token> encode(std::string_view text) const;
  // The bytes of the ids, as they are: the end of a cut text may be half a character. Throws
  // Error{kInternal} for an id that is not in the vocabulary.
  std::string decode_bytes(const std::vector<int64_t>& ids) const;
  // The same as valid UTF-8: what is not becomes U+FFFD, one for each longest broken start of a
  // character (Unicode 14, section 3.9, "Substitution of Maximal Subparts").
  std::string decode(const std::vector<int64_t>& ids) const;

  int64_t vocabulary_size() const { return static_cast<int64_t>(bytes_of_.size()); }
  int64_t id_of(
      const std::string& bytes) const;  // of the piece with exactly these bytes; -1: there is none
  const std::string& vocabulary_json() const { return vocabulary_json_; }
  const std::string& merges() const { return merges_; }

 private:
  struct Merge {
    int64_t rank, id;
  };
  void merge_piece(std::string_view text, size_t begin, size_t end,
                   std::vector<Token>& tokens) const;

  std::string vocabulary_json_, merges_;
  std::vector<std::string> bytes_of_;               // by id
  std::unordered_map<std::string, int64_t> id_of_;  // by bytes
  std::unordered_map<uint64_t, Merge> merge_of_;    // by left id << 32 | right id
  int64_t byte_id_[256] = {};
};

// The pieces that the pattern above cuts a text into, as [begin, end) in bytes.
std::vector<std::pair<size_t, size_t>> gpt2_pretokens(std::string_view text);

// Valid UTF-8 as decode() makes it. `output_of`, when given, gets for each byte of the input, and
// for its end, where the character that it belongs to begins in the result.
std::string replace_broken_utf8(std::string_view bytes, std::vector<size_t>* output_of = nullptr);

}  // namespace radgen
