// The table of artifacts that were made of one model: what each costs and what it scores.
//
//   ArtifactTable table;
//   table.rows.push_back({.name = "torchscript int8", .measured = {...}, .scores = {...}});
//   std::cout << table.text();
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace radgen {

struct ArtifactRow {
  std::string name;
  // {"size_bytes", "peak_mib", "load_s", "first_draft_s", "study_s", "stage_s": {"encode",
  // "decode", "post"}}; null: not measured
  nlohmann::ordered_json measured;
  std::vector<std::pair<std::string, double>> scores;  // "BLEU-4", ...; empty: not measured
};

struct ArtifactTable {
  std::vector<ArtifactRow> rows;
  std::string text() const;  // for a terminal
  nlohmann::ordered_json json() const;
};

}  // namespace radgen
