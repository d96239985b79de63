// libFuzzer target: a model folder, its configuration, calibration, tokenizer and weights one after
// the other with a NUL between them. The hashes are put right, or nothing behind them would be
// reached. A tokenizer holds NULs: it is given by its length, four bytes, little endian.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "fuzz_support.h"
#include "radgen/core/files.h"
#include "radgen/inference/model_folder.h"

namespace {

std::string_view next_part(std::string_view& bytes) {
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  const std::string_view part = bytes.substr(0, end);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return part;
}

// JSON that a hash of ours stands in; other bytes stay as they are.
template <class Change>
std::string with_hash(std::string_view text, const Change& change) {
  auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::string(text);
  change(json);
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace radgen;
  static const fuzz::Folder folder;
  std::string_view bytes = fuzz::text_of(data, size);
  folder.write("config.json", next_part(bytes));
  folder.write("calibration.json", with_hash(next_part(bytes), [](nlohmann::json& calibration) {
                 const auto values = calibration.value("values", nlohmann::json::object());
                 calibration["sha256"] = sha256_hex(
                     values.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
               }));
  uint32_t length = 0;
  if (bytes.size() >= sizeof length) {
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
  }
  folder.write("tokenizer.model", bytes.substr(0, length));
  bytes.remove_prefix(std::min<size_t>(length, bytes.size()));
  folder.write("model.safetensors", bytes);
  nlohmann::json card = {{"format", 1}};
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.model"})
    card["files"][name] = sha256_file(folder.path() / name);
  folder.write("model_card.json", card.dump());
  fuzz::expect_value_or_error([&] { (void)load_model_folder(folder.path()); });
  return 0;
}
