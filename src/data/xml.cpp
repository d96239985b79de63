#include "data/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "radgen/core/error.h"
#include "radgen/core/utf8.h"

namespace radgen {
namespace {

constexpr int kMaxDepth = 64;

class Parser {
 public:
  explicit Parser(std::string_view document) : document_(document) {
    if (document_.starts_with("\xEF\xBB\xBF")) position_ = 3;
  }

  XmlElement document() {
    skip_between_elements();
    if (at_end() || document_[position_] != '<') fail("expected an element");
    XmlElement root = element(0);
    skip_between_elements();
    if (!at_end()) fail("something stands behind the last element");
    return root;
  }

 private:
  bool at_end() const { return position_ >= document_.size(); }
  bool comes(std::string_view text) const { return document_.substr(position_).starts_with(text); }

  [[noreturn]] void fail(const std::string& what) const {
    const auto end = document_.begin() + static_cast<long>(std::min(position_, document_.size()));
    const auto line = 1 + std::count(document_.begin(), end, '\n');
    throw Error(ErrorCode::kData, fmt::format("not XML, line {}: {}", line, what),
                "is the file complete?");
  }

  void skip_space() {
    while (!at_end() && std::isspace(static_cast<unsigned char>(document_[position_]))) ++position_;
  }

  void skip_past(std::string_view end) {
    const size_t found = document_.find(end, position_);
    if (found == std::string_view::npos) fail(fmt::format("'{}' is missing", end));
    position_ = found + end.size();
  }

  // White space, declaration, comments and DOCTYPE (its internal subset in brackets included).
  void skip_between_elements() {
    while (true) {
      skip_space();
      if (comes("<?")) {
        skip_past("?>");
      } else if (comes("<!--")) {
        skip_past("-->");
      } else if (comes("<!DOCTYPE")) {
        const size_t bracket = document_.find_first_of("[>", position_);
        if (bracket != std::string_view::npos && document_[bracket] == '[') skip_past("]");
        skip_past(">");
      } else {
        return;
      }
    }
  }

  std::string read_name() {
    const size_t begin = position_;
    while (!at_end()) {
      const auto c = static_cast<unsigned char>(document_[position_]);
      if (!std::isalnum(c) && c < 0x80 &&
          std::string_view("_:-.").find(document_[position_]) == std::string_view::npos) {
        break;
      }
      ++position_;
    }
    if (position_ == begin) fail("expected a name");
    return std::string(document_.substr(begin, position_ - begin));
  }

  // At '&'.
  void read_reference(std::string& text) {
    const size_t end = document_.find(';', position_);
    if (end == std::string_view::npos || end - position_ > 12) fail("a '&' without its ';'");
    std::string_view name = document_.substr(position_ + 1, end - position_ - 1);
    static const std::map<std::string_view, char> kNamed{
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"apos", '\''}, {"quot", '"'}};
    if (name.starts_with('#')) {
      const bool is_hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
      name.remove_prefix(is_hex ? 2 : 1);
      uint32_t code = 0;
      const auto [last, error] =
          std::from_chars(name.data(), name.data() + name.size(), code, is_hex ? 16 : 10);
      const bool is_character = error == std::errc() && last == name.data() + name.size() &&
                                code > 0 && code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
      if (!is_character) fail("a numeric reference that is no character");
      append_utf8(text, code);
    } else if (const auto it = kNamed.find(name); it != kNamed.end()) {
      text.push_back(it->second);
    } else {
      fail("an entity that is not one of XML's five");
    }
    position_ = end + 1;
  }

  void read_attributes(XmlElement& element) {
    while (true) {
      skip_space();
      if (at_end()) fail("the file ends inside a tag");
      if (document_[position_] == '>' || comes("/>")) return;
      const std::string key = read_name();
      skip_space();
      if (!comes("=")) fail("expected '=' behind an attribute's name");
      ++position_;
      skip_space();
      if (at_end() || (document_[position_] != '"' && document_[position_] != '\'')) {
        fail("expected a quoted value");
      }
      const char quote = document_[position_++];
      std::string& value = element.attributes[key];
      while (!at_end() && document_[position_] != quote) {
        if (document_[position_] == '&') {
          read_reference(value);
        } else {
          value.push_back(document_[position_++]);
        }
      }
      if (at_end()) fail("a value is never closed");
      ++position_;
    }
  }

  // At '<' of a start tag.
  XmlElement element(int depth) {
    if (depth > kMaxDepth) fail("elements are nested too deep");
    ++position_;
    XmlElement result;
    result.name = read_name();
    read_attributes(result);
    if (comes("/>")) {
      position_ += 2;
      return result;
    }
    ++position_;
    while (!comes("</")) {
      if (at_end()) fail("an element is never closed");
      if (comes("<!--")) {
        skip_past("-->");
      } else if (comes("<![CDATA[")) {
        const size_t begin = position_ + 9;
        skip_past("]]>");
        result.text += document_.substr(begin, position_ - 3 - begin);
      } else if (comes("<?")) {
        skip_past("?>");
      } else if (document_[position_] == '<') {
        result.children.push_back(element(depth + 1));
      } else if (document_[position_] == '&') {
        read_reference(result.text);
      } else {
        result.text.push_back(document_[position_++]);
      }
    }
    position_ += 2;
    if (read_name() != result.name) fail("a closing tag of another name");
    skip_space();
    if (!comes(">")) fail("expected '>'");
    ++position_;
    return result;
  }

  std::string_view document_;
  size_t position_ = 0;
};

void collect(const XmlElement& element, std::string_view wanted,
             std::vector<const XmlElement*>& found) {
  for (const XmlElement& child : element.children) {
    if (child.name == wanted) found.push_back(&child);
    collect(child, wanted, found);
  }
}

}  // namespace

std::string XmlElement::attribute(const std::string& key) const {
  const auto it = attributes.find(key);
  return it == attributes.end() ? "" : it->second;
}

std::vector<const XmlElement*> XmlElement::all(std::string_view wanted) const {
  std::vector<const XmlElement*> found;
  collect(*this, wanted, found);
  return found;
}

namespace {

// Whether the declaration names Latin-1 or its superset: no other single-byte set is read.
bool says_latin_1(std::string_view document) {
  const size_t end = document.starts_with("<?xml") ? document.find("?>") : std::string_view::npos;
  if (end == std::string_view::npos) return false;
  std::string declaration(document.substr(0, end));
  for (char& c : declaration) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* name : {"iso-8859-1\"", "iso-8859-1'", "latin1", "windows-1252", "cp1252"}) {
    if (declaration.find(name) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

XmlElement parse_xml(std::string_view document) {
  const std::string text =
      says_latin_1(document) ? windows_1252_to_utf8(document) : to_utf8(std::string(document));
  return Parser(text).document();
}

}  // namespace radgen
