// libFuzzer target: weights of strangers, as safetensors and as archives of torch.save.
#include "fuzz_support.h"
#include "model/weight_files.h"
#include "radgen/model/weights.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace radgen;
  const std::string_view bytes = fuzz::text_of(data, size);
  fuzz::expect_value_or_error([&] {
    WeightsMetadata metadata;
    for (const auto& [name, tensor] : parse_safetensors(bytes, "weights", &metadata))
      (void)tensor.numel();
  });
  if (bytes.starts_with("PK"))
    fuzz::expect_value_or_error([&] { (void)parse_pickled_weights(bytes, "weights"); });
  return 0;
}
