// A byte-level BPE vocabulary of 262 pieces: vocab.json and merges.txt as texts.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace radgen {

// A vocabulary of the 256 bytes, in their own order, and a few merges.
inline std::pair<std::string, std::string> small_vocabulary() {
  nlohmann::ordered_json vocabulary;
  int64_t id = 0, hidden = 0x100;
  const auto character = [](int64_t code) {
    std::string text;
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    text += static_cast<char>(0xC0 | (code >> 6));
    text += static_cast<char>(0x80 | (code & 0x3F));
    return text;
  };
  for (int64_t b = 0; b < 256; ++b) {
    const bool shows = (b > 32 && b < 127) || (b > 160 && b != 173);
    vocabulary[character(shows ? b : hidden++)] = id++;
  }
  const std::string blank = character(0x120);
  std::string merges = "#version: 0.2\n";
  for (const auto& [left, right] : std::vector<std::pair<std::string, std::string>>{
           {"l", "u"}, {"lu", "n"}, {"lun", "g"}, {"n", "g"}, {blank, "lung"}}) {
    merges += left + " " + right + "\n";
    vocabulary[left + right] = id++;
  }
  vocabulary["<|endoftext|>"] = id++;
  return {vocabulary.dump(), merges};
}

}  // namespace radgen
