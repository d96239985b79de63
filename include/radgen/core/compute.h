// The machine: cores really given, CPU features, and the BLAS kernel in use.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace radgen {

// Cores that the affinity mask and the cgroup quota (v1 and v2) really give; at least 1.
int available_cores();

// The CPU quota in cores, rounded up, of the tightest cgroup (v1 or v2) on the way up from the
// process's own; 0: no limit. `cgroup_file` is /proc/self/cgroup and `root` /sys/fs/cgroup, except
// in tests.
int cgroup_cores(const std::filesystem::path& cgroup_file, const std::filesystem::path& root);

// of avx avx2 fma avx_vnni avx512f avx512dq avx512bw avx512vl avx512_vnni avx512_bf16 amx_tile
std::vector<std::string> cpu_features();
std::string cpu_model();

// The widest vectors that our own kernels may use: what the CPU has, or less where
// ATEN_CPU_CAPABILITY says "avx2" or "default", which LibTorch's own kernels obey too. So a machine
// can stand for a lesser one.
enum class Vectors { kPlain, kAvx2, kAvx512 };
Vectors allowed_vectors();
Vectors allowed_vectors(const std::string& aten_cpu_capability);  // any other word is no limit

// What oneDNN is held to: ONEDNN_MAX_CPU_ISA, or its older name DNNL_MAX_CPU_ISA; "" without limit.
std::string onednn_isa_limit();
// Whether oneDNN multiplies bf16 by instructions made for it: `features` as of cpu_features(),
// `isa_limit` as of onednn_isa_limit().
bool has_bf16_products(const std::vector<std::string>& features, const std::string& isa_limit);

// The OpenBLAS that is loaded into this process: library name, kernel it chose ("Prescott",
// "SkylakeX"), threads. Empty strings when there is none (MKL or another BLAS).
struct BlasInfo {
  std::string library, kernel;
  int threads = 0;
};
BlasInfo blas_info();

// The OPENBLAS_CORETYPE that these CPU features deserve when `kernel` (BlasInfo) is of an older
// generation; empty when it is not. Generations: SSE, AVX2 (Haswell, Zen), AVX-512 (SkylakeX,
// Cooperlake, SapphireRapids).
std::string better_blas_kernel(const std::string& kernel, const std::vector<std::string>& features);

// Threads of the OpenMP runtime and of OpenBLAS where they are loaded (LibTorch: also call
// at::set_num_threads).
void set_math_threads(int threads);

// Debian's OpenBLAS does not know newer CPUs and falls back to a kernel that is 5 times slower
// (OPENBLAS_CORETYPE mends it); OpenMP's threads spin and malloc returns large buffers where
// training wants neither. All of this is read when a process starts, so it is set here, but for
// what the user has set, and the program is executed again, once. For tools only, as the first
// statement of main; never returns when it re-executes. Does nothing without OpenBLAS.
// RADGEN_NO_REEXEC=1 turns it off.
void ensure_fast_math(char** argv);

// Memory: peak resident set of this process so far.
double peak_rss_gib();

}  // namespace radgen
