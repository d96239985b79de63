#include "radgen/deployment/artifact_table.h"

#include <fmt/format.h>

namespace radgen {
namespace {

constexpr double kBytesInMib = 1 << 20;

std::string cell(const nlohmann::ordered_json& measured, const char* name, double unit,
                 int digits) {
  const nlohmann::ordered_json::json_pointer at(std::string("/") + name);
  if (!measured.is_object() || !measured.contains(at)) return "-";
  return fmt::format("{:.{}f}", measured[at].get<double>() / unit, digits);
}

}  // namespace

std::string ArtifactTable::text() const {
  std::string text =
      fmt::format("{:<28}{:>9}{:>12}{:>8}{:>15}{:>9}{:>9}{:>9}{:>9}", "", "MiB", "memory MiB",
                  "load s", "first draft s", "s/study", "encode", "decode", "post");
  for (const ArtifactRow& row : rows) {
    if (row.scores.empty()) continue;
    for (const auto& [name, value] : row.scores) text += fmt::format("{:>8}", name);
    break;
  }
  text += "\n";
  for (const ArtifactRow& row : rows) {
    text += fmt::format("{:<28}{:>9}{:>12}{:>8}{:>15}", row.name,
                        cell(row.measured, "size_bytes", kBytesInMib, 2),
                        cell(row.measured, "peak_mib", 1, 0), cell(row.measured, "load_s", 1, 2),
                        cell(row.measured, "first_draft_s", 1, 2));
    for (const char* name : {"study_s", "stage_s/encode", "stage_s/decode", "stage_s/post"})
      text += fmt::format("{:>9}", cell(row.measured, name, 1, 3));
    for (const auto& [name, value] : row.scores) text += fmt::format("{:>8.4f}", value);
    text += "\n";
  }
  return text;
}

nlohmann::ordered_json ArtifactTable::json() const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ArtifactRow& row : rows) {
    nlohmann::ordered_json scores = nlohmann::ordered_json::object();
    for (const auto& [name, value] : row.scores) scores[name] = value;
    list.push_back({{"name", row.name}, {"measured", row.measured}, {"scores", std::move(scores)}});
  }
  return list;
}

}  // namespace radgen
