#include "radgen/clinical/watched_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "data/temporary_folder.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

class WatchedFolderTest : public ::testing::Test {
 protected:
  WatchedFolderTest() { fs::create_directories(in()); }
  fs::path in() const { return folder_.path() / "in"; }
  fs::path out() const { return folder_.path() / "out"; }
  WatchedFolder open(double settle_seconds = 0) {
    return WatchedFolder(in(), out(), {.settle_seconds = settle_seconds});
  }
  void arrive(const std::string& name, const std::string& bytes) {
    write_file_atomic(in() / name, bytes);
  }
  // What is seen once has to be seen again.
  static std::optional<ClaimedFilm> claim(WatchedFolder& folder) {
    if (auto film = folder.claim()) return film;
    return folder.claim();
  }
  static void make_output(const ClaimedFilm& film) {
    AtomicDirectory made(film.output);
    write_file_atomic(made.path() / "report.txt", "words");
    made.commit();
  }
  std::vector<std::string> journal() const {
    std::vector<std::string> statuses;
    if (fs::exists(out() / "watch.jsonl"))
      read_jsonl(out() / "watch.jsonl", [&](const nlohmann::json& line, size_t) {
        statuses.push_back(line.at("status"));
      });
    return statuses;
  }
  static size_t files_below(const fs::path& folder) {
    size_t count = 0;
    if (fs::exists(folder))
      for (const auto& entry : fs::recursive_directory_iterator(folder))
        count += entry.is_regular_file();
    return count;
  }
  TemporaryFolder folder_;
};

using Statuses = std::vector<std::string>;

TEST_F(WatchedFolderTest, TakesAFilmOnceAndPutsItAway) {
  arrive("ward/film.dcm", "pixels");
  {
    WatchedFolder folder = open();
    const auto film = claim(folder);
    ASSERT_TRUE(film);
    EXPECT_EQ(film->name, "ward/film.dcm");
    EXPECT_EQ(film->output, fs::canonical(out()) / ("ward/film-" + film->sha256.substr(0, 12)));
    EXPECT_FALSE(fs::exists(in() / "ward/film.dcm"));
    make_output(*film);
    folder.finish(*film, "drafted");
    EXPECT_FALSE(claim(folder));
  }
  WatchedFolder again = open();
  EXPECT_FALSE(claim(again));
  EXPECT_EQ(files_below(in() / "done"), 1u);
  EXPECT_EQ(files_below(in() / ".work"), 0u);
  EXPECT_EQ(journal(), (Statuses{"begun", "drafted"}));
}

TEST_F(WatchedFolderTest, WaitsForAFileThatStillGrows) {
  WatchedFolder folder = open(0.2);
  arrive("film.dcm", "half");
  EXPECT_FALSE(folder.claim());
  arrive("film.dcm", "half and whole");
  ::usleep(250'000);
  EXPECT_FALSE(folder.claim()) << "it has changed since it was seen";
  EXPECT_TRUE(folder.is_waiting());
  ::usleep(250'000);
  EXPECT_TRUE(folder.claim());
}

TEST_F(WatchedFolderTest, LeavesCopiesThatGoOnAlone) {
  for (const char* name : {"film.dcm.part", ".film.dcm.x7", "film.tmp", "film.dcm.filepart"})
    arrive(name, "half");
  WatchedFolder folder = open();
  EXPECT_FALSE(claim(folder));
  EXPECT_FALSE(folder.is_waiting());
  fs::rename(in() / "film.dcm.part", in() / "film.dcm");
  EXPECT_TRUE(claim(folder));
}

TEST_F(WatchedFolderTest, AFileThatVanishesIsNobodys) {
  arrive("film.dcm", "pixels");
  WatchedFolder folder = open();
  EXPECT_FALSE(folder.claim());
  fs::remove(in() / "film.dcm");
  EXPECT_FALSE(folder.claim());
  EXPECT_TRUE(journal().empty());
}

TEST_F(WatchedFolderTest, WhatADeadProcessLeftIsTakenUpAgain) {
  arrive("film.dcm", "pixels");
  {
    WatchedFolder folder = open();
    const auto film = claim(folder);
    ASSERT_TRUE(film);
    fs::create_directories(film->output.string() + ".tmp-12345");  // as AtomicDirectory leaves it
  }
  WatchedFolder folder = open();
  const auto film = folder.claim();
  ASSERT_TRUE(film);
  EXPECT_EQ(film->name, "film.dcm");
  EXPECT_FALSE(fs::exists(film->output.string() + ".tmp-12345"));
  make_output(*film);
  folder.finish(*film, "drafted");
  EXPECT_EQ(journal(), (Statuses{"begun", "begun", "drafted"}));
}

TEST_F(WatchedFolderTest, ResultsThatAreThereAreNotMadeAgain) {
  arrive("film.dcm", "pixels");
  {
    WatchedFolder folder = open();
    const auto film = claim(folder);
    ASSERT_TRUE(film);
    make_output(*film);  // and dies
  }
  WatchedFolder folder = open();
  EXPECT_FALSE(claim(folder));
  EXPECT_EQ(journal(), (Statuses{"begun", "drafted"}));
  EXPECT_EQ(files_below(in() / "done"), 1u);
}

TEST_F(WatchedFolderTest, TheSameBytesAreNotDraftedTwice) {
  WatchedFolder folder = open();
  arrive("a.dcm", "pixels");
  const auto film = claim(folder);
  ASSERT_TRUE(film);
  make_output(*film);
  folder.finish(*film, "drafted");
  arrive("a.dcm", "pixels");
  EXPECT_FALSE(claim(folder));
  EXPECT_EQ(journal(), (Statuses{"begun", "drafted", "duplicate"}));
  arrive("b.dcm", "pixels");
  EXPECT_FALSE(claim(folder)) << "another name does not make it another film";
  arrive("a.dcm", "other pixels");
  EXPECT_TRUE(claim(folder)) << "the same name with another content is another film";
}

TEST_F(WatchedFolderTest, AFilmWhoseResultsWereTakenAwayIsDraftedAgain) {
  WatchedFolder folder = open();
  arrive("a.dcm", "pixels");
  const auto film = claim(folder);
  ASSERT_TRUE(film);
  make_output(*film);
  folder.finish(*film, "drafted");
  fs::remove_all(film->output);
  arrive("a.dcm", "pixels");
  EXPECT_TRUE(claim(folder));
}

TEST_F(WatchedFolderTest, AFilmThatEndsTheProcessThriceIsSetAside) {
  arrive("film.dcm", "pixels");
  for (int i = 0; i < WatchedFolder::kMostAttempts; ++i) {
    WatchedFolder folder = open();
    ASSERT_TRUE(claim(folder)) << i;
  }
  WatchedFolder folder = open();
  EXPECT_FALSE(claim(folder));
  EXPECT_EQ(files_below(in() / "failed"), 2u) << "the film and its reason";
  EXPECT_EQ(journal().back(), "failed");
}

TEST_F(WatchedFolderTest, AFullDiskIsNotTheFilmsFault) {
  arrive("film.dcm", "pixels");
  for (int i = 0; i < 2 * WatchedFolder::kMostAttempts; ++i) {
    WatchedFolder folder = open();
    const auto film = claim(folder);
    ASSERT_TRUE(film) << i;
    folder.interrupt(*film);
  }
}

TEST_F(WatchedFolderTest, SetsAsideWithItsReason) {
  arrive("film.dcm", "pixels");
  WatchedFolder folder = open();
  const auto film = claim(folder);
  ASSERT_TRUE(film);
  folder.set_aside(*film, "truncated_file", "it ends too early");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(in() / "failed"))
    names.insert(entry.path().filename());
  const std::string name = "film-" + film->sha256.substr(0, 12) + ".dcm";
  EXPECT_EQ(names, (std::set<std::string>{name, name + ".reason.json"}));
  EXPECT_EQ(read_json(in() / "failed" / (name + ".reason.json"))["reason"], "truncated_file");
}

TEST_F(WatchedFolderTest, HasOneWatcherAndAnOutputOfItsOwn) {
  WatchedFolder folder = open();
  EXPECT_THROW(open(), Error);
  EXPECT_THROW(WatchedFolder(in(), in() / "drafts"), Error);
  EXPECT_THROW(WatchedFolder(folder_.path() / "absent", out()), Error);
}

TEST_F(WatchedFolderTest, AJournalThatWasCutOffIsRead) {
  arrive("film.dcm", "pixels");
  fs::create_directories(out());
  write_file_atomic(out() / "watch.jsonl", "{\"sha256\": \"ab\", \"status\": \"begun\"}\n{\"sha25");
  WatchedFolder folder = open();
  EXPECT_TRUE(claim(folder));
}

}  // namespace
}  // namespace radgen
