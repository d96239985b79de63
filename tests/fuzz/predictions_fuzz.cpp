// libFuzzer target: anybody's predictions and references, as JSON lines and as a table.
#include "fuzz_support.h"
#include "radgen/evaluation/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace radgen;
  static const fuzz::Folder folder;
  for (const char* name : {"reports.jsonl", "reports.csv"}) {
    const auto file = folder.write(name, fuzz::text_of(data, size));
    fuzz::expect_value_or_error([&] { (void)evaluation::load_predictions(file); });
    fuzz::expect_value_or_error([&] {
      auto references = evaluation::load_references(file);
      (void)evaluation::load_truth(file, references,
                                   [](const evaluation::Reference&) { return Affine{}; });
    });
  }
  return 0;
}
