// A table of comma-separated text with a header row (RFC 4180): small files of predictions or
// reference reports that people write by hand or with a script.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace radgen::evaluation {

using Row = std::map<std::string, std::string>;  // by column, lower case

// Calls use(row, line) for each row; quoted fields may hold commas, doubled quotes and line breaks.
// Throws Error{kData} that names file and line for an open quote or a row of another width.
void read_text_table(const std::filesystem::path& path,
                     const std::function<void(const Row& row, size_t line)>& use);

}  // namespace radgen::evaluation
