// libFuzzer target: XML as Open-I's reports come in.
#include "data/xml.h"
#include "fuzz_support.h"
#include "radgen/data/source.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace radgen;
  fuzz::expect_value_or_error([&] {
    const XmlElement root = parse_xml(fuzz::text_of(data, size));
    for (const XmlElement* text : root.all("AbstractText")) (void)text->attribute("Label");
  });
  return 0;
}
