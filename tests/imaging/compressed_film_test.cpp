// Compressed films made at test time: what comes back, and that a code stream cut inside a
// well-formed file is refused.
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "imaging/synthetic_films.h"
#include "radgen/core/files.h"
#include "radgen/imaging/film.h"

namespace radgen {
namespace {

std::string little(uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return bytes;
}

// The film's file with `codestream` in place of its pixels, under another transfer syntax (PS3.5
// A.4).
std::string encapsulated(const FilmToWrite& film, const std::string& syntax,
                         std::string codestream) {
  std::string file = encode_dicom_film(film);
  file.resize(file.size() - film.stored.total() * 2 - 12);
  std::string uid = syntax;
  if (uid.size() % 2) uid.push_back('\0');
  const std::string tag("\x02\x00\x10\x00UI", 6);
  const size_t at = file.find(tag);
  file.replace(at, 8 + 20, tag + static_cast<char>(uid.size()) + '\0' + uid);
  if (codestream.size() % 2) codestream.push_back('\0');
  const std::string item("\xFE\xFF\x00\xE0", 4);
  return file + std::string("\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF", 12) + item + little(0) +
         item + little(static_cast<uint32_t>(codestream.size())) + codestream +
         std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
}

// Lossless JPEG 2000 of the film's pixels in its JP2 container.
std::string jp2_of(const cv::Mat& pixels) {
  std::vector<uchar> bytes;
  // 1000 is OpenCV's word for lossless.
  EXPECT_TRUE(cv::imencode(".jp2", pixels, bytes, {cv::IMWRITE_JPEG2000_COMPRESSION_X1000, 1000}));
  return {bytes.begin(), bytes.end()};
}

std::string codestream_of(const std::string& jp2) {
  return jp2.substr(jp2.find("\xFF\x4F\xFF\x51"));
}

FilmToWrite film_of_16_bits() {
  FilmToWrite film = testing::small_film(96, 80);
  film.bits_stored = 16;
  film.stored = testing::ramp_image(96, 80, 16);
  film.window_center = film.window_width = std::nullopt;
  return film;
}

constexpr const char* kJpeg2000 = "1.2.840.10008.1.2.4.90";

TEST(CompressedFilm, InJpeg2000ShowsTheSameImageWithAndWithoutContainer) {
  const FilmToWrite film = film_of_16_bits();
  const Result<Film> expected = read_film_bytes(encode_dicom_film(film));
  ASSERT_TRUE(expected);
  const std::string jp2 = jp2_of(film.stored);
  for (const std::string& stream : {jp2, codestream_of(jp2)}) {
    const Result<Film> read = read_film_bytes(encapsulated(film, kJpeg2000, stream));
    ASSERT_TRUE(read) << read.failure().reason << ": " << read.failure().message;
    EXPECT_EQ(cv::norm(read->pixels, expected->pixels, cv::NORM_INF), 0);
  }
}

TEST(CompressedFilm, WithACutJpeg2000StreamIsRefused) {
  const FilmToWrite film = film_of_16_bits();
  const std::string stream = codestream_of(jp2_of(film.stored));
  for (size_t length = 2; length + 4 < stream.size(); length += 97)
    EXPECT_FALSE(read_film_bytes(encapsulated(film, kJpeg2000, stream.substr(0, length))))
        << length;
}

TEST(CompressedFilm, WithAnotherSizeThanItsHeaderIsRefused) {
  FilmToWrite film = film_of_16_bits();
  const std::string stream = codestream_of(jp2_of(film.stored));
  film.stored = testing::ramp_image(96, 81, 16);
  const Result<Film> read = read_film_bytes(encapsulated(film, kJpeg2000, stream));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.failure().reason, "corrupt_compressed_data");
}

FilmToWrite film_of_8_bits() {
  FilmToWrite film = testing::small_film(96, 80);
  film.bits_stored = 8;
  film.stored = testing::ramp_image(96, 80, 8);
  film.window_center = 128;
  film.window_width = 256;
  return film;
}

std::string jpeg_of(const cv::Mat& words) {
  cv::Mat bytes;
  words.convertTo(bytes, CV_8U);
  std::vector<uchar> encoded;
  EXPECT_TRUE(cv::imencode(".jpg", bytes, encoded, {cv::IMWRITE_JPEG_QUALITY, 95}));
  return {encoded.begin(), encoded.end()};
}

TEST(CompressedFilm, InBaselineJpegIsNearlyTheSame) {
  const FilmToWrite film = film_of_8_bits();
  const Result<Film> expected = read_film_bytes(encode_dicom_film(film));
  const Result<Film> read =
      read_film_bytes(encapsulated(film, "1.2.840.10008.1.2.4.50", jpeg_of(film.stored)));
  ASSERT_TRUE(expected);
  ASSERT_TRUE(read) << read.failure().reason;
  EXPECT_LE(cv::norm(read->pixels, expected->pixels, cv::NORM_INF), 4 * 257);
}

// libjpeg fills what is missing with grey and only warns: the missing end marker, or a forged one,
// must be noticed.
TEST(CompressedFilm, WithACutJpegScanIsRefusedEvenWithAForgedEnd) {
  const FilmToWrite film = film_of_8_bits();
  const std::string stream = jpeg_of(film.stored);
  for (size_t length = stream.size() / 2; length + 40 < stream.size(); length += 97) {
    const std::string cut = stream.substr(0, length);
    EXPECT_FALSE(read_film_bytes(encapsulated(film, "1.2.840.10008.1.2.4.50", cut))) << length;
    EXPECT_FALSE(read_film_bytes(encapsulated(film, "1.2.840.10008.1.2.4.50", cut + "\xFF\xD9")))
        << length;
  }
}

}  // namespace
}  // namespace radgen
