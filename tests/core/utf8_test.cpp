#include "radgen/core/utf8.h"

#include <gtest/gtest.h>

namespace radgen {
namespace {

TEST(Utf8, KeepsWhatIsValid) {
  const std::string text = "M\u00fcller, \u2265 5 \u00b5m, \U0001F600";
  EXPECT_TRUE(is_utf8(text));
  EXPECT_EQ(to_utf8(text), text);
  EXPECT_EQ(to_utf8(""), "");
}

TEST(Utf8, ReadsOtherBytesAsWindows1252) {
  EXPECT_EQ(to_utf8("patient\x92s 5 \xb1 1 mm (M\xfcller) \x93ok\x94"),
            "patient\u2019s 5 \u00b1 1 mm (M\u00fcller) \u201cok\u201d");
  EXPECT_EQ(to_utf8("\xe2\x82"), "\u00e2\u201a");            // a character that was cut
  EXPECT_EQ(to_utf8("\xc0\x80\x81"), "\u00c0\u20ac\ufffd");  // overlong; 0x81 stands for nothing
  EXPECT_EQ(to_utf8("\u00fc and \xfc"), "\u00fc and \u00fc");
}

TEST(Utf8, WhateverComesInValidUtf8GoesOut) {
  std::string noise;
  for (int i = 0; i < 4000; ++i) noise += static_cast<char>((i * 7919) % 256);
  EXPECT_FALSE(is_utf8(noise));
  EXPECT_TRUE(is_utf8(to_utf8(noise)));
  EXPECT_TRUE(is_utf8(windows_1252_to_utf8(noise)));
}

TEST(Utf8, ReadsDeclaredLatin1ByteByByte) {
  EXPECT_EQ(windows_1252_to_utf8("\xc3\xbc"), "\u00c3\u00bc");
}

}  // namespace
}  // namespace radgen
