#include "bench_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/pages/page.h"

namespace radgen {
namespace {

using Json = nlohmann::ordered_json;

std::string number(const Json& row, const char* key, int digits = 3) {
  return row.contains(key) ? fmt::format("{:.{}f}", row[key].get<double>(), digits) : "";
}
std::string percent(const Json& row, const char* key) {
  return row.contains(key) ? fmt::format("{:.0f} %", 100 * row[key].get<double>()) : "";
}

void add_machine(pages::Page& page, const Json& machine) {
  page.section("Machine", "All shares below are of rates measured on it in the same run.");
  page.facts({{std::to_string(machine.value("threads", 0)), "threads",
               machine.value("cpu", std::string())},
              {machine.contains("blas") ? machine["blas"].value("kernel", std::string()) : "",
               "BLAS kernel", ""},
              {number(machine, "memory_gib", 1) + " GiB", "memory", ""}});
  if (!machine.contains("rates")) return;
  pages::Table table({{"what"}, {"median", true}, {"low", true}, {"high", true}, {"unit"}});
  for (const Json& rate : machine["rates"])
    table.row({rate.value("name", std::string()), number(rate, "median", 1), number(rate, "low", 1),
               number(rate, "high", 1),
               rate.contains("failure") ? "not measured" : rate.value("unit", std::string())});
  page.table(table);
}

void add_rows(pages::Page& page, const Json& result, const std::string& name) {
  page.section(name, result.value("config", std::string()));
  pages::Table table({{"subject"},
                      {"picture"},
                      {"batch", true},
                      {"threads", true},
                      {"precision"},
                      {"median s", true},
                      {"low to high", true},
                      {"TFLOP", true},
                      {"GFLOP/s", true},
                      {"of GEMM", true},
                      {"ms a token", true},
                      {"of memory", true},
                      {"peak GiB", true}});
  for (const Json& row : result["rows"])
    table.row({row.value("subject", std::string()),
               fmt::format("{} x {}", row.value("height_px", 0), row.value("width_px", 0)),
               std::to_string(row.value("batch", 0)), std::to_string(row.value("threads", 0)),
               row.value("precision", std::string()), number(row, "median_s"),
               number(row, "low_s") + " to " + number(row, "high_s"),
               fmt::format("{:.2f}", row.value("gflop", 0.0) / 1e3), number(row, "gflop_per_s", 0),
               percent(row, "share_of_gemm"), number(row, "token_ms", 1),
               percent(row, "share_of_memory"), number(row, "peak_rss_gib", 2)});
  page.table(table);
}

void add_report(pages::Page& page, const Json& report) {
  page.section("One film, " + report.value("precision", std::string("fp32")),
               "From its DICOM file to its folder of results, medians.");
  pages::Table table({{"part"}, {"seconds", true}});
  for (const char* name : {"load_s", "encode_s", "decode_s", "post_s"})
    table.row({name, number(report, name)});
  table.strong_row({"total_s", number(report, "total_s")});
  table.row({"startup_s (outside)", number(report, "startup_s")});
  const Json decoding = report.value("decoding", Json::object());
  const int64_t samples = decoding.value("num_samples", int64_t{1});
  table.caption(fmt::format(
      "{} px, {}, {} {}, {} decoder steps, {} sentences with regions, fp32 GEMM {} GFLOP/s, peak "
      "memory {} GiB{}",
      report.value("size_px", 0),
      report.value("random_weights", true) ? "random weights" : "a trained model",
      samples > 1 ? samples : decoding.value("beam_size", int64_t{1}),
      samples > 1 ? "samples" : "beams", report.value("decoder_steps", 0),
      report.value("sentences_with_regions", 0), number(report, "gemm_gflop_per_s", 0),
      number(report, "peak_rss_gib", 2),
      report.contains("int8_error")
          ? ", what the decoder sees is off by " + number(report, "int8_error", 4) +
                " of its norm, weights of " + number(report, "int8_weight_bits", 0) + " bits"
          : ""));
  page.table(table);
}

}  // namespace

void write_bench_page(const std::vector<std::filesystem::path>& results,
                      const std::filesystem::path& folder) {
  pages::Page page("Speed", "bench-radgen on random weights and pictures");
  Json all = Json::object();
  for (const auto& path : results) {
    const Json result = Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
    const std::string name = path.stem().string();
    if (result.is_object() && result.contains("rates")) {
      add_machine(page, result);
    } else if (result.is_object() && result.contains("rows")) {
      add_rows(page, result, name);
    } else if (result.is_object() && result.contains("total_s")) {
      add_report(page, result);
    } else {
      throw Error(ErrorCode::kData, path.string() + " holds no result of bench-radgen --json",
                  "measure again with --json");
    }
    all[name] = result;
  }
  std::filesystem::create_directories(folder);
  write_json_atomic(folder / "bench.json", all);
  write_file_atomic(folder / "bench.html", page.html());
}

}  // namespace radgen
