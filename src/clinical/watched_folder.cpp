#include "radgen/clinical/watched_folder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "clinical/paths.h"
#include "radgen/clinical/film_list.h"
#include "radgen/core/error.h"
#include "radgen/core/log.h"

namespace radgen {
namespace {

constexpr const char* kWork = ".work";
constexpr const char* kDone = "done";
constexpr const char* kFailed = "failed";
constexpr const char* kJournal = "watch.jsonl";

bool is_unfinished_copy(const fs::path& path) {
  static constexpr std::array<std::string_view, 3> kEndings = {".part", ".tmp", ".filepart"};
  const std::string name = path.filename().string();
  return name.starts_with(".") ||
         std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_ours(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name == kWork || name == kDone || name == kFailed;
}

std::string now_utc() {
  return fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}",
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

// Renames; false when the file is gone. Parent folders are made.
bool move_file(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::rename(from, to, error);
  if (!error) return true;
  if (error == std::errc::no_such_file_or_directory && !fs::exists(from)) return false;
  throw Error(ErrorCode::kResource,
              fmt::format("{}: cannot be moved: {}", printable_name(to), error.message()),
              "the watched folder has to be writable, on one file system");
}

// What a process that died had begun to write (AtomicDirectory).
void remove_half_written(const fs::path& output) {
  std::error_code error;
  const std::string begin = output.filename().string() + ".tmp-";
  for (const auto& entry : fs::directory_iterator(output.parent_path(), error))
    if (entry.path().filename().string().starts_with(begin)) fs::remove_all(entry.path(), error);
}

}  // namespace

WatchedFolder::WatchedFolder(fs::path watched, fs::path output, WatchOptions options)
    : options_(options) {
  std::error_code error;
  watched_ = fs::canonical(watched, error);
  if (error || !fs::is_directory(watched_))
    throw Error(ErrorCode::kUsage, watched.string() + ": no such folder to watch",
                "make it first; films are moved or copied into it");
  fs::create_directories(output);
  output_ = fs::canonical(output);
  if (lies_in(output_, watched_) || lies_in(watched_, output_))
    throw Error(ErrorCode::kUsage, "the output and the watched folder lie in one another",
                "choose an --output beside the watched folder");
  lock();
  const fs::path journal = output_ / kJournal;
  read_journal(journal);
  journal_.emplace(journal, JsonlWriter::Mode::kAppend);
  for (const auto& entry : fs::recursive_directory_iterator(watched_ / kWork))
    if (entry.is_regular_file())
      left_over_.push_back(entry.path().lexically_relative(watched_ / kWork));
  std::sort(left_over_.begin(), left_over_.end());
}

// A machine that lost its power may have left half a line.
void WatchedFolder::read_journal(const fs::path& path) {
  std::ifstream file(path);
  for (std::string text; std::getline(file, text);) {
    const nlohmann::json line = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) continue;
    const std::string sha256 = line.value("sha256", "");
    const std::string status = line.value("status", "");
    if (status == "begun") ++begun_[sha256];
    if (status != "begun") begun_.erase(sha256);
    if (status == "begun" || status == "interrupted") continue;
    const std::string output = line.value("output", "");
    ended_[sha256] = {line.value("name", ""), output.empty() ? fs::path() : output_ / output};
  }
}

WatchedFolder::~WatchedFolder() {
  if (lock_file_ >= 0) ::close(lock_file_);
}

void WatchedFolder::lock() {
  std::error_code error;
  fs::create_directories(watched_ / kWork, error);
  const fs::path path = watched_ / ".radgen-lock";
  lock_file_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (lock_file_ < 0)
    throw Error(ErrorCode::kResource, watched_.string() + ": the watched folder cannot be written",
                "films are renamed inside of it, so that each is taken once");
  if (::flock(lock_file_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_file_);
    lock_file_ = -1;
    throw Error(ErrorCode::kUsage, watched_.string() + ": another process watches this folder",
                "stop it, or give each its own folder");
  }
}

std::vector<fs::path> WatchedFolder::arrivals() {
  const Clock::time_point now = Clock::now();
  std::map<fs::path, Seen> seen;
  std::vector<std::pair<fs::file_time_type, fs::path>> complete;
  std::error_code error;  // what vanishes while it is looked at is skipped
  for (auto at = fs::recursive_directory_iterator(watched_, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const fs::path path = at->path();
    std::error_code gone;
    if (at->is_directory(gone) && at.depth() == 0 && is_ours(path)) at.disable_recursion_pending();
    if (at->is_symlink(gone) || !at->is_regular_file(gone) || is_unfinished_copy(path)) continue;
    Seen look{at->file_size(gone), at->last_write_time(gone), now};
    if (gone) continue;
    const auto before = seen_.find(path);
    const bool is_unchanged = before != seen_.end() && before->second.bytes == look.bytes &&
                              before->second.changed == look.changed;
    if (is_unchanged) look.since = before->second.since;
    if (is_unchanged &&
        std::chrono::duration<double>(now - look.since).count() >= options_.settle_seconds)
      complete.emplace_back(look.changed, path.lexically_relative(watched_));
    seen.emplace(path, look);
  }
  seen_ = std::move(seen);
  std::sort(complete.begin(), complete.end());
  std::vector<fs::path> paths;
  for (auto& [changed, path] : complete) paths.push_back(std::move(path));
  return paths;
}

int WatchedFolder::attempts(const std::string& sha256) const {
  const auto begun = begun_.find(sha256);
  return begun == begun_.end() ? 0 : begun->second;
}

std::optional<ClaimedFilm> WatchedFolder::begin(const fs::path& relative, bool is_left_over) {
  ClaimedFilm film{.path = watched_ / kWork / relative, .name = printable_name(relative)};
  film.sha256 = sha256_file(film.path);
  film.output = output_ / without_extension(relative);
  film.output += "-" + film.sha256.substr(0, 12);
  if (const auto ended = ended_.find(film.sha256);
      ended != ended_.end() && fs::exists(ended->second.output)) {
    // Its process died before the last step, or it is a twin of one that was done.
    if (is_left_over && ended->second.name == film.name)
      move_file(film.path, place(film, kDone));
    else
      end(film, "duplicate", ended->second.output, place(film, kDone));
    return std::nullopt;
  }
  if (fs::exists(film.output)) {  // its process died before it could say so
    finish(film, "drafted");
    return std::nullopt;
  }
  if (attempts(film.sha256) >= kMostAttempts) {
    remove_half_written(film.output);
    set_aside(
        film, "crashed",
        fmt::format("the process ended {} times while it worked on this film", kMostAttempts));
    return std::nullopt;
  }
  if (attempts(film.sha256) > 0) remove_half_written(film.output);
  ++begun_[film.sha256];
  journal_->write(
      {{"time", now_utc()}, {"name", film.name}, {"sha256", film.sha256}, {"status", "begun"}});
  return film;
}

std::optional<ClaimedFilm> WatchedFolder::claim() {
  while (!left_over_.empty()) {
    const fs::path relative = left_over_.back();
    left_over_.pop_back();
    if (auto film = begin(relative, /*is_left_over=*/true)) return film;
  }
  for (const fs::path& relative : arrivals()) {
    if (!move_file(watched_ / relative, watched_ / kWork / relative)) continue;
    seen_.erase(watched_ / relative);
    if (auto film = begin(relative, /*is_left_over=*/false)) return film;
  }
  return std::nullopt;
}

// The content's hash is part of the name, so that nothing is ever overwritten by something else.
fs::path WatchedFolder::place(const ClaimedFilm& film, const char* folder) const {
  const fs::path relative = film.path.lexically_relative(watched_ / kWork);
  const fs::path stem = without_extension(relative);
  const std::string extension =
      relative.filename().string().substr(stem.filename().string().size());
  fs::path to = watched_ / folder / stem;
  to += "-" + film.sha256.substr(0, 12) + extension;
  return to;
}

void WatchedFolder::end(const ClaimedFilm& film, const std::string& status, const fs::path& output,
                        const fs::path& to) {
  nlohmann::ordered_json line{
      {"time", now_utc()}, {"name", film.name}, {"sha256", film.sha256}, {"status", status}};
  if (!output.empty()) line["output"] = printable_name(output.lexically_relative(output_));
  journal_->write(line);
  begun_.erase(film.sha256);
  ended_[film.sha256] = {film.name, output};
  move_file(film.path, to);
}

void WatchedFolder::finish(const ClaimedFilm& film, const std::string& status) {
  end(film, status, film.output, place(film, kDone));
}

void WatchedFolder::set_aside(const ClaimedFilm& film, const std::string& reason,
                              const std::string& message) {
  const fs::path to = place(film, kFailed);
  fs::path note = to;
  note += ".reason.json";
  write_json_atomic(
      note, {{"name", film.name}, {"reason", reason}, {"message", message}, {"time", now_utc()}});
  log::warning("{}: set aside: {}: {}", film.name, reason, message);
  end(film, "failed", {}, to);
}

void WatchedFolder::interrupt(const ClaimedFilm& film) {
  begun_.erase(film.sha256);
  journal_->write({{"time", now_utc()},
                   {"name", film.name},
                   {"sha256", film.sha256},
                   {"status", "interrupted"}});
}

}  // namespace radgen
