// libFuzzer target: a prepared dataset's manifest. What was read can be written and read again.
#include <nlohmann/json.hpp>

#include "fuzz_support.h"
#include "radgen/data/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace radgen;
  static const fuzz::Folder folder;
  const auto file = folder.write("manifest.jsonl", fuzz::text_of(data, size));
  fuzz::expect_value_or_error([&] {
    for (const ManifestEntry& entry : read_manifest(file)) {
      (void)entry.text();
      (void)manifest_entry_from_json(manifest_entry_to_json(entry), "again");
    }
  });
  return 0;
}
