// XML documents as trees, for the data sets whose reports come so (Open-I): pugixml with bounds.
//
//   const XmlElement root = parse_xml(bytes);
//   for (const XmlElement* text : root.all("AbstractText"))
//     use(text->attribute("Label"), text->text);
//
// Elements, attributes, text, CDATA, comments, processing instructions, the five named entities and
// numeric ones (XML 1.0, W3C). A DOCTYPE is passed over and defines nothing, so no document can
// make more of itself than it is. Size and nesting are bounded.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace radgen {

struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;  // all character data of this element itself, in order
  std::vector<XmlElement> children;

  std::string attribute(const std::string& key) const;  // empty when there is none
  // Elements of that name anywhere below, in document order.
  std::vector<const XmlElement*> all(std::string_view wanted) const;
};

inline constexpr size_t kMaxXmlBytes = 4 << 20;

// Throws Error{kData} that names the line, never the contents.
XmlElement parse_xml(std::string_view document);

}  // namespace radgen
