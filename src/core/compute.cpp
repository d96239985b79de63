#include "radgen/core/compute.h"

#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace radgen {
namespace {

namespace fs = std::filesystem;

// The value behind "key : value" of the first CPU in /proc/cpuinfo.
std::string cpuinfo(const std::string& key) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 <= line.size()) return line.substr(colon + 2);
  }
  return "";
}

int cores_of(double quota, double period) {
  return quota > 0 && period > 0 ? std::max(1, static_cast<int>(std::ceil(quota / period))) : 0;
}

int cores_v2(const fs::path& folder) {  // cpu.max: "max 100000" or "150000 100000"
  std::ifstream in(folder / "cpu.max");
  std::string quota;
  double period = 0;
  if (!(in >> quota >> period) || quota == "max") return 0;
  return cores_of(std::strtod(quota.c_str(), nullptr), period);
}

int cores_v1(const fs::path& folder) {
  double quota = 0, period = 0;
  std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
  std::ifstream(folder / "cpu.cfs_period_us") >> period;
  return cores_of(quota, period);
}

// The tightest limit from root/own up to root. A container often sees its own cgroup as the root
// although /proc/self/cgroup names the host's path, so folders that are not there are passed over.
int tightest(const fs::path& root, const std::string& own, int (*cores)(const fs::path&)) {
  int best = 0;
  for (fs::path way = fs::path(own).relative_path();; way = way.parent_path()) {
    const int here = cores(root / way);
    if (here > 0 && (best == 0 || here < best)) best = here;
    if (way.empty()) return best;
  }
}

bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::string loaded_library(const char* part) {
  struct Search {
    const char* part;
    std::string found;
  } search{part, ""};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* s = static_cast<Search*>(data);
        const char* slash = std::strrchr(info->dlpi_name, '/');
        if (std::strstr(slash ? slash : info->dlpi_name, s->part) == nullptr) return 0;
        s->found = info->dlpi_name;
        return 1;
      },
      &search);
  return search.found;
}

template <class Function>
Function* loaded_function(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// Debian's system-wide choice may be the OpenBLAS with threads of its own, although the one that
// shares LibTorch's OpenMP threads is installed beside it (openblas-pthread/, openblas-openmp/):
// prefers the latter after the restart.
void prefer_openmp_variant(const fs::path& library) {
  std::error_code error;
  const fs::path folder = fs::canonical(library, error).parent_path();
  if (error || folder.filename() != "openblas-pthread") return;
  const fs::path other = folder.parent_path() / "openblas-openmp";
  if (!fs::exists(other / "libopenblas.so.0", error)) return;
  const char* old = std::getenv("LD_LIBRARY_PATH");
  const std::string path =
      other.string() + (old != nullptr && *old != '\0' ? ":" + std::string(old) : "");
  setenv("LD_LIBRARY_PATH", path.c_str(), 1);
}

enum class Generation { kSse, kAvx2, kAvx512 };

Generation generation_of(std::string kernel) {
  for (char& c : kernel) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (kernel == "skylakex" || kernel == "cooperlake" || kernel == "sapphirerapids") {
    return Generation::kAvx512;
  }
  return kernel == "haswell" || kernel == "zen" ? Generation::kAvx2 : Generation::kSse;
}

// What makes numeric work faster but is read only when a process starts, each unless the user has
// set it.
// - A thread that waits for its team spins: on two cores it takes a core from the threads that load
//   images. A short spin costs the kernels nothing (training +13 %).
// - Buffers of megabytes come and go with every operator. glibc maps and unmaps each of them, above
//   32 MiB whatever its threshold is set to, and the kernel clears its pages each time: a quarter
//   of the time of encoding a film of 2048 x 2048 (fp32 22 s -> 17 s, INT8 10 s -> 7 s), a tenth
//   and more of the demo's training. MMAP_MAX 0 keeps them in the heap, TRIM_THRESHOLD keeps the
//   heap, large pages make it cheap to touch. The price is a heap with gaps: 1.9 GiB instead of 1.3
//   for that film.
std::vector<std::pair<const char*, std::string>> better_environment() {
  std::vector<std::pair<const char*, std::string>> settings{
      {"GOMP_SPINCOUNT", "3000"},
      {"MALLOC_MMAP_MAX_", "0"},
      {"MALLOC_TRIM_THRESHOLD_", "17179869184"},
      {"GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"}};
  const std::string kernel = better_blas_kernel(blas_info().kernel, cpu_features());
  if (!kernel.empty()) settings.emplace_back("OPENBLAS_CORETYPE", kernel);
  std::erase_if(settings,
                [](const auto& setting) { return std::getenv(setting.first) != nullptr; });
  return settings;
}

}  // namespace

int cgroup_cores(const fs::path& cgroup_file, const fs::path& root) {
  int best = 0;
  const auto consider = [&best](int cores) {
    if (cores > 0 && (best == 0 || cores < best)) best = cores;
  };
  std::ifstream in(cgroup_file);
  for (std::string line; std::getline(in, line);) {  // "0::/own" (v2) or "4:cpu,cpuacct:/own" (v1)
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string own = line.substr(second + 1);
    if (controllers.empty()) {
      consider(tightest(root, own, cores_v2));
      continue;
    }
    std::vector<std::string> names;
    std::stringstream parts(controllers);
    for (std::string name; std::getline(parts, name, ',');) names.push_back(name);
    if (!has(names, "cpu")) continue;
    consider(tightest(root / controllers, own, cores_v1));
    if (controllers != "cpu") consider(tightest(root / "cpu", own, cores_v1));
  }
  return best;
}

int available_cores() {
  static const int cores = [] {
    int count = static_cast<int>(std::thread::hardware_concurrency());
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) count = CPU_COUNT(&mask);
    const int quota = cgroup_cores("/proc/self/cgroup", "/sys/fs/cgroup");
    return std::max(1, quota > 0 ? std::min(count, quota) : count);
  }();
  return cores;
}

std::vector<std::string> cpu_features() {
  std::vector<std::string> all, known;
  std::stringstream flags(cpuinfo("flags"));
  for (std::string flag; flags >> flag;) all.push_back(flag);
  for (const char* name : {"avx", "avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl",
                           "avx512_vnni", "avx512_bf16", "amx_tile"}) {
    if (has(all, name)) known.emplace_back(name);
  }
  return known;
}

std::string cpu_model() { return cpuinfo("model name"); }

BlasInfo blas_info() {
  BlasInfo info;
  info.library = loaded_library("libopenblas");
  if (info.library.empty()) return info;
  if (auto* name = loaded_function<char*()>("openblas_get_corename")) info.kernel = name();
  if (auto* threads = loaded_function<int()>("openblas_get_num_threads")) info.threads = threads();
  return info;
}

std::string better_blas_kernel(const std::string& kernel,
                               const std::vector<std::string>& features) {
  const Generation now = generation_of(kernel);
  if (has(features, "avx512f") && has(features, "avx512bw") && has(features, "avx512dq") &&
      has(features, "avx512vl")) {
    if (now == Generation::kAvx512) return "";
    return has(features, "avx512_bf16") ? "COOPERLAKE" : "SKYLAKEX";
  }
  if (has(features, "avx2") && has(features, "fma") && now == Generation::kSse) return "HASWELL";
  return "";
}

void ensure_fast_math(char** argv) {
  constexpr const char* kGuard = "RADGEN_REEXECUTED";
  for (const char* name : {"RADGEN_NO_REEXEC", kGuard})
    if (std::getenv(name) != nullptr) return;
  const BlasInfo info = blas_info();
  if (info.kernel.empty() || !loaded_library("libmkl_rt").empty()) return;
  const auto settings = better_environment();
  if (settings.empty()) return;
  prefer_openmp_variant(info.library);
  for (const auto& [name, value] : settings) setenv(name, value.c_str(), 1);
  setenv(kGuard, "1", 1);
  execv("/proc/self/exe", argv);
  for (const auto& [name, value] : settings) unsetenv(name);  // no /proc: go on as it is
}

void set_math_threads(int threads) {
  if (auto* set = loaded_function<void(int)>("omp_set_num_threads")) set(threads);
  if (auto* set = loaded_function<void(int)>("openblas_set_num_threads")) set(threads);
}

double peak_rss_gib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1024.0 * 1024.0);
}

}  // namespace radgen
