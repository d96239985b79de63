#include "radgen/imaging/dicom_write.h"

#include <gtest/gtest.h>

#include <set>

#include "imaging/synthetic_films.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/imaging/film.h"

namespace radgen {
namespace {

TEST(DicomWrite, GivesTheSameBytesAgain) {
  EXPECT_EQ(encode_dicom_film(testing::small_film()), encode_dicom_film(testing::small_film()));
}

TEST(DicomWrite, KeepsWhatItWasGiven) {
  FilmToWrite film = testing::small_film();
  film.sop_uid = make_uid("film");
  film.body_part = "";
  film.is_monochrome1 = true;
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / "radgen_written.dcm";
  write_dicom_film(path, film);
  const Result<Film> read = read_film(path);
  ASSERT_TRUE(read) << read.failure().reason;
  EXPECT_TRUE(read->warnings.empty());
  EXPECT_EQ(read->tags.sop_uid, film.sop_uid);
  EXPECT_EQ(read->tags.body_part, "");
  EXPECT_EQ(read->tags.patient_id, "T1");
  EXPECT_EQ(read->tags.study_date, "20200102");
  EXPECT_FALSE(read->tags.is_for_processing);
}

TEST(DicomWrite, SaysThatItIsSynthetic) {
  EXPECT_NE(encode_dicom_film(testing::small_film()).find("SYNTHETIC"), std::string::npos);
}

TEST(DicomWrite, RefusesWhatDoesNotFit) {
  FilmToWrite film = testing::small_film();
  film.bits_stored = 8;
  EXPECT_THROW(encode_dicom_film(film), Error);
  film = testing::small_film();
  film.window_width.reset();
  EXPECT_THROW(encode_dicom_film(film), Error);
  film = testing::small_film();
  film.accession = std::string(17, 'A');
  EXPECT_THROW(encode_dicom_film(film), Error);
  film = testing::small_film();
  film.stored = cv::Mat();
  EXPECT_THROW(encode_dicom_film(film), Error);
}

TEST(MakeUid, IsValidAndDependsOnTheSeedOnly) {
  std::set<std::string> uids;
  for (int i = 0; i < 500; ++i) {
    const std::string uid = make_uid("seed " + std::to_string(i));
    EXPECT_TRUE(uid.starts_with("2.25."));
    EXPECT_LE(uid.size(), 44u);
    EXPECT_NE(uid[5], '0');
    EXPECT_EQ(uid.find_first_not_of("0123456789."), std::string::npos);
    uids.insert(uid);
  }
  EXPECT_EQ(uids.size(), 500u);
  EXPECT_EQ(make_uid("a"), make_uid("a"));
}

}  // namespace
}  // namespace radgen
