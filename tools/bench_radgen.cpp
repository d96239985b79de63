// bench-radgen: measures the machine and the parts of the model. One subcommand a subject.
#include <ATen/Parallel.h>
#include <fmt/core.h>
#include <unistd.h>

#include <iostream>

#include "radgen/core/compute.h"
#include "radgen/core/tool.h"
#include "radgen/model/machine_rates.h"

namespace {

using radgen::Rate;

int run_machine(const radgen::Tool& tool, const radgen::RateOptions& options) {
  at::set_num_threads(tool.threads());
  const radgen::BlasInfo blas = radgen::blas_info();
  const double memory_gib = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                            static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 30);
  nlohmann::ordered_json result = {
      {"cpu", radgen::cpu_model()},
      {"features", radgen::cpu_features()},
      {"cores", radgen::available_cores()},
      {"threads", at::get_num_threads()},
      {"memory_gib", memory_gib},
      {"blas", {{"library", blas.library}, {"kernel", blas.kernel}, {"threads", blas.threads}}},
      {"aten_cpu_capability", radgen::aten_cpu_capability()},
      {"version", radgen::version_text()}};
  for (const Rate& rate : radgen::measure_machine_rates(options)) {
    nlohmann::ordered_json item = {{"name", rate.name}, {"unit", rate.unit}};
    if (rate.failure.empty()) {
      item.update({{"median", rate.median}, {"low", rate.low}, {"high", rate.high}});
    } else {
      item["failure"] = rate.failure;
    }
    result["rates"].push_back(item);
  }
  if (tool.common.is_json) {
    std::cout << result.dump() << "\n";
    return 0;
  }
  std::string features;
  for (const auto& f : result["features"]) features += " " + f.get<std::string>();
  fmt::print("CPU       {} ({} cores given, {} threads)\n          {}\n", radgen::cpu_model(),
             radgen::available_cores(), at::get_num_threads(),
             features.empty() ? " no AVX" : features);
  fmt::print("memory    {:.1f} GiB\n", memory_gib);
  fmt::print("BLAS      {} (kernel {})\n", blas.library.empty() ? "not OpenBLAS" : blas.library,
             blas.kernel.empty() ? "unknown" : blas.kernel);
  fmt::print("ATen      {}\n\n", radgen::aten_cpu_capability());
  for (const auto& rate : result["rates"]) {
    const auto name = rate["name"].get<std::string>(), unit = rate["unit"].get<std::string>();
    if (rate.contains("failure")) {
      fmt::print("{:<20} not measured: {}\n", name, rate["failure"].get<std::string>());
    } else {
      fmt::print("{:<20} {:8.1f} {:<8} ({:.1f} to {:.1f})\n", name, rate["median"].get<double>(),
                 unit, rate["low"].get<double>(), rate["high"].get<double>());
    }
  }
  std::fflush(stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  radgen::Tool tool("bench-radgen", "Measures the machine and the parts of the model.",
                    "  bench-radgen machine\n  bench-radgen machine --json > machine.json\n");
  tool.flags().require_subcommand(1);
  tool.flags().fallthrough();
  std::function<int()> body;

  radgen::RateOptions rates;
  CLI::App* machine =
      tool.flags().add_subcommand("machine", "CPU, BLAS kernel, matrix and memory rates");
  machine->fallthrough();
  machine->add_option("--side", rates.side, "Rows and columns of the matrices")
      ->check(CLI::Range(16, 16384));
  machine->add_option("--runs", rates.runs, "Timed runs")->check(CLI::Range(1, 1000));
  machine->callback([&] { body = [&] { return run_machine(tool, rates); }; });

  return tool.run(argc, argv, [&] { return body(); });
}
