// JSON text with comments: parsing with errors that name line and column, and the line of every
// key.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace radgen {

// Throws Error{kData} "WHERE: line 3, column 7: not valid JSON". The text itself is never quoted:
// it may be a report.
nlohmann::json parse_json(std::string_view text, const std::string& where);

struct KeyLines {
  // "optimizer.lr_peak" -> 14; keys inside arrays are left out
  std::map<std::string, size_t> lines;
  std::vector<std::string> repeated;  // key paths that stand twice in one object
};

// `text` must be valid JSON (comments allowed).
KeyLines find_key_lines(std::string_view text);

}  // namespace radgen
