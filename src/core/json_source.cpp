#include "core/json_source.h"

#include <algorithm>

#include "radgen/core/error.h"

namespace radgen {

nlohmann::json parse_json(std::string_view text, const std::string& where) {
  try {
    return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/true,
                                 /*ignore_comments=*/true);
  } catch (const nlohmann::json::parse_error& e) {
    const size_t at = std::min(text.size(), e.byte > 0 ? e.byte - 1 : 0);
    const std::string_view before = text.substr(0, at);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t newline = before.rfind('\n');
    const size_t column = newline == std::string_view::npos ? at + 1 : at - newline;
    const bool is_cut = at >= text.size();
    throw Error(ErrorCode::kData, where + ": line " + std::to_string(line) + ", column " +
                                      std::to_string(column) + ": not valid JSON" +
                                      (is_cut ? " (the text ends too early)" : ""));
  }
}

namespace {

class KeyScanner {
 public:
  explicit KeyScanner(std::string_view text) : text_(text) {}

  KeyLines scan() {
    skip_space();
    value("", /*is_recorded=*/true);
    return std::move(found_);
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void step() {
    if (peek() == '\n') ++line_;
    ++at_;
  }

  void skip_space() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "//") {
        while (at_ < text_.size() && peek() != '\n') step();
      } else if (text_.substr(at_, 2) == "/*") {
        while (at_ < text_.size() && text_.substr(at_, 2) != "*/") step();
        at_ += 2;
      } else if (std::string_view(" \t\r\n\xEF\xBB\xBF").find(peek()) != std::string_view::npos) {
        step();
      } else {
        return;
      }
    }
  }

  std::string string() {
    std::string out;
    step();
    while (at_ < text_.size() && peek() != '"') {
      if (peek() == '\\') {
        out += peek();
        step();
      }
      out += peek();
      step();
    }
    step();
    return out;
  }

  void value(const std::string& path, bool is_recorded) {
    if (peek() == '{') {
      object(path, is_recorded);
    } else if (peek() == '[') {
      step();
      for (skip_space(); at_ < text_.size() && peek() != ']'; separator()) value(path, false);
      step();
    } else if (peek() == '"') {
      string();
    } else {
      while (at_ < text_.size() &&
             std::string_view(",]} \t\r\n/").find(peek()) == std::string_view::npos)
        step();
    }
  }

  void object(const std::string& path, bool is_recorded) {
    step();
    for (skip_space(); at_ < text_.size() && peek() != '}'; separator()) {
      const size_t line = line_;
      const std::string name = string();
      const std::string key = path.empty() ? name : path + "." + name;
      if (is_recorded && !found_.lines.emplace(key, line).second) found_.repeated.push_back(key);
      skip_space();
      step();  // the colon
      skip_space();
      value(key, is_recorded);
    }
    step();
  }

  void separator() {
    skip_space();
    if (peek() == ',') step();
    skip_space();
  }

  std::string_view text_;
  size_t at_ = 0, line_ = 1;
  KeyLines found_;
};

}  // namespace

KeyLines find_key_lines(std::string_view text) { return KeyScanner(text).scan(); }

}  // namespace radgen
