// What this machine can do: the rates that bound training and inference, measured. `bench-radgen
// machine` prints them; a figure of the model is understood only beside the rate of its parts.
//
//   for (const Rate& rate : measure_machine_rates({})) print(rate.name, rate.median, rate.unit);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace radgen {

struct RateOptions {
  int64_t side = 1024;               // of the square matrices
  int runs = 7;                      // timed runs after one that warms up
  int64_t memory_bytes = 512 << 20;  // read by the memory test
};

struct Rate {
  std::string name;                      // "gemm fp32"
  std::string unit;                      // "GFLOP/s", "GOP/s" or "GB/s"
  double median = 0, low = 0, high = 0;  // over the runs; all 0 when `failure` is not empty
  std::string failure;                   // why it could not be measured
};

// fp32 at::mm, bf16 at::linear, int8 quantized::linear and quantized::linear_dynamic (engine as in
// int8.h) and reading memory, the last one, with all threads. Uses at::get_num_threads() threads. A
// kind that this LibTorch or CPU cannot do is a Rate with a failure.
std::vector<Rate> measure_machine_rates(const RateOptions& options);

std::string aten_cpu_capability();  // "AVX512", "AVX2", "DEFAULT", ...

}  // namespace radgen
