#include "radgen/report/tokenizer.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unordered_map>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/report/byte_pair_encoding.h"
#include "radgen/report/prompt.h"
#include "report/characters.h"

namespace radgen {
namespace {

namespace sp = sentencepiece;

constexpr int kByteCount = 256;  // pieces for bytes that no other piece covers
constexpr const char* kBpeType = "byte_level_bpe";

// Gives the trainer one line at a time, straight from memory.
class LineIterator final : public sp::SentenceIterator {
 public:
  explicit LineIterator(const std::vector<std::string>& texts) : texts_(texts) { Next(); }
  bool done() const override { return is_done_; }
  void Next() override {
    while (index_ < texts_.size()) {
      const std::string& text = texts_[index_];
      const size_t end = std::min(text.find('\n', at_), text.size());
      line_ = std::string(trim(std::string_view(text).substr(at_, end - at_)));
      at_ = end + 1;
      if (at_ > text.size()) at_ = 0, ++index_;
      if (!line_.empty()) return;
    }
    is_done_ = true;
  }
  const std::string& value() const override { return line_; }
  sp::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& texts_;
  size_t index_ = 0, at_ = 0;
  std::string line_;
  bool is_done_ = false;
};

size_t distinct_characters(const std::vector<std::string>& texts) {
  std::set<std::string_view> characters;
  for (const std::string& text : texts) {
    for (size_t i = 0; i < text.size();) {
      size_t end = i + 1;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
      characters.insert(std::string_view(text).substr(i, end - i));
      i = end;
    }
  }
  return characters.size();
}

}  // namespace

struct Tokenizer::State {
  sp::SentencePieceProcessor processor;
  std::optional<ByteLevelBpe> bpe;  // in its place
  std::string bytes;
  bool is_ours =
      true;  // special ids and separator as in the header; false: as the foreign model has it

  static std::unique_ptr<State> load(std::string model, const std::string& where, bool is_ours);
  static std::unique_ptr<State> load_bpe(std::string model, const std::string& where);
  void encode_line(std::string_view line, size_t offset, std::vector<Token>& tokens) const;
  void decode_bpe(const std::vector<int>& run, std::string& text,
                  std::vector<std::pair<size_t, size_t>>* spans) const;
  void decode_run(const std::vector<int>& run, std::string& text,
                  std::vector<std::pair<size_t, size_t>>* spans) const;
};

std::unique_ptr<Tokenizer::State> Tokenizer::State::load(std::string model,
                                                         const std::string& where, bool is_ours) {
  if (is_ours && !model.empty() && model.front() == '{') return load_bpe(std::move(model), where);
  auto state = std::make_unique<State>();
  const auto status = state->processor.LoadFromSerializedProto(model);
  if (!status.ok()) {
    throw Error(ErrorCode::kData, where + ": is no sentencepiece model",
                "copy tokenizer.model again from its source");
  }
  state->bytes = std::move(model);
  state->is_ours = is_ours;
  if (!is_ours) return state;
  const sp::SentencePieceProcessor& p = state->processor;
  bool is_right = p.pad_id() == kPadId && p.unk_id() == kUnknownId && p.bos_id() == kBosId &&
                  p.eos_id() == kEosId;
  for (size_t i = 0; i < reserved_pieces().size(); ++i) {
    is_right = is_right && p.PieceToId(reserved_pieces()[i]) == kSeparatorId + static_cast<int>(i);
  }
  if (!is_right) {
    throw Error(ErrorCode::kData,
                where + ": the special tokens are not at ids 0 to 12, as this program numbers them",
                "use a tokenizer.model that preprocess-radgen wrote");
  }
  return state;
}

std::unique_ptr<Tokenizer::State> Tokenizer::State::load_bpe(std::string model,
                                                             const std::string& where) {
  const nlohmann::json json = nlohmann::json::parse(model, nullptr, /*allow_exceptions=*/false);
  const auto text = [&](const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string()
               ? json[key].get<std::string>()
               : "";
  };
  if (text("type") != kBpeType)
    throw Error(ErrorCode::kData, where + ": is neither a sentencepiece model nor a byte-level BPE",
                "copy tokenizer.model again from its source");
  auto state = std::make_unique<State>();
  state->bpe = ByteLevelBpe::from_texts(text("vocabulary"), text("merges"), where);
  state->bytes = std::move(model);
  return state;
}

void Tokenizer::State::encode_line(std::string_view line, size_t offset,
                                   std::vector<Token>& tokens) const {
  const size_t first = tokens.size();
  if (bpe) {
    for (const Token& token : bpe->encode(line))
      tokens.push_back({kFirstTextId + token.id, offset + token.begin, offset + token.end});
  } else {
    const auto encoded = processor.EncodeAsImmutableProto(line);
    for (const auto& piece : encoded.pieces())
      tokens.push_back(
          {static_cast<int64_t>(piece.id()), offset + piece.begin(), offset + piece.end()});
  }
  // A piece holds the blank before its word; the token is the word.
  for (size_t i = first; i < tokens.size(); ++i) {
    Token& token = tokens[i];
    while (token.begin + 1 < token.end && is_space(line[token.begin - offset])) ++token.begin;
  }
}

// Special ids make nothing. A character that several ids make belongs to the last of them.
void Tokenizer::State::decode_bpe(const std::vector<int>& run, std::string& text,
                                  std::vector<std::pair<size_t, size_t>>* spans) const {
  std::vector<int64_t> ids;
  std::vector<size_t> ends;  // bytes made by the ids up to and with each one
  size_t length = 0;
  for (int id : run) {
    if (id >= kFirstTextId) {
      ids.push_back(id - kFirstTextId);
      length += bpe->decode_bytes({ids.back()}).size();
    }
    ends.push_back(length);
  }
  std::vector<size_t> output_of;
  const std::string made = replace_broken_utf8(bpe->decode_bytes(ids), &output_of);
  if (spans) {
    for (size_t i = 0; i < ends.size(); ++i)
      spans->emplace_back(text.size() + output_of[i == 0 ? 0 : ends[i - 1]],
                          text.size() + output_of[ends[i]]);
  }
  text += made;
}

void Tokenizer::State::decode_run(const std::vector<int>& run, std::string& text,
                                  std::vector<std::pair<size_t, size_t>>* spans) const {
  if (run.empty()) return;
  if (bpe) return decode_bpe(run, text, spans);
  const auto decoded = processor.DecodeIdsAsImmutableProto(run);
  if (spans) {
    for (const auto& piece : decoded.pieces()) {
      spans->emplace_back(text.size() + piece.begin(), text.size() + piece.end());
    }
  }
  text += decoded.text();
}

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(const std::filesystem::path& model)
    : state_(State::load(read_file(model), model.string(), true)) {}
Tokenizer Tokenizer::from_bytes(const std::string& model_bytes) {
  return Tokenizer(State::load(model_bytes, "tokenizer.model", true));
}
Tokenizer Tokenizer::foreign(const std::filesystem::path& model) {
  return Tokenizer(State::load(read_file(model), model.string(), false));
}
Tokenizer Tokenizer::gpt2(const std::filesystem::path& folder) {
  const ByteLevelBpe bpe = ByteLevelBpe::from_folder(folder);
  const nlohmann::ordered_json model = {
      {"type", kBpeType}, {"vocabulary", bpe.vocabulary_json()}, {"merges", bpe.merges()}};
  const auto text = model.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return Tokenizer(State::load(text, folder.string(), true));
}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

void Tokenizer::train(const std::vector<std::string>& texts, int vocabulary_size,
                      const std::filesystem::path& output) {
  const int fixed = static_cast<int>(kFirstTextId) + kByteCount;
  const int smallest = fixed + static_cast<int>(distinct_characters(texts)) + 1;
  std::string control_symbols;
  for (const std::string& piece : reserved_pieces())
    control_symbols += (control_symbols.empty() ? "" : ",") + piece;
  const std::unordered_map<std::string, std::string> options{
      {"minloglevel", "2"},
      {"model_type", "unigram"},
      {"vocab_size", std::to_string(std::max(vocabulary_size, smallest))},
      {"hard_vocab_limit", "false"},
      {"character_coverage", "1.0"},
      {"byte_fallback", "true"},
      {"normalization_rule_name", "identity"},  // offsets and case stay those of the text
      {"num_threads", "1"},                     // the same model on every machine
      {"max_sentence_length", "1000000"},
      {"pad_id", std::to_string(kPadId)},
      {"unk_id", std::to_string(kUnknownId)},
      {"bos_id", std::to_string(kBosId)},
      {"eos_id", std::to_string(kEosId)},
      {"control_symbols", control_symbols}};  // control: never produced from text
  LineIterator lines(texts);
  std::string model;
  const auto status = sp::SentencePieceTrainer::Train(options, &lines, &model);
  if (!status.ok() || model.empty()) {
    throw Error(ErrorCode::kData,
                "cannot train a tokenizer of " + std::to_string(vocabulary_size) + " tokens on " +
                    std::to_string(texts.size()) + " texts: too little text",
                "give more reports");
  }
  State::load(model, output.string(), true);
  write_file_atomic(output, model);
}

std::vector<Token> Tokenizer::encode(const std::string& text) const {
  std::vector<Token> tokens;
  if (!state_->is_ours) {
    state_->encode_line(text, 0, tokens);
    return tokens;
  }
  for (size_t begin = 0;;) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    state_->encode_line(std::string_view(text).substr(begin, end - begin), begin, tokens);
    if (end == text.size()) return tokens;
    tokens.push_back({kSeparatorId, end, end + 1});
    begin = end + 1;
  }
}

std::vector<int64_t> Tokenizer::encode_ids(const std::string& text) const {
  std::vector<int64_t> ids;
  for (const Token& token : encode(text)) ids.push_back(token.id);
  return ids;
}

std::string Tokenizer::decode(const std::vector<int64_t>& ids,
                              std::vector<std::pair<size_t, size_t>>* spans) const {
  std::string text;
  std::vector<int> run;
  if (spans) spans->clear();
  const auto flush = [&] {
    state_->decode_run(run, text, spans);
    run.clear();
  };
  for (int64_t id : ids) {
    if (id < 0 || id >= vocabulary_size()) {
      throw Error(ErrorCode::kInternal, "token id " + std::to_string(id) +
                                            " is not in the vocabulary of " +
                                            std::to_string(vocabulary_size()));
    }
    if (state_->is_ours && id == kSeparatorId) {
      flush();
      if (spans) spans->emplace_back(text.size(), text.size() + 1);
      text += '\n';
    } else {
      run.push_back(static_cast<int>(id));
    }
  }
  flush();
  return text;
}

int64_t Tokenizer::vocabulary_size() const {
  return state_->bpe ? kFirstTextId + state_->bpe->vocabulary_size()
                     : state_->processor.GetPieceSize();
}
const ByteLevelBpe* Tokenizer::byte_level_bpe() const {
  return state_->bpe ? &*state_->bpe : nullptr;
}
const std::string& Tokenizer::model_bytes() const { return state_->bytes; }

}  // namespace radgen
