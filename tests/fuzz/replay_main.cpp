// Runs a fuzz target over the files of a folder, without libFuzzer: each file whole, cut short at
// many places, and with single bytes changed. The cases depend on the files only, so a failure
// comes back.
//
//   read_film_replay tests/fuzz/corpus/read_film
//
// A case that crashes, aborts or takes more than kCaseSeconds ends the program; the last line names
// it.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr unsigned kCaseSeconds = 20;  // SIGALRM ends a case that hangs
constexpr size_t kCuts = 24, kChanges = 40;

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run_case(const std::string& name, const std::string& bytes) {
  std::fprintf(stderr, "%s (%zu bytes)\n", name.c_str(), bytes.size());
  // A block of exactly this size: a sanitizer then sees a read behind its end.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  alarm(kCaseSeconds);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  alarm(0);
}

size_t run_file(const std::filesystem::path& file) {
  const std::string bytes = bytes_of(file), name = file.filename().string();
  run_case(name, bytes);
  const size_t cuts = std::min(kCuts, bytes.size());
  for (size_t i = 0; i < cuts; ++i) {
    const size_t length = bytes.size() * i / cuts;
    run_case(name + " cut at " + std::to_string(length), bytes.substr(0, length));
  }
  const size_t changes = std::min(kChanges, bytes.size());
  for (size_t i = 0; i < changes; ++i) {
    const size_t at = bytes.size() * i / changes;
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (i % 2 == 0 ? 0xff : 0x01));
    run_case(name + " changed at " + std::to_string(at), changed);
  }
  return 1 + cuts + changes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    std::fprintf(stderr, "%s: no file to replay\n", argv[1]);
    return 1;
  }
  size_t cases = 0;
  for (const auto& file : files) cases += run_file(file);
  std::printf("%zu files, %zu cases\n", files.size(), cases);
  return 0;
}
