#include "report_watch.h"

#include <chrono>
#include <thread>

#include "radgen/clinical/watched_folder.h"
#include "radgen/core/files.h"
#include "radgen/core/log.h"
#include "radgen/core/signals.h"
#include "radgen/core/stop.h"

namespace radgen {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

Result<std::string> draft_claimed(const ClaimedFilm& film, const DraftFilm& draft) {
  // What is begun is brought to its end.
  const StopScope nobody_asks{StopToken()};
  AtomicDirectory folder(film.output);
  Result<std::string> status = draft(film.path, film.name, folder.path());
  if (status) folder.commit();
  return status;
}

// Whatever one film breaks, the next ones get their reports.
std::string work_on(WatchedFolder& folder, const ClaimedFilm& film, const DraftFilm& draft) {
  try {
    const Result<std::string> status = draft_claimed(film, draft);
    if (status) {
      folder.finish(film, *status);
      return *status;
    }
    folder.set_aside(film, status.failure().reason, status.failure().message);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kResource) {
      folder.interrupt(film);
      throw;
    }
    folder.set_aside(film, "failed", error.what());
  } catch (const std::exception& error) {
    folder.set_aside(film, "failed", error.what());
  }
  return "failed";
}

}  // namespace

WatchCounts watch(const WatchSettings& settings, const DraftFilm& draft) {
  WatchedFolder folder(settings.watched, settings.output,
                       {.settle_seconds = settings.settle_seconds});
  log::info("watching {}", settings.watched.string());
  WatchCounts counts;
  while (stop_signal() == 0) {
    if (const std::optional<ClaimedFilm> film = folder.claim()) {
      const auto started = std::chrono::steady_clock::now();
      const std::string status = work_on(folder, *film, draft);
      ++counts[status];
      log::info("{}: {} in {:.1f} s", film->name, status,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    } else if (settings.until_empty && !folder.is_waiting()) {
      break;
    } else {
      std::this_thread::sleep_for(kPause);
    }
  }
  return counts;
}

}  // namespace radgen
