// bench-radgen page: results of other subcommands as one JSON file and one readable page.
#pragma once

#include <filesystem>
#include <vector>

namespace radgen {

// Reads files that bench-radgen --json wrote and writes bench.json and bench.html into the folder.
// Throws Error{kData} for a file that holds no such result.
void write_bench_page(const std::vector<std::filesystem::path>& results,
                      const std::filesystem::path& folder);

}  // namespace radgen
