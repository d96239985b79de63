#include "data/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <pugixml.hpp>

#include "radgen/core/error.h"
#include "radgen/core/utf8.h"

namespace radgen {
namespace {

constexpr size_t kMaxDepth = 64;

[[noreturn]] void refuse_xml(std::string_view document, size_t position, const std::string& what) {
  const auto end = document.begin() + static_cast<long>(std::min(position, document.size()));
  const auto line = 1 + std::count(document.begin(), end, '\n');
  throw Error(ErrorCode::kData, fmt::format("not XML, line {}: {}", line, what),
              "is the file complete?");
}

// What pugixml lets pass and a data set must not be read by: it frees trees recursively (so nesting
// is bounded before it sees them), leaves unknown entities as they are, and takes a second root and
// text outside of it.
class XmlGuard {
 public:
  explicit XmlGuard(std::string_view document) : document_(document) {
    if (document_.starts_with("\xEF\xBB\xBF")) position_ = 3;
  }

  void check() {
    bool has_root = false;
    while (position_ < document_.size()) {
      if (document_[position_] != '<') {
        pass_text();
      } else if (comes("<!--")) {
        skip_past("-->");
      } else if (comes("<![CDATA[")) {
        if (depth_ == 0) fail("text outside of the document's element");
        skip_past("]]>");
      } else if (comes("<?")) {
        skip_past("?>");
      } else if (comes("<!DOCTYPE")) {
        const size_t bracket = document_.find_first_of("[>", position_);
        if (bracket != std::string_view::npos && document_[bracket] == '[') skip_past("]");
        skip_past(">");
      } else {
        if (depth_ == 0 && has_root) fail("something stands behind the document's element");
        has_root = true;
        pass_tag();
      }
    }
    if (!has_root) fail("expected an element");
    if (depth_ > 0) fail("an element is never closed");
  }

 private:
  bool comes(std::string_view text) const { return document_.substr(position_).starts_with(text); }
  [[noreturn]] void fail(const std::string& what) const { refuse_xml(document_, position_, what); }

  void skip_past(std::string_view end) {
    const size_t found = document_.find(end, position_);
    if (found == std::string_view::npos) fail(fmt::format("'{}' is missing", end));
    position_ = found + end.size();
  }

  void pass_text() {
    const char c = document_[position_];
    if (depth_ == 0 && std::isspace(static_cast<unsigned char>(c)) == 0)
      fail("text outside of the document's element");
    if (c == '&') check_reference();
    ++position_;
  }

  void pass_tag() {
    const bool is_end = comes("</");
    char quote = 0, before = 0;
    for (;; before = document_[position_++]) {
      if (position_ >= document_.size()) fail("the file ends inside a tag");
      const char c = document_[position_];
      if (c == '&') check_reference();
      if (quote != 0 ? c == quote : !is_end && (c == '"' || c == '\''))
        quote = quote != 0 ? 0 : c;
      else if (quote == 0 && c == '>')
        break;
    }
    ++position_;
    if (is_end && depth_ == 0) fail("a closing tag without its element");
    if (is_end) --depth_;
    if (!is_end && before != '/' && ++depth_ > kMaxDepth) fail("elements are nested too deep");
  }

  // At '&'.
  void check_reference() const {
    static constexpr std::array<std::string_view, 5> kNamed = {"lt", "gt", "amp", "apos", "quot"};
    const size_t end = document_.find(';', position_);
    if (end == std::string_view::npos || end - position_ > 12) fail("a '&' without its ';'");
    std::string_view name = document_.substr(position_ + 1, end - position_ - 1);
    if (!name.starts_with('#')) {
      if (std::find(kNamed.begin(), kNamed.end(), name) == kNamed.end())
        fail("an entity that is not one of XML's five");
      return;
    }
    const bool is_hex = name.size() > 1 && name[1] == 'x';
    name.remove_prefix(is_hex ? 2 : 1);
    uint32_t code = 0;
    const auto [last, error] =
        std::from_chars(name.data(), name.data() + name.size(), code, is_hex ? 16 : 10);
    const bool is_character = error == std::errc() && last == name.data() + name.size() &&
                              code > 0 && code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
    if (!is_character) fail("a numeric reference that is no character");
  }

  std::string_view document_;
  size_t position_ = 0, depth_ = 0;
};

XmlElement element_of(const pugi::xml_node& node) {
  XmlElement element;
  element.name = node.name();
  for (const pugi::xml_attribute& attribute : node.attributes())
    element.attributes[attribute.name()] = attribute.value();
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_element) {
      element.children.push_back(element_of(child));
    } else {
      element.text += child.value();  // character data and CDATA: nothing else is kept
    }
  }
  return element;
}

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
  if (document.size() > kMaxXmlBytes)
    throw Error(ErrorCode::kData,
                fmt::format("an XML document of {} bytes, expected at most {} (line 1)",
                            document.size(), kMaxXmlBytes),
                "is it a report?");
  const std::string text =
      says_latin_1(document) ? windows_1252_to_utf8(document) : to_utf8(std::string(document));
  XmlGuard(text).check();
  pugi::xml_document parsed;
  const pugi::xml_parse_result result = parsed.load_buffer(
      text.data(), text.size(), pugi::parse_cdata | pugi::parse_escapes | pugi::parse_ws_pcdata,
      pugi::encoding_utf8);
  if (!result) refuse_xml(text, static_cast<size_t>(result.offset), result.description());
  return element_of(parsed.document_element());
}

}  // namespace radgen
