#include "radgen/model/machine_rates.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>

#include "int8_product.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

// `amount` is the work of one call in units of 1e9: operations or bytes.
Rate measure(const std::string& name, const std::string& unit, double amount, int runs,
             const std::function<void()>& work) {
  Rate rate{name, unit};
  try {
    work();  // threads, caches and lazily built kernels
    std::vector<double> rates;
    for (int i = 0; i < runs; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      work();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      rates.push_back(amount / took.count());
    }
    std::sort(rates.begin(), rates.end());
    rate.median = rates[rates.size() / 2];
    rate.low = rates.front();
    rate.high = rates.back();
  } catch (const std::exception& e) {
    const std::string what = e.what();
    rate.failure = what.substr(0, what.find('\n'));
  }
  return rate;
}

// Of int8_product.h's two ways, static (8 bits in and out) and dynamic (fp32 in and out).
Rate measure_int8(bool is_dynamic, int64_t side, int runs, double operations) {
  Rate rate{is_dynamic ? "linear int8 dynamic" : "linear int8 static", "GOP/s"};
  try {
    const at::Tensor x = torch::randn({side, side});
    const at::Tensor u8 = at::quantize_per_tensor(x, 0.05, kByteZero, at::ScalarType::QUInt8);
    const Int8Product product(torch::randn({side, side}), torch::zeros({side}),
                              /*is_per_channel=*/true);
    return measure(rate.name, rate.unit, operations, runs, [&] {
      if (is_dynamic) {
        product.apply_dynamic(x);
      } else {
        product.apply(u8);
      }
    });
  } catch (const std::exception& e) {
    const std::string what = e.what();
    rate.failure = what.substr(0, what.find('\n'));
    return rate;
  }
}

Rate measure_memory(int64_t bytes, int runs) {
  const at::Tensor data = torch::ones({bytes / 8}, torch::kInt64);
  const int64_t* values = data.data_ptr<int64_t>();
  return measure("memory read", "GB/s", static_cast<double>(bytes) / 1e9, runs, [&] {
    std::atomic<int64_t> total{0};
    at::parallel_for(0, data.numel(), 1 << 16, [&](int64_t begin, int64_t end) {
      int64_t sum = 0;
      for (int64_t i = begin; i < end; ++i) sum += values[i];
      total += sum;
    });
    RADGEN_CHECK(total == data.numel(), "the memory test read something else");
  });
}

}  // namespace

std::vector<Rate> measure_machine_rates(const RateOptions& options) {
  RADGEN_CHECK(options.side > 0 && options.runs > 0 && options.memory_bytes >= 8,
               "rates need a size and a number of runs");
  const torch::NoGradGuard no_grad;
  const auto n = static_cast<double>(options.side);
  const double operations = 2 * n * n * n / 1e9;
  const at::Tensor a = torch::randn({options.side, options.side});
  const at::Tensor b = torch::randn({options.side, options.side});
  const at::Tensor a16 = a.to(torch::kBFloat16), b16 = b.to(torch::kBFloat16);
  std::vector<Rate> rates;
  rates.push_back(measure("gemm fp32", "GFLOP/s", operations, options.runs, [&] { at::mm(a, b); }));
  rates.push_back(
      measure("linear bf16", "GFLOP/s", operations, options.runs, [&] { at::linear(a16, b16); }));
  for (bool is_dynamic : {false, true})
    rates.push_back(measure_int8(is_dynamic, options.side, options.runs, operations));
  rates.push_back(measure_memory(options.memory_bytes, options.runs));
  return rates;
}

std::string aten_cpu_capability() {
  // The one public text that names it: "CPU capability usage: AVX2".
  const std::string config = at::show_config();
  const std::string key = "CPU capability usage: ";
  const size_t at = config.find(key);
  if (at == std::string::npos) return "unknown";
  const size_t begin = at + key.size();
  return config.substr(begin, config.find('\n', begin) - begin);
}

}  // namespace radgen
