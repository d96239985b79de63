// What the fuzz targets share: files for parsers that read files, and the rule that all of them are
// held to: foreign bytes give a value or an Error that blames the data, nothing else.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "radgen/core/error.h"
#include "radgen/core/log.h"

namespace radgen::fuzz {

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A folder of this process, in memory where the system has such a place; its files are overwritten
// by each case.
class Folder {
 public:
  Folder() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code ignored;
    const bool is_there = std::filesystem::is_directory(memory, ignored);
    path_ = (is_there ? memory : std::filesystem::temp_directory_path()) /
            ("radgen-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path_);
    log::set_level(log::Level::kOff);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file;
  }

 private:
  std::filesystem::path path_;
};

// Runs a parser: an Error of data or configuration is an answer, every other way out ends the
// program as a finding.
template <class Parse>
void expect_value_or_error(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kData || error.code() == ErrorCode::kConfig) return;
    std::fprintf(stderr, "error[%s]: %s\n", code_name(error.code()), error.what());
    std::abort();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "no radgen::Error: %s\n", error.what());
    std::abort();
  }
}

}  // namespace radgen::fuzz
