// A folder that films arrive in, each of them worked through exactly once, also after kill -9.
//
//   WatchedFolder folder("incoming", "drafts");
//   while (!stopped) {
//     const std::optional<ClaimedFilm> film = folder.claim();
//     if (!film) { sleep; continue; }
//     AtomicDirectory out(film->output);
//     ... draft film->path into out.path() ...
//     out.commit();
//     folder.finish(*film, "drafted");              // or folder.set_aside(*film, reason, message)
//   }
//
// What happens to a file of the watched folder:
//   1. It waits until it is complete: neither its size nor its time of change moves for
//      `settle_seconds`. Names that begin with "." or end with ".part", ".tmp" or ".filepart" are
//      of a copy that goes on and are left alone until they are renamed.
//   2. It is claimed by renaming it into WATCHED/.work; a file that vanishes before is nobody's.
//   3. Its results appear as OUTPUT/<path without extension>-<first 12 of its sha256>, by a rename.
//   4. It is renamed into WATCHED/done, or into WATCHED/failed with <name>.reason.json beside it.
// A process that dies leaves the file in .work. The next one finds either the results (and does
// only step 4) or nothing (and does step 3 again). A film during which the process died
// kMostAttempts times is set aside ("crashed"). The same bytes under another name or again are not
// drafted twice ("duplicate"), as long as their results are there. OUTPUT/watch.jsonl is the
// journal: one line when work on a film begins and one when it ends. One process watches a folder
// at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "radgen/core/files.h"

namespace radgen {

struct WatchOptions {
  double settle_seconds = 2;
};

struct ClaimedFilm {
  std::filesystem::path path;    // where it lies now
  std::filesystem::path output;  // where its results belong; not there yet
  std::string name;              // as it arrived, relative, for results and messages
  std::string sha256;
};

class WatchedFolder {
 public:
  static constexpr int kMostAttempts = 3;

  // Throws Error{kUsage} where the folder is not there, holds the output or lies in it, or where
  // another process watches it; Error{kResource} where it cannot be written.
  WatchedFolder(std::filesystem::path watched, std::filesystem::path output,
                WatchOptions options = {});
  ~WatchedFolder();
  WatchedFolder(const WatchedFolder&) = delete;
  WatchedFolder& operator=(const WatchedFolder&) = delete;

  // The next complete film, oldest first; those that a dead process left come before all others.
  std::optional<ClaimedFilm> claim();

  // Are there files that claim() still waits for?
  bool is_waiting() const { return !seen_.empty() || !left_over_.empty(); }

  void finish(const ClaimedFilm& film, const std::string& status);
  // `message` must hold nothing of the film's header.
  void set_aside(const ClaimedFilm& film, const std::string& reason, const std::string& message);
  // Not the film's fault (a full disk): it stays in .work, and this attempt does not count.
  void interrupt(const ClaimedFilm& film);

 private:
  using Clock = std::chrono::steady_clock;
  struct Seen {
    std::uintmax_t bytes = 0;
    std::filesystem::file_time_type changed;
    Clock::time_point since;
  };

  void lock();
  std::vector<std::filesystem::path> arrivals();  // relative paths of complete files
  // `relative` in .work. Nothing: it needed no work.
  std::optional<ClaimedFilm> begin(const std::filesystem::path& relative, bool is_left_over);
  void read_journal(const std::filesystem::path& path);
  void end(const ClaimedFilm& film, const std::string& status, const std::filesystem::path& output,
           const std::filesystem::path& to);
  std::filesystem::path place(const ClaimedFilm& film, const char* folder) const;
  int attempts(const std::string& sha256) const;

  std::filesystem::path watched_, output_;
  WatchOptions options_;
  int lock_file_ = -1;
  std::vector<std::filesystem::path> left_over_;  // in .work, relative; what a dead process left
  std::map<std::filesystem::path, Seen> seen_;
  // From the journal, by sha256: how often work began without an end, and the last end.
  std::map<std::string, int> begun_;
  struct Ended {
    std::string name;
    std::filesystem::path output;  // absolute; empty: it was set aside
  };
  std::map<std::string, Ended> ended_;
  std::optional<JsonlWriter> journal_;
};

}  // namespace radgen
