// libFuzzer target: config.json of a Hugging Face folder and, behind a NUL, its
// preprocessor_config.json.
#include <algorithm>

#include "fuzz_support.h"
#include "radgen/model/public_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace radgen;
  static const fuzz::Folder folder;
  const std::string_view bytes = fuzz::text_of(data, size);
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  folder.write("config.json", bytes.substr(0, end));
  const auto second =
      folder.write("preprocessor_config.json", end < bytes.size() ? bytes.substr(end + 1) : "{}");
  fuzz::expect_value_or_error(
      [&] { (void)public_model_config(read_public_config(folder.path())); });
  fuzz::expect_value_or_error([&] {
    const PublicConfig file = read_public_config(folder.path());
    if (file.decoder) check_fits(*file.decoder, file, file.decoder->vocabulary_size);
    if (file.encoder) check_fits(*file.encoder, file);
  });
  std::filesystem::remove(second);
  return 0;
}
