#include "radgen/report/byte_pair_encoding.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/utf8.h"
#include "unicode_classes.h"

namespace radgen {
namespace {

enum class Kind { kLetter, kNumber, kSpace, kOther };

struct Character {
  Kind kind;
  size_t length;
};

Character character_at(std::string_view text, size_t at) {
  const Utf8Character c = utf8_character(text, at);
  if (!c.is_valid) return {Kind::kOther, 1};
  const Kind kind = is_unicode_letter(c.code)   ? Kind::kLetter
                    : is_unicode_number(c.code) ? Kind::kNumber
                    : is_unicode_space(c.code)  ? Kind::kSpace
                                                : Kind::kOther;
  return {kind, c.length};
}

// The end of the longest run of `kind` from `at` on.
size_t run_end(std::string_view text, size_t at, Kind kind) {
  while (at < text.size()) {
    const Character c = character_at(text, at);
    if (c.kind != kind) break;
    at += c.length;
  }
  return at;
}

// White space: all but the last character when something else follows, so that a space stays with
// its word.
size_t space_end(std::string_view text, size_t at) {
  size_t last = at, end = at;
  while (end < text.size()) {
    const Character c = character_at(text, end);
    if (c.kind != Kind::kSpace) break;
    last = end;
    end += c.length;
  }
  return end < text.size() && last > at ? last : end;
}

size_t pretoken_end(std::string_view text, size_t at) {
  for (std::string_view contraction : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.substr(at, contraction.size()) == contraction) return at + contraction.size();
  const size_t word = at + (text[at] == ' ' ? 1 : 0);
  if (word < text.size()) {
    const Kind kind = character_at(text, word).kind;
    if (kind != Kind::kSpace) return run_end(text, word, kind);
  }
  return space_end(text, at);
}

// GPT-2 writes each byte as a printable character: those of ASCII and Latin-1 that show stand for
// themselves, the others for U+0100 onwards in their order (encoder.py, bytes_to_unicode).
std::array<std::string, 256> printable_bytes() {
  std::array<std::string, 256> pieces;
  char32_t next = 0x100;
  for (size_t b = 0; b < 256; ++b) {
    const bool shows = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    const char32_t code = shows ? static_cast<char32_t>(b) : next++;
    if (code < 0x80) {
      pieces[b] = static_cast<char>(code);
    } else {
      pieces[b] = {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
    }
  }
  return pieces;
}

// The bytes that a piece of the vocabulary stands for; none: it holds a character that stands for
// no byte.
std::optional<std::string> bytes_of_piece(std::string_view piece) {
  static const std::unordered_map<std::string, char> byte_of = [] {
    std::unordered_map<std::string, char> map;
    const auto pieces = printable_bytes();
    for (size_t b = 0; b < 256; ++b) map[pieces[b]] = static_cast<char>(b);
    return map;
  }();
  std::string bytes;
  for (size_t at = 0; at < piece.size();) {
    const size_t length = utf8_character(piece, at).length;
    const auto found = byte_of.find(std::string(piece.substr(at, length)));
    if (found == byte_of.end()) return std::nullopt;
    bytes += found->second;
    at += length;
  }
  return bytes;
}

[[noreturn]] void malformed(const std::string& where, const std::string& what) {
  throw Error(ErrorCode::kData, where + ": is no byte-level BPE vocabulary: " + what,
              "copy vocab.json and merges.txt again from where the text model came");
}

uint64_t pair_key(int64_t left, int64_t right) {
  return (static_cast<uint64_t>(left) << 32) | static_cast<uint64_t>(right);
}

// Pieces by id; what is written as a whole (<|endoftext|>) and stands for no bytes of a text keeps
// its own spelling.
std::vector<std::string> read_vocabulary(const std::string& text, const std::string& where) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.empty()) malformed(where, "vocab.json is no JSON object");
  std::vector<std::string> pieces(json.size());
  std::vector<bool> is_there(json.size());
  for (const auto& [piece, value] : json.items()) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() >= json.size())
      malformed(where, "the ids are not 0 to " + std::to_string(json.size() - 1));
    const auto id = value.get<size_t>();
    if (is_there[id]) malformed(where, "id " + std::to_string(id) + " is there twice");
    is_there[id] = true;
    pieces[id] = piece;
  }
  return pieces;
}

}  // namespace

std::vector<std::pair<size_t, size_t>> gpt2_pretokens(std::string_view text) {
  std::vector<std::pair<size_t, size_t>> pieces;
  for (size_t at = 0; at < text.size();) {
    const size_t end = pretoken_end(text, at);
    pieces.emplace_back(at, end);
    at = end;
  }
  return pieces;
}

std::string replace_broken_utf8(std::string_view bytes, std::vector<size_t>* output_of) {
  std::string out;
  if (output_of) output_of->clear();
  for (size_t at = 0; at < bytes.size();) {
    const Utf8Character c = utf8_character(bytes, at);
    if (output_of) output_of->insert(output_of->end(), c.length, out.size());
    out += c.is_valid ? bytes.substr(at, c.length) : std::string_view("\xEF\xBF\xBD");
    at += c.length;
  }
  if (output_of) output_of->push_back(out.size());
  return out;
}

ByteLevelBpe ByteLevelBpe::from_folder(const fs::path& folder) {
  for (const auto& [vocabulary, merges] :
       {std::pair{"vocab.json", "merges.txt"}, {"encoder.json", "vocab.bpe"}}) {
    if (fs::exists(folder / vocabulary) && fs::exists(folder / merges))
      return from_texts(read_file(folder / vocabulary), read_file(folder / merges),
                        folder.string());
  }
  throw Error(
      ErrorCode::kData, "no vocab.json and merges.txt in " + folder.string(),
      "a text model's weights need its own tokenizer: copy both files from where the weights came");
}

ByteLevelBpe ByteLevelBpe::from_texts(const std::string& vocabulary_json, const std::string& merges,
                                      const std::string& where) {
  ByteLevelBpe bpe;
  bpe.vocabulary_json_ = vocabulary_json;
  bpe.merges_ = merges;
  std::unordered_map<std::string, int64_t> id_of_piece;
  for (const std::string& piece : read_vocabulary(vocabulary_json, where)) {
    const auto id = static_cast<int64_t>(bpe.bytes_of_.size());
    id_of_piece[piece] = id;
    const std::optional<std::string> bytes = bytes_of_piece(piece);
    bpe.bytes_of_.push_back(bytes.value_or(piece));
    bpe.id_of_.emplace(bpe.bytes_of_.back(), id);
  }
  const auto pieces = printable_bytes();
  for (size_t b = 0; b < 256; ++b) {
    const auto found = id_of_piece.find(pieces[b]);
    if (found == id_of_piece.end()) malformed(where, "byte " + std::to_string(b) + " has no piece");
    bpe.byte_id_[b] = found->second;
  }
  int64_t rank = 0;
  size_t number = 0;
  for (size_t begin = 0; begin < merges.size(); ++number) {
    const size_t end = std::min(merges.find('\n', begin), merges.size());
    std::string line = merges.substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || (number == 0 && line.rfind("#version", 0) == 0)) continue;
    const size_t space = line.find(' ');
    const auto id = [&](const std::string& piece) {
      const auto found = id_of_piece.find(piece);
      if (found == id_of_piece.end())
        malformed(where, "line " + std::to_string(number + 1) +
                             " of the merges names a piece that is not in the vocabulary");
      return found->second;
    };
    if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos)
      malformed(where, "line " + std::to_string(number + 1) + " of the merges is no pair");
    const std::string left = line.substr(0, space), right = line.substr(space + 1);
    bpe.merge_of_.emplace(pair_key(id(left), id(right)), Merge{rank++, id(left + right)});
  }
  return bpe;
}

// Merges the pair of the lowest rank until none is left. Quadratic in the longest piece; pieces are
// words.
void ByteLevelBpe::merge_piece(std::string_view text, size_t begin, size_t end,
                               std::vector<Token>& tokens) const {
  std::vector<Token> symbols;
  for (size_t at = begin; at < end; ++at)
    symbols.push_back({byte_id_[static_cast<unsigned char>(text[at])], at, at + 1});
  while (symbols.size() > 1) {
    Merge best{std::numeric_limits<int64_t>::max(), -1};
    int64_t left = -1, right = -1;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = merge_of_.find(pair_key(symbols[i].id, symbols[i + 1].id));
      if (found == merge_of_.end() || found->second.rank >= best.rank) continue;
      best = found->second;
      left = symbols[i].id;
      right = symbols[i + 1].id;
    }
    if (best.id < 0) break;
    std::vector<Token> merged;
    for (size_t i = 0; i < symbols.size(); ++i) {
      const bool is_pair =
          i + 1 < symbols.size() && symbols[i].id == left && symbols[i + 1].id == right;
      merged.push_back(is_pair ? Token{best.id, symbols[i].begin, symbols[i + 1].end} : symbols[i]);
      if (is_pair) ++i;
    }
    symbols = std::move(merged);
  }
  tokens.insert(tokens.end(), symbols.begin(), symbols.end());
}

std::vector<Token> ByteLevelBpe::encode(std::string_view text) const {
  std::vector<Token> tokens;
  for (const auto& [begin, end] : gpt2_pretokens(text)) merge_piece(text, begin, end, tokens);
  return tokens;
}

std::string ByteLevelBpe::decode_bytes(const std::vector<int64_t>& ids) const {
  std::string bytes;
  for (int64_t id : ids) {
    RADGEN_CHECK(id >= 0 && id < vocabulary_size(), "a token id is not in the vocabulary");
    bytes += bytes_of_[static_cast<size_t>(id)];
  }
  return bytes;
}

std::string ByteLevelBpe::decode(const std::vector<int64_t>& ids) const {
  return replace_broken_utf8(decode_bytes(ids));
}

int64_t ByteLevelBpe::id_of(const std::string& bytes) const {
  const auto found = id_of_.find(bytes);
  return found == id_of_.end() ? -1 : found->second;
}

}  // namespace radgen
