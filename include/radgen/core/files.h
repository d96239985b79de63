// Files: reading whole, writing so that nobody ever sees a half-written file, JSON lines, hashes.
//
//   write_file_atomic(dir / "metrics.json", text);        // aside, fsync, rename
//   AtomicDirectory checkpoint(run / "checkpoints/step-100");
//   ... write into checkpoint.path() ...
//   checkpoint.commit();  // fsync, rename; without it the destructor removes all
//
// Every function throws Error{kData} (cannot read, malformed) or Error{kResource} (cannot write,
// disk full) that names the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace radgen {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path);     // bytes
nlohmann::json read_json(const fs::path& path);  // comments allowed
// kSynced: on disk when the call returns. kRenamed: whole or not there as long as the machine stays
// up, and a hundred times faster on a slow disk; for files that are made by the thousand and
// followed by one sync_filesystem().
enum class Durability { kSynced, kRenamed };
void write_file_atomic(const fs::path& path, std::string_view bytes,
                       Durability durability = Durability::kSynced);  // parent folders are made
// everything written so far to the file system that holds `path`
void sync_filesystem(const fs::path& path);
// indented, newline at the end
void write_json_atomic(const fs::path& path, const nlohmann::ordered_json& json);

// Calls `line(object, number)` for each non-empty line; numbers start at 1. `.gz` is not unpacked
// here; lines that are no UTF-8 are read as utf8.h says.
void read_jsonl(const fs::path& path,
                const std::function<void(const nlohmann::json&, size_t)>& line);

// Appends lines and flushes each one. With `atomic` everything goes to PATH.tmp and commit()
// renames it.
class JsonlWriter {
 public:
  enum class Mode { kAppend, kAtomic };
  explicit JsonlWriter(fs::path path, Mode mode = Mode::kAtomic);
  ~JsonlWriter();  // removes PATH.tmp when commit() was not called
  JsonlWriter(const JsonlWriter&) = delete;
  JsonlWriter& operator=(const JsonlWriter&) = delete;
  void write(const nlohmann::ordered_json& object);
  void commit();

 private:
  fs::path path_, temporary_;
  Mode mode_;
  std::FILE* file_ = nullptr;
};

// A folder that appears whole or not at all.
class AtomicDirectory {
 public:
  explicit AtomicDirectory(fs::path final_path);  // makes FINAL.tmp-<pid>
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;
  const fs::path& path() const { return temporary_; }
  void commit();  // syncs the file system, renames; an existing final folder is replaced

 private:
  fs::path final_, temporary_;
  bool is_committed_ = false;
};

// Points a symbolic link at `target` (relative to the link's folder) in one step.
void replace_symlink(const fs::path& link, const fs::path& target);

// Makes `dir` ready for writing: creates it. Refuses (Error{kUsage}) when it exists and is not
// empty, unless `overwrite`, which moves what is there to DIR.bak-<YYYYmmddTHHMMSS>.
void claim_output_directory(const fs::path& dir, bool overwrite);

std::string sha256_hex(std::string_view bytes);
std::string sha256_file(const fs::path& path);

}  // namespace radgen
