#include "data/xml.h"

#include <gtest/gtest.h>

#include "radgen/core/error.h"

namespace radgen {
namespace {

TEST(Xml, ReadsElementsAttributesEntitiesAndCdata) {
  const XmlElement root = parse_xml(
      "\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY x \"y\">]>\n<!-- c -->"
      "<a k='1 &lt; 2'>one<b Label=\"L\"/><!-- no --> &amp; <![CDATA[<two>]]>&#228;&#x1F600;"
      "<c><b Label=\"M\">in</b></c></a>\n");
  EXPECT_EQ(root.name, "a");
  EXPECT_EQ(root.attribute("k"), "1 < 2");
  EXPECT_EQ(root.attribute("none"), "");
  EXPECT_EQ(root.text, "one & <two>\xC3\xA4\xF0\x9F\x98\x80");
  const auto all = root.all("b");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]->attribute("Label"), "L");
  EXPECT_EQ(all[1]->text, "in");
}

TEST(Xml, TakesTheEncodingThatTheDeclarationNames) {
  const std::string latin = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>M\xfcller</a>";
  EXPECT_EQ(parse_xml(latin).text, "M\u00fcller");
  EXPECT_EQ(parse_xml("<?xml version='1.0' encoding='windows-1252'?><a>\xc3\xbc</a>").text,
            "\u00c3\u00bc");
  EXPECT_EQ(parse_xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\u00fc \xfc</a>").text,
            "\u00fc \u00fc");
}

TEST(Xml, RefusesWhatIsNoDocumentAndNamesTheLineOnly) {
  for (const char* bad : {"", "text", "<a>", "<a></b>", "<a k=1/>", "<a k=\"1/>", "<a>&secret;</a>",
                          "<a>& b</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a/><b/>", "<a/>text",
                          "text<a/>", "</a>", "<a><![CDATA[x</a>", "<a", "<!DOCTYPE a"}) {
    try {
      parse_xml(std::string("\n") + bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kData);
      EXPECT_NE(std::string(error.what()).find("line"), std::string::npos);
      EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
    }
  }
}

TEST(Xml, BoundsTheNesting) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a>";
  EXPECT_THROW(parse_xml(deep), Error);
  for (int i = 0; i < 100000; ++i) deep += "</a>";
  EXPECT_THROW(parse_xml(deep), Error);
}

TEST(Xml, BoundsTheSize) {
  const std::string text(kMaxXmlBytes, 'x');
  EXPECT_THROW(parse_xml("<a>" + text + "</a>"), Error);
  EXPECT_EQ(parse_xml("<a>" + text.substr(7) + "</a>").text.size(), kMaxXmlBytes - 7);
}

TEST(Xml, KeepsLinesAndSpacesAsTheyStand) {
  EXPECT_EQ(parse_xml("<a>one\r\n <b/> \n two</a>").text, "one\r\n  \n two");
  EXPECT_EQ(parse_xml("<a k=' x\n y '/>").attribute("k"), " x\n y ");
}

// A document cut at any byte is refused, never half read.
TEST(Xml, EveryCutIsAnError) {
  const std::string whole = "<a k=\"v\"><b>x &amp; y</b><![CDATA[z]]><c/></a>";
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_THROW(parse_xml(whole.substr(0, n)), Error) << n;
  EXPECT_NO_THROW(parse_xml(whole));
}

}  // namespace
}  // namespace radgen
