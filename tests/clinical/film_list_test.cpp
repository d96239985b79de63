#include "radgen/clinical/film_list.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "data/temporary_folder.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

namespace fs = std::filesystem;
const std::string kDicom = std::string(128, '\0') + "DICM";
const std::string kPng = "\x89PNG\r\n\x1a\n";

std::vector<std::string> strings(const std::vector<fs::path>& paths) {
  std::vector<std::string> out;
  for (const fs::path& path : paths) out.push_back(path.generic_string());
  return out;
}

TEST(OutputNames, AreTheInputsWithoutTheirExtensions) {
  EXPECT_EQ(strings(output_names({"a.dcm", "b/c.png", "plain"})),
            (std::vector<std::string>{"a", "b/c", "plain"}));
}

TEST(OutputNames, KeepTheExtensionsOfFilesThatDifferOnlyByThem) {
  EXPECT_EQ(strings(output_names({"a.dcm", "a.png"})),
            (std::vector<std::string>{"a.dcm", "a.png"}));
}

TEST(OutputNames, TakeTheEndOfAUidForNoExtension) {
  EXPECT_EQ(strings(output_names({"1.2.840.5", "1.2.840.6"})),
            (std::vector<std::string>{"1.2.840.5", "1.2.840.6"}));
}

TEST(OutputNames, NeverMeetNorLieInEachOther) {
  const std::vector<fs::path> inputs{"a",
                                     "a.dcm",
                                     "a.dcm.png",
                                     "a~2",
                                     "b.dcm",
                                     "b/c.dcm",
                                     "b/c/d.dcm",
                                     "b.dcm~2",
                                     "summary.json",
                                     "summary.json.dcm",
                                     "b/report.txt.dcm"};
  const std::vector<fs::path> outputs = output_names(inputs);
  ASSERT_EQ(outputs.size(), inputs.size());
  std::set<fs::path> seen(outputs.begin(), outputs.end());
  EXPECT_EQ(seen.size(), outputs.size());
  EXPECT_FALSE(seen.contains("summary.json"));
  for (const fs::path& output : outputs) {
    for (fs::path up = output.parent_path(); !up.empty(); up = up.parent_path()) {
      EXPECT_FALSE(seen.contains(up)) << output << " lies in " << up;
    }
  }
}

TEST(FilmList, WalksSortedAndSaysWhatItSkips) {
  TemporaryFolder folder;
  folder.write("in/b/film.dcm", kDicom);
  folder.write("in/a.bin", kPng);
  folder.write("in/c.jpg", "\xff\xd8\xff\xe0");
  folder.write("in/notes.dcm", "a text that is called a film");
  folder.write("elsewhere/film.dcm", kDicom);
  fs::create_symlink(folder.path() / "elsewhere", folder.path() / "in/link");
  fs::create_symlink(folder.path() / "in", folder.path() / "in/b/circle");
  const FilmList list = list_films(folder.path() / "in", folder.path() / "out");
  std::vector<std::string> names;
  for (const FilmFile& film : list.films) names.push_back(film.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a.bin", "b/film.dcm", "c.jpg"}));
  std::map<std::string, std::string> skipped;
  for (const SkippedFile& file : list.skipped) skipped[file.name] = file.reason;
  EXPECT_EQ(skipped, (std::map<std::string, std::string>{{"b/circle", "symbolic_link"},
                                                         {"link", "symbolic_link"},
                                                         {"notes.dcm", "not_a_film"}}));
}

TEST(FilmList, LeavesOutWhatLiesInTheOutput) {
  TemporaryFolder folder;
  folder.write("in/a.dcm", kDicom);
  folder.write("in/out/sentence_01.png", kPng);
  const FilmList list = list_films(folder.path() / "in", folder.path() / "in/out");
  ASSERT_EQ(list.films.size(), 1u);
  EXPECT_EQ(list.films[0].name, "a.dcm");
}

TEST(FilmList, ASingleFileIsTakenWhateverItHolds) {
  TemporaryFolder folder;
  const fs::path file = folder.write("x/film.dcm", "no film");
  const FilmList list = list_films(file, folder.path() / "out");
  ASSERT_EQ(list.films.size(), 1u);
  EXPECT_EQ(list.films[0].name, "film.dcm");
  EXPECT_EQ(list.films[0].output, "film");
}

TEST(FilmList, RefusesAnOutputThatHoldsTheInputAndAnInputThatIsNotThere) {
  TemporaryFolder folder;
  folder.write("in/a.dcm", kDicom);
  EXPECT_THROW(list_films(folder.path() / "in", folder.path() / "in"), Error);
  EXPECT_THROW(list_films(folder.path() / "in/a.dcm", folder.path() / "in"), Error);
  EXPECT_THROW(list_films(folder.path() / "nowhere", folder.path() / "out"), Error);
}

TEST(FilmList, NamesAreValidForJsonAndLogs) {
  TemporaryFolder folder;
  folder.write("in/new\nline\xff.dcm", kDicom);
  const FilmList list = list_films(folder.path() / "in", folder.path() / "out");
  ASSERT_EQ(list.films.size(), 1u);
  EXPECT_EQ(list.films[0].name, "new?line\xef\xbf\xbd.dcm");
}

TEST(BeginsLikeAFilm, KnowsDicomWithAndWithoutPreamble) {
  EXPECT_TRUE(begins_like_a_film(kDicom));
  EXPECT_TRUE(begins_like_a_film(std::string("\x08\x00\x05\x00\x0a\x00\x00\x00", 8)));  // implicit
  EXPECT_TRUE(
      begins_like_a_film(std::string("\x00\x08\x00\x05\x43\x53\x00\x0a", 8)));  // big endian
  EXPECT_FALSE(begins_like_a_film("study_id,path\n1,2\n"));
  EXPECT_FALSE(begins_like_a_film(""));
}

}  // namespace
}  // namespace radgen
