// Compressed films made at test time: what comes back, and that a code stream cut inside a
// well-formed file is refused.
#include <gtest/gtest.h>

#include "imaging/codecs_of_tests.h"
#include "imaging/synthetic_films.h"
#include "radgen/core/files.h"
#include "radgen/imaging/film.h"
#include "radgen/imaging/image.h"

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
  const std::string jp2 = testing::jp2_of(film.stored);
  for (const std::string& stream : {jp2, codestream_of(jp2)}) {
    const Result<Film> read = read_film_bytes(encapsulated(film, kJpeg2000, stream));
    ASSERT_TRUE(read) << read.failure().reason << ": " << read.failure().message;
    EXPECT_EQ(cv::norm(read->pixels, expected->pixels, cv::NORM_INF), 0);
  }
}

TEST(CompressedFilm, WithACutJpeg2000StreamIsRefused) {
  const FilmToWrite film = film_of_16_bits();
  const std::string stream = codestream_of(testing::jp2_of(film.stored));
  for (size_t length = 2; length + 4 < stream.size(); length += 97)
    EXPECT_FALSE(read_film_bytes(encapsulated(film, kJpeg2000, stream.substr(0, length))))
        << length;
}

TEST(CompressedFilm, WithAnotherSizeThanItsHeaderIsRefused) {
  FilmToWrite film = film_of_16_bits();
  const std::string stream = codestream_of(testing::jp2_of(film.stored));
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
  return encode_jpeg(bytes, 95);
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

// PS3.5 A.4: a frame may span fragments, and the offset table may be left empty.
TEST(CompressedFilm, InSeveralFragmentsIsOneFrame) {
  const FilmToWrite film = film_of_8_bits();
  const std::string syntax = "1.2.840.10008.1.2.4.50", jpeg = jpeg_of(film.stored);
  const std::string whole = encapsulated(film, syntax, jpeg);
  const Result<Film> expected = read_film_bytes(whole);
  ASSERT_TRUE(expected);
  const std::string item("\xFE\xFF\x00\xE0", 4), end("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
  for (const size_t size : {size_t{64}, size_t{500}}) {
    for (const bool has_zeros_behind : {false, true}) {
      // The frame's bytes begin behind the empty table (8) and the one fragment's header (8).
      const size_t frame_at = whole.size() - end.size() - (jpeg.size() + jpeg.size() % 2);
      std::string frame = whole.substr(frame_at, whole.size() - end.size() - frame_at);
      if (has_zeros_behind) frame += std::string(6, '\0');
      std::string file = whole.substr(0, frame_at - 8);
      for (size_t at = 0; at < frame.size(); at += size) {
        const std::string part = frame.substr(at, size);
        file += item + little(static_cast<uint32_t>(part.size())) + part;
      }
      if (has_zeros_behind) file += item + little(2) + std::string(2, '\0');
      const Result<Film> read = read_film_bytes(file + end);
      ASSERT_TRUE(read) << read.failure().reason;
      EXPECT_EQ(cv::norm(read->pixels, expected->pixels, cv::NORM_INF), 0);
    }
  }
}

// CVE-2026-44038: libijg decodes by such a table and writes behind its buffer.
TEST(CompressedFilm, WithADcSymbolAbove15IsRefused) {
  const FilmToWrite film = film_of_8_bits();
  std::string jpeg = jpeg_of(film.stored);
  const size_t table = jpeg.find("\xFF\xC4");
  ASSERT_NE(table, std::string::npos);
  ASSERT_EQ(jpeg[table + 4], 0) << "the first table is that of the DC symbols";
  jpeg[table + 5 + 16] = 0x11;
  const Result<Film> read = read_film_bytes(encapsulated(film, "1.2.840.10008.1.2.4.50", jpeg));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.failure().reason, "corrupt_compressed_data");
}

}  // namespace
}  // namespace radgen
