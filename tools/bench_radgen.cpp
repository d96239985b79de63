// bench-radgen: measures the machine and the parts of the model. One subcommand a subject.
#include <ATen/Parallel.h>
#include <fmt/core.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "radgen/core/compute.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/core/tool.h"
#include "radgen/model/int8.h"
#include "radgen/model/machine_rates.h"
#include "radgen/model/model_bench.h"
#ifndef RADGEN_MODEL_ONLY
#include "bench_page.h"
#include "bench_phantoms.h"
#include "bench_report.h"
#endif

namespace {

using namespace radgen;
using Json = nlohmann::ordered_json;

// CheXpert's; report/finding.h is no part of the network's own build
constexpr int64_t kFindingClasses = 14;

struct Arguments {
  fs::path config;  // empty: ViT-B/16 and the default decoder
  std::vector<std::string> settings;
  std::vector<int64_t> sizes, batches{1}, threads;
  BenchCase bench;
  RateOptions rates;
  std::vector<fs::path> results;  // page: what to show
  fs::path output;
  fs::path model, data;       // report: a model folder; model: a prepared set
  int64_t vocabulary = 1500;  // of random weights without a prepared set
  bool may_overwrite = false;
};

// A configs/*.json is a training configuration; the network in it is all that counts here.
struct BenchConfig {
  ModelConfig network;
};
void describe(Fields& f, BenchConfig& c) { f.section("network", c.network); }

ModelConfig network_of(const Arguments& arguments) {
  BenchConfig config;
  config.network.decoder.vocabulary_size = 4096;
  if (!arguments.config.empty()) {
    std::ifstream in(arguments.config);
    if (!in)
      throw Error(ErrorCode::kUsage, "cannot read " + arguments.config.string(),
                  "give --config a file");
    const auto json =
        nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false, /*ignore_comments=*/true);
    if (!json.is_object() || !json.contains("network"))
      throw Error(ErrorCode::kConfig,
                  arguments.config.string() + " holds no object with a key network",
                  "give a training configuration, as configs/base-2048.json");
    load_config_json(config, {{"network", json["network"]}}, arguments.config.string());
  }
  load_config(config, {}, arguments.settings);
  // As training completes it.
  const LossConfig& loss = config.network.loss;
  if (loss.lambda_labels > 0 || loss.lambda_patches > 0)
    config.network.finding_classes = kFindingClasses;
  return config.network;
}

torch::Device device_of(const Tool& tool) {
  const std::string& name = tool.common.device;
  const bool has_cuda = torch::cuda::is_available();
  if (name == "auto") return has_cuda ? torch::kCUDA : torch::kCPU;
  if (name.starts_with("cuda") && !has_cuda)
    throw Error(ErrorCode::kResource, "--device " + name + ": this LibTorch sees no CUDA device",
                "use --device cpu");
  return torch::Device(name);
}

Json machine_json() {
  const BlasInfo blas = blas_info();
  const double memory_gib = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                            static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 30);
  return {{"cpu", cpu_model()},
          {"features", cpu_features()},
          {"cores", available_cores()},
          {"threads", at::get_num_threads()},
          {"memory_gib", memory_gib},
          {"blas", {{"library", blas.library}, {"kernel", blas.kernel}, {"threads", blas.threads}}},
          {"aten_cpu_capability", aten_cpu_capability()},
          {"version", version_text()}};
}

void print_machine(const Json& result) {
  std::string features;
  for (const auto& f : result["features"]) features += " " + f.get<std::string>();
  const auto library = result["blas"]["library"].get<std::string>(),
             kernel = result["blas"]["kernel"].get<std::string>();
  fmt::print("CPU       {} ({} cores given, {} threads)\n          {}\n",
             result["cpu"].get<std::string>(), result["cores"].get<int>(),
             result["threads"].get<int>(), features.empty() ? " no AVX" : features);
  fmt::print("memory    {:.1f} GiB\n", result["memory_gib"].get<double>());
  fmt::print("BLAS      {} (kernel {})\n", library.empty() ? "not OpenBLAS" : library,
             kernel.empty() ? "unknown" : kernel);
  fmt::print("ATen      {}\n\n", result["aten_cpu_capability"].get<std::string>());
}

int run_machine(const Tool& tool, const Arguments& arguments) {
  at::set_num_threads(tool.threads());
  Json result = machine_json();
  for (const Rate& rate : measure_machine_rates(arguments.rates)) {
    Json item = {{"name", rate.name}, {"unit", rate.unit}};
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
  print_machine(result);
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

// Reading rate of this many threads, bytes/s.
double measured_memory_rate() {
  RateOptions options;
  options.side = 64;
  options.runs = 3;
  return measure_machine_rates(options).back().median * 1e9;
}

Json row_of(const std::string& subject, const BenchCase& bench, const BenchResult& seen) {
  Json row = {{"subject", subject},
              {"height_px", bench.height_px},
              {"width_px", bench.width_px},
              {"batch", bench.batch},
              {"threads", at::get_num_threads()},
              {"precision", bench.precision},
              {"runs", bench.runs},
              {"median_s", seen.median_s},
              {"low_s", seen.low_s},
              {"high_s", seen.high_s},
              {"gflop", seen.flops / 1e9},
              {"gflop_per_s", seen.work_per_s() / 1e9}};
  // Beside each figure: machines change their speed. CPUs' shares are of fp32 whatever the
  // precision, GPUs' of their own.
  const bool is_narrow = bench.device.is_cuda() && bench.precision == "bf16";
  const double gemm =
      measured_gemm_rate(bench.device, is_narrow ? torch::kBFloat16 : torch::kFloat);
  row["gemm_gflop_per_s"] = gemm / 1e9;
  row["gemm_precision"] = is_narrow ? "bf16" : "fp32";
  row["share_of_gemm"] = seen.work_per_s() / gemm;
  if (is_int8_precision(bench.precision)) {
    row["int8_error"] = seen.int8_error;
    row["int8_kept_fp32"] = seen.int8_kept_fp32;
    row["int8_weight_bits"] = seen.int8_weight_bits;
  }
  if (subject != "encode") row["tokens"] = bench.tokens;
  if (subject == "decode") {
    row["kv_cache_type"] = kv_cache_type_of(bench);
    row["token_ms"] = 1e3 * seen.median_s / static_cast<double>(bench.tokens);
    row["read_gb_per_s"] = seen.bytes_per_s() / 1e9;
    if (bench.device.is_cpu()) row["share_of_memory"] = seen.bytes_per_s() / measured_memory_rate();
  }
  row["peak_rss_gib"] = peak_rss_gib();
  return row;
}

void print_row(const Json& row) {
  fmt::print(
      "{:<7} {:>5} x {:<5} batch {:<2} threads {:<2} {:<12} {:9.4f} s ({:.4f} to {:.4f})  {:9.1f} "
      "GFLOP  {:7.1f} "
      "GFLOP/s = {:5.1f} % of GEMM  peak {:.2f} GiB",
      row["subject"].get<std::string>(), row["height_px"].get<int64_t>(),
      row["width_px"].get<int64_t>(), row["batch"].get<int64_t>(), row["threads"].get<int>(),
      row["precision"].get<std::string>(), row["median_s"].get<double>(),
      row["low_s"].get<double>(), row["high_s"].get<double>(), row["gflop"].get<double>(),
      row["gflop_per_s"].get<double>(), 100 * row["share_of_gemm"].get<double>(),
      row["peak_rss_gib"].get<double>());
  if (row.contains("int8_error"))
    fmt::print("  error {:.4f}, {} products kept in fp32, weights of {} bits",
               row["int8_error"].get<double>(), row["int8_kept_fp32"].get<int64_t>(),
               row["int8_weight_bits"].get<int>());
  if (row.contains("token_ms"))
    fmt::print("  {:.2f} ms a token, {:.1f} GB/s read", row["token_ms"].get<double>(),
               row["read_gb_per_s"].get<double>());
  if (row.contains("share_of_memory"))
    fmt::print(" = {:.0f} % of memory", 100 * row["share_of_memory"].get<double>());
  fmt::print("\n");
  std::fflush(stdout);
}

using Subject = BenchResult (*)(GroundedModel, const BenchCase&);

// Every size with every batch and number of threads.
int run_network(const Tool& tool, const Arguments& arguments, const std::string& name,
                Subject subject) {
  const ModelConfig config = network_of(arguments);
  const torch::Device device = device_of(tool);
  at::set_num_threads(tool.threads());
  const GroundedModel model = bench_model(config, device);
  std::vector<int64_t> sizes = arguments.sizes, threads = arguments.threads;
  if (sizes.empty()) sizes = {0};
  if (threads.empty()) threads = {tool.threads()};
  Json result = {
      {"machine", machine_json()}, {"config", arguments.config.string()}, {"rows", Json::array()}};
  for (int64_t count : threads) {
    set_math_threads(static_cast<int>(count));
    at::set_num_threads(static_cast<int>(count));
    for (int64_t size : sizes)
      for (int64_t batch : arguments.batches) {
        BenchCase bench = arguments.bench;
        bench.height_px = size > 0 ? size : config.encoder.image_height_px;
        bench.width_px = size > 0 ? size : config.encoder.image_width_px;
        bench.batch = batch;
        bench.device = device;
        result["rows"].push_back(row_of(name, bench, subject(model, bench)));
        if (!tool.common.is_json) print_row(result["rows"].back());
      }
  }
  if (tool.common.is_json) std::cout << result.dump() << "\n";
  return 0;
}

#ifndef RADGEN_MODEL_ONLY
RandomModelOptions random_options(const Arguments& arguments) {
  return {.config = arguments.config,
          .settings = arguments.settings,
          .data = arguments.data,
          .vocabulary = arguments.vocabulary,
          .size_px = arguments.sizes.empty() ? 0 : arguments.sizes.front()};
}

void print_result(const Tool& tool, const Json& result) {
  std::cout << (tool.common.is_json ? result.dump() : result.dump(2)) << "\n";
}

// The machine and its GEMM rate stand beside the times: machines change their speed.
int run_report(const Tool& tool, const Arguments& arguments) {
  at::set_num_threads(tool.threads());
  ReportBench options{
      .model = arguments.model, .random = random_options(arguments), .bench = arguments.bench};
  options.bench.device = device_of(tool);
  Json result = bench_report(options);
  const torch::Device& device = options.bench.device;
  result["gemm_gflop_per_s"] = measured_gemm_rate(device) / 1e9;
  result["gemm_precision"] = "fp32";
  result["machine"] = machine_json();
  print_result(tool, result);
  return 0;
}

void add_random_model_flags(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--vocabulary", arguments.vocabulary,
                  "Pieces of the tokenizer of random weights: phantoms' words, then invented ones")
      ->check(CLI::Range(300, 100000));
}
#endif

void add_network_flags(CLI::App& command, Arguments& arguments, bool has_tokens, bool has_int8) {
  command.fallthrough();
  command
      .add_option("--config", arguments.config,
                  "Configuration whose network is measured; none: ViT-B/16")
      ->default_str("");
  command
      .add_option("--set", arguments.settings, "network.KEY=VALUE, after the file; may be repeated")
      ->expected(1)
      ->take_all()
      ->default_str("");
  command
      .add_option("--size", arguments.sizes,
                  "Sides of the square pictures in px; none: the configuration's")
      ->check(CLI::Range(16, 8192))
      ->default_str("");
  command.add_option("--batch", arguments.batches, "Studies at once")
      ->check(CLI::Range(1, 1024))
      ->default_str("1");
  command
      .add_option("--scale-threads", arguments.threads,
                  "Measure with each of these numbers of threads")
      ->check(CLI::Range(1, 4096))
      ->default_str("");
  command.add_option("--runs", arguments.bench.runs, "Timed runs")->check(CLI::Range(1, 1000));
  std::vector<std::string> precisions{"fp32", "bf16"};
  if (has_int8) precisions.insert(precisions.end(), {"int8", "int8-dynamic"});
  command
      .add_option(
          "--precision", arguments.bench.precision,
          has_int8
              ? "bf16 is autocast; int8 with scales chosen at the start, int8-dynamic at run time"
              : "bf16 is autocast")
      ->check(CLI::IsMember(precisions));
  if (has_tokens)
    command
        .add_option("--kv-cache-type", arguments.bench.kv_cache_type,
                    "How a picture's keys and values are kept; none: fp32 with fp32, else fp16")
        ->check(CLI::IsMember({"fp32", "fp16", "int8"}))
        ->default_str("");
  if (has_tokens)
    command.add_option("--tokens", arguments.bench.tokens, "Words of each text")
        ->check(CLI::Range(1, 4096));
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool(
      "bench-radgen",
      "Measures the machine and the parts of the model, on random weights and pictures."
#ifdef RADGEN_MODEL_ONLY
      " This build holds the network alone (RADGEN_ONLY=model): the subcommands report, model "
      "and page are left out."
#endif
      ,
      "  bench-radgen machine\n"
      "  bench-radgen encode --config configs/base-2048.json --size 512 1024 2048\n"
      "  bench-radgen decode --config configs/base-2048.json --tokens 100 --json > decode.json\n"
#ifndef RADGEN_MODEL_ONLY
      "  bench-radgen model --config configs/base.json --output runs/random\n"
      "  bench-radgen report --model run/model --precision int8\n"
#endif
  );
  tool.with_device();
  tool.flags().require_subcommand(1);
  tool.flags().fallthrough();
  std::function<int()> body;
  Arguments arguments;

  CLI::App* machine =
      tool.flags().add_subcommand("machine", "CPU, BLAS kernel, matrix and memory rates");
  machine->fallthrough();
  machine->add_option("--side", arguments.rates.side, "Rows and columns of the matrices")
      ->check(CLI::Range(16, 16384));
  machine->add_option("--runs", arguments.rates.runs, "Timed runs")->check(CLI::Range(1, 1000));
  machine->callback([&] { body = [&] { return run_machine(tool, arguments); }; });

  struct Verb {
    const char *name, *help;
    Subject subject;
    bool has_tokens, has_int8;
  };
  for (const Verb& verb :
       {Verb{"encode", "Pictures to patches and to what the decoder sees", bench_encode, false,
             true},
        Verb{"decode", "Words with their maps, greedily", bench_decode, true, false},
        Verb{"train", "Optimizer steps", bench_train, true, false}}) {
    CLI::App* command = tool.flags().add_subcommand(verb.name, verb.help);
    add_network_flags(*command, arguments, verb.has_tokens, verb.has_int8);
    command->callback([&, verb] {
      body = [&, verb] { return run_network(tool, arguments, verb.name, verb.subject); };
    });
  }
#ifndef RADGEN_MODEL_ONLY
  CLI::App* report = tool.flags().add_subcommand(
      "report",
      "One film from its DICOM file to its folder of results, as report-radgen makes them: a model "
      "folder's own words, or random weights that say a phantom's");
  add_network_flags(*report, arguments, true, true);
  add_random_model_flags(*report, arguments);
  report->add_option("--model", arguments.model, "Model folder instead of random weights")
      ->default_str("")
      ->excludes("--tokens");
  report->callback([&] { body = [&] { return run_report(tool, arguments); }; });
  CLI::App* model = tool.flags().add_subcommand(
      "model",
      "Writes a model folder with random weights, to export, serve and time any "
      "configuration before it is trained; marked as such wherever it is used");
  model->fallthrough();
  model
      ->add_option("--config", arguments.config,
                   "Training configuration; none: the defaults of train-radgen")
      ->default_str("");
  model->add_option("--set", arguments.settings, "KEY=VALUE, after the file; may be repeated")
      ->expected(1)
      ->take_all()
      ->default_str("");
  model
      ->add_option("--data", arguments.data,
                   "Prepared set whose tokenizer and preparation it gets; none: phantoms'")
      ->default_str("");
  add_random_model_flags(*model, arguments);
  model->add_option("--output", arguments.output, "The model folder")->required();
  model->add_flag("--overwrite", arguments.may_overwrite, "Replace a folder that is there");
  model->callback([&] {
    body = [&] {
      print_result(tool, write_random_model(random_options(arguments), arguments.output,
                                            arguments.may_overwrite));
      return 0;
    };
  });
  CLI::App* page =
      tool.flags().add_subcommand("page", "Results of --json as bench.json and bench.html");
  page->add_option("--results", arguments.results, "Files that bench-radgen --json wrote")
      ->required();
  page->add_option("--output", arguments.output, "Folder for both, whose files are replaced")
      ->required();
  page->callback([&] {
    body = [&] {
      write_bench_page(arguments.results, arguments.output);
      return 0;
    };
  });
#endif
  return tool.run(argc, argv, [&] { return body(); });
}
