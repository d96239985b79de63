// Runs a fuzz target over the files of a folder, without libFuzzer: each file whole, cut short at
// many places, and with single bytes changed. The cases depend on the files only, so a failure
// comes back.
//
//   read_film_replay tests/fuzz/corpus/read_film
//   read_film_replay tests/fuzz/corpus/read_film --seconds 120 --seed 7    # and random mixtures
//
// With --seconds it goes on with random changes and mixtures of the files, blindly, where there is
// no clang; scripts/fuzz.sh looks where the code goes. A case that crashes, aborts or takes more
// than kCaseSeconds ends the program; the last line names it, and it lies in ./finding-<pid>.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr unsigned kCaseSeconds = 20;  // SIGALRM ends a case that hangs
constexpr size_t kCuts = 24, kChanges = 40;
constexpr size_t kMostBytes = size_t{64} << 10;  // of a random case

// The case that runs, for the handler of the signal that ends it.
const uint8_t* running = nullptr;
size_t running_bytes = 0;
char finding[64];

void keep_case(int signal) {
  const int file = ::open(finding, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file >= 0) {
    (void)!::write(file, running, running_bytes);
    ::close(file);
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run_case(const std::string& bytes) {
  // A block of exactly this size: a sanitizer then sees a read behind its end.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  running = exact.data();
  running_bytes = exact.size();
  alarm(kCaseSeconds);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  alarm(0);
}

void run_named_case(const std::string& name, const std::string& bytes) {
  std::fprintf(stderr, "%s (%zu bytes)\n", name.c_str(), bytes.size());
  run_case(bytes);
}

size_t run_file(const std::filesystem::path& file) {
  const std::string bytes = bytes_of(file), name = file.filename().string();
  run_named_case(name, bytes);
  const size_t cuts = std::min(kCuts, bytes.size());
  for (size_t i = 0; i < cuts; ++i) {
    const size_t length = bytes.size() * i / cuts;
    run_named_case(name + " cut at " + std::to_string(length), bytes.substr(0, length));
  }
  const size_t changes = std::min(kChanges, bytes.size());
  for (size_t i = 0; i < changes; ++i) {
    const size_t at = bytes.size() * i / changes;
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (i % 2 == 0 ? 0xff : 0x01));
    run_named_case(name + " changed at " + std::to_string(at), changed);
  }
  return 1 + cuts + changes;
}

// Changes and mixes the files of a corpus.
class Mutator {
 public:
  Mutator(std::vector<std::string> files, uint64_t seed) : files_(std::move(files)), draw_(seed) {}

  std::string next() {
    std::string bytes = files_[below(files_.size())];
    for (size_t steps = 1 + below(6); steps > 0; --steps) change(bytes);
    if (bytes.size() > kMostBytes) bytes.resize(kMostBytes);
    return bytes;
  }

 private:
  size_t below(size_t count) { return count == 0 ? 0 : draw_() % count; }

  void change(std::string& bytes) {
    static constexpr uint32_t kNumbers[] = {0,      1,      0x7F,       0x80,       0xFF,
                                            0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    const size_t at = below(bytes.size() + 1);
    const size_t length = 1 + below(std::min<size_t>(bytes.size() - at + 1, 64));
    const std::string& other = files_[below(files_.size())];
    switch (below(8)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(draw_());
        break;
      case 2: {
        const uint32_t number = kNumbers[below(std::size(kNumbers))];
        const size_t width = size_t{1} << below(3);
        for (size_t i = 0; i < width && at + i < bytes.size(); ++i)
          bytes[at + i] = static_cast<char>(number >> 8 * i);
        break;
      }
      case 3:
        bytes.erase(at, length);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 5:
        bytes.insert(below(bytes.size() + 1), other.substr(below(other.size() + 1), length));
        break;
      case 6:
        bytes = bytes.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      default:
        for (size_t i = 0; i < length && at + i < bytes.size(); ++i)
          if (bytes[at + i] >= '0' && bytes[at + i] <= '9')
            bytes[at + i] = static_cast<char>('0' + below(10));
    }
  }

  std::vector<std::string> files_;
  std::mt19937_64 draw_;
};

size_t run_random_cases(const std::vector<std::filesystem::path>& files, double seconds,
                        uint64_t seed) {
  std::vector<std::string> contents;
  for (const auto& file : files) contents.push_back(bytes_of(file));
  Mutator mutator(std::move(contents), seed);
  std::fprintf(stderr, "random cases of seed %llu\n", static_cast<unsigned long long>(seed));
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  size_t cases = 0;
  for (; std::chrono::steady_clock::now() < until; ++cases) run_case(mutator.next());
  return cases;
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 0;
  uint64_t seed = 1;
  bool is_understood = argc >= 2 && argc % 2 == 0 && std::filesystem::is_directory(argv[1]);
  for (int i = 2; is_understood && i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) {
      seconds = std::atof(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--seed") == 0) {
      seed = std::strtoull(argv[i + 1], nullptr, 10);
    } else {
      is_understood = false;
    }
  }
  if (!is_understood) {
    std::fprintf(stderr, "usage: %s FOLDER [--seconds S] [--seed N]\n", argv[0]);
    return 2;
  }
  std::snprintf(finding, sizeof finding, "finding-%d", static_cast<int>(::getpid()));
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM})
    ::signal(signal, &keep_case);
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
  if (seconds > 0) cases += run_random_cases(files, seconds, seed);
  std::printf("%zu files, %zu cases\n", files.size(), cases);
  return 0;
}
