// Films that are read in a child without rights: what comes back is what read_film() gives, and
// what the child does wrong costs its film alone.
#include "radgen/imaging/film_sandbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "core/scratch.h"
#include "imaging/film_wire.h"
#include "imaging/synthetic_films.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

namespace fs = std::filesystem;

fs::path hostile_program() { return fs::path(RADGEN_BIN_DIR) / "hostile-film-reader"; }

SandboxLimits small_limits() {
  return {.memory_bytes = size_t{1} << 30, .cpu_seconds = 1, .wall_seconds = 20};
}

// How a child ends that the film made do this.
Failure failure_of(const std::string& wish, const SandboxLimits& limits = small_limits(),
                   const ReadOptions& options = {}) {
  const Scratch scratch;
  const FilmSandbox sandbox(hostile_program(), limits);
  const Result<Film> film = sandbox.read(scratch.write("film", "hostile:" + wish), options);
  return film ? Failure{"read", ""} : film.failure();
}

void expect_same(const Result<Film>& a, const Result<Film>& b, const std::string& name) {
  ASSERT_EQ(a.has_value(), b.has_value()) << name;
  if (!a) {
    EXPECT_EQ(a.failure().reason, b.failure().reason) << name;
    EXPECT_EQ(a.failure().message, b.failure().message) << name;
    return;
  }
  EXPECT_EQ(cv::norm(a->pixels, b->pixels, cv::NORM_INF), 0) << name;
  // Every other member stands in the header.
  EXPECT_EQ(film_wire_header(a), film_wire_header(b)) << name;
}

TEST(FilmSandbox, ReadsAFilmWithAllThatItsHeaderSays) {
  const Scratch scratch;
  FilmToWrite written = testing::small_film();
  written.accession = "A-17";
  const fs::path file = scratch.write("film.dcm", encode_dicom_film(written));
  const Result<Film> direct = read_film(file);
  const Result<Film> boxed = FilmSandbox(hostile_program(), {}).read(file);
  ASSERT_TRUE(direct);
  ASSERT_TRUE(boxed) << boxed.failure().reason << ": " << boxed.failure().message;
  EXPECT_EQ(boxed->tags.patient_id, "T1");
  EXPECT_EQ(boxed->tags.accession, "A-17");
  EXPECT_EQ(boxed->tags.patient_age_years, 45);
  expect_same(direct, boxed, "film");
}

// Every transfer syntax, PNG, JPEG, character sets that need a converter, and files that are
// refused.
TEST(FilmSandbox, ReadsTheFuzzCorpusAsReadFilmDoes) {
  const FilmSandbox sandbox(hostile_program(), {});
  size_t read = 0, refused = 0;
  for (const auto& entry :
       fs::directory_iterator(fs::path(RADGEN_SOURCE_DIR) / "tests/fuzz/corpus/read_film")) {
    const Result<Film> direct = read_film(entry.path());
    expect_same(direct, sandbox.read(entry.path()), entry.path().filename().string());
    ++(direct ? read : refused);
  }
  EXPECT_GE(read, 10U);
  EXPECT_GE(refused, 2U);
}

TEST(FilmSandbox, PassesTheReadOptionsOn) {
  const Scratch scratch;
  const fs::path file = scratch.write("film.dcm", encode_dicom_film(testing::small_film()));
  const FilmSandbox sandbox(hostile_program(), {});
  for (const ReadOptions& options :
       {ReadOptions{.photometric = "mimic-jpg"}, ReadOptions{.max_pixels = 100},
        ReadOptions{.honour_orientation = false}})
    expect_same(read_film(file, options), sandbox.read(file, options), options.photometric);
}

TEST(FilmSandbox, LeavesItsChildNoRights) {
  const Failure failure = failure_of("rights");
  EXPECT_EQ(failure.reason, "rights");
  EXPECT_EQ(failure.message, "none");
}

TEST(FilmSandbox, ACrashCostsThatFilmAlone) {
  const Failure failure = failure_of("crash");
  EXPECT_EQ(failure.reason, "decoder_crashed");
  EXPECT_NE(failure.message.find("signal"), std::string::npos) << failure.message;
}

TEST(FilmSandbox, AnEndlessComputationIsStopped) {
  EXPECT_EQ(failure_of("compute").reason, "decoder_timeout");
}

TEST(FilmSandbox, AnEndlessWaitIsStopped) {
  SandboxLimits limits = small_limits();
  limits.wall_seconds = 0.5;
  limits.cpu_seconds = 60;
  EXPECT_EQ(failure_of("wait", limits).reason, "decoder_timeout");
}

#if !defined(__SANITIZE_ADDRESS__)  // which needs all addresses
TEST(FilmSandbox, AMemoryBombFindsItsLimit) {
  SandboxLimits limits = small_limits();
  limits.cpu_seconds = 20;
  EXPECT_EQ(failure_of("bomb", limits).reason, "too_large");
}
#endif

TEST(FilmSandbox, MoreThanAFilmIsNotTakenIn) {
  EXPECT_EQ(failure_of("flood", small_limits(), {.max_pixels = 1000}).reason, "decoder_crashed");
}

TEST(FilmSandbox, BelievesNothingThatItsChildSays) {
  for (const std::string wish : {"silence", "half", "huge", "negative", "nameless"})
    EXPECT_EQ(failure_of(wish).reason, "decoder_crashed") << wish;
}

TEST(FilmSandbox, AnAnswerThatWasCutIsNoFilm) {
  const Scratch scratch;
  const Result<Film> film =
      read_film(scratch.write("film.dcm", encode_dicom_film(testing::small_film())));
  ASSERT_TRUE(film);
  std::string wire = film_wire_header(film);
  wire.append(reinterpret_cast<const char*>(film->pixels.data), film->pixels.total() * 2);
  const auto whole = film_from_wire(wire, 10'000);
  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ(cv::norm((*whole)->pixels, film->pixels, cv::NORM_INF), 0);
  for (size_t length = 0; length < wire.size(); length += 7)
    EXPECT_FALSE(film_from_wire(wire.substr(0, length), 10'000)) << length;
  EXPECT_FALSE(film_from_wire(wire, 100)) << "more pixels than are read";
}

TEST(FilmSandbox, WhatIsNoFileNeedsNoChild) {
  const Scratch scratch;
  const FilmSandbox sandbox(hostile_program(), {});
  EXPECT_EQ(sandbox.read(scratch / "no-such-film.dcm").failure().reason, "unreadable_file");
  EXPECT_EQ(sandbox.read(scratch.path()).failure().reason, "unreadable_file");
}

TEST(FilmSandbox, SaysThatItsProgramIsNotThere) {
  try {
    FilmSandbox sandbox("/no-such-folder/radgen-film-reader", {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kResource);
    EXPECT_NE(std::string(error.what()).find("radgen-film-reader"), std::string::npos);
  }
}

}  // namespace
}  // namespace radgen
