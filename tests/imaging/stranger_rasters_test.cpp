// PNG and JPEG films as other people's scripts, scanners and phones write them.
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>

#include "imaging/edited_films.h"
#include "imaging/jpeg_markers.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/quality.h"

namespace radgen {
namespace {

using namespace testing;

cv::Mat chest_of_bits(int bits) {
  cv::Mat image;
  drawn_chest(256).convertTo(image, CV_16U, 1.0 / (1 << (16 - bits)), -0.5);
  return image;
}

// A PNG with another chunk behind its header.
std::string with_chunk(std::string png, const std::string& type, const std::string& data) {
  const auto big = [](uint32_t v) {
    return std::string{static_cast<char>(v >> 24), static_cast<char>(v >> 16),
                       static_cast<char>(v >> 8), static_cast<char>(v)};
  };
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : type + data) {
    crc ^= static_cast<uint8_t>(c);
    for (int k = 0; k < 8; ++k) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
  }
  return png.insert(33, big(static_cast<uint32_t>(data.size())) + type + data + big(~crc));
}

std::string exif_tiff(int orientation, bool is_big) {
  const std::string big("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01", 18);
  const std::string little("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18);
  const char value = static_cast<char>(orientation);
  return is_big ? big + std::string{0, value, 0, 0, 0, 0, 0, 0}
                : little + std::string{value, 0, 0, 0, 0, 0, 0, 0};
}

std::string with_exif(const std::string& jpeg, const std::string& tiff) {
  const std::string content = std::string("Exif\0\0", 6) + tiff;
  const size_t length = content.size() + 2;
  return jpeg.substr(0, 2) + "\xFF\xE1" + static_cast<char>(length >> 8) +
         static_cast<char>(length & 0xFF) + content + jpeg.substr(2);
}

TEST(SixteenBitPng, OfFewerBitsShowsTheSameImageWithAWarning) {
  const cv::Mat full = drawn_chest(256);
  const Film expected = film_of(encode_png(full));
  EXPECT_TRUE(expected.warnings.empty());
  for (const int bits : {8, 10, 12, 14, 15}) {
    const Film film = film_of(encode_png(chest_of_bits(bits)));
    EXPECT_LE(difference(film, expected), 2 * 65535.0 / (1 << bits)) << bits;
    EXPECT_TRUE(warns_of(film, "significant_bits_" + std::to_string(bits))) << bits;
    EXPECT_TRUE(judge_chest_film(film).is_reportable) << bits;
  }
}

TEST(SixteenBitPng, MayHoldAFewBrighterPixels) {
  cv::Mat lettered = chest_of_bits(12);
  lettered(cv::Rect(10, 10, 6, 8)).setTo(65535);  // a burned-in letter
  const Film film = film_of(encode_png(lettered));
  EXPECT_TRUE(warns_of(film, "significant_bits_12"));
  EXPECT_TRUE(judge_chest_film(film).is_reportable);
}

TEST(SixteenBitPng, IsStretchedByItsSbitWhenItsValuesLieBelowIt) {
  const std::string dim = encode_png(chest_of_bits(11));  // half of twelve bits
  double brightest = 0;
  cv::minMaxLoc(film_of(dim).pixels, nullptr, &brightest);
  EXPECT_GT(brightest, 55000);
  const Film stated = film_of(with_chunk(dim, "sBIT", "\x0c"));
  cv::minMaxLoc(stated.pixels, nullptr, &brightest);
  EXPECT_NEAR(brightest, 29000, 1500);
  EXPECT_TRUE(warns_of(stated, "significant_bits_12"));
  // Written as the standard says, shifted up to 16 bits: nothing is done.
  const std::string full = encode_png(drawn_chest(256));
  EXPECT_EQ(difference(film_of(with_chunk(full, "sBIT", "\x0c")), film_of(full)), 0);
}

TEST(DarkImage, IsRefusedOrWarnedOf) {
  const auto judged = [](double scale, double offset) {
    Film film;
    drawn_chest(256).convertTo(film.pixels, CV_16U, scale, offset);
    return judge_chest_film(film);
  };
  const auto has = [](const ChestJudgement& j, const char* code) {
    return std::count(j.warnings.begin(), j.warnings.end(), code) == 1;
  };
  EXPECT_EQ(judged(1 / 16.0, 0).reason, "low_contrast");
  EXPECT_EQ(judged(1 / 64.0, 0).reason, "blank");
  EXPECT_EQ(judged(1 / 16.0, 60000).reason, "low_contrast");  // as good as white
  const ChestJudgement dim = judged(0.25, 0);
  EXPECT_TRUE(dim.is_reportable);
  EXPECT_TRUE(has(dim, "low_contrast"));
  EXPECT_TRUE(has(dim, "dark_image"));
  const ChestJudgement usual = judged(1, 0);
  EXPECT_FALSE(has(usual, "low_contrast") || has(usual, "dark_image"));
}

// Stored pixels that the orientation makes upright, by OpenCV's own turns.
cv::Mat stored_for(int orientation, const cv::Mat& upright) {
  cv::Mat stored = upright.clone();
  if (orientation == 3) cv::rotate(upright, stored, cv::ROTATE_180);
  if (orientation == 6) cv::rotate(upright, stored, cv::ROTATE_90_COUNTERCLOCKWISE);
  if (orientation == 8) cv::rotate(upright, stored, cv::ROTATE_90_CLOCKWISE);
  return stored;
}

TEST(ExifOrientation, IsAppliedAndTellsWherePixelsWent) {
  cv::Mat upright;
  ramp_image(64, 48, 8).convertTo(upright, CV_8U);
  for (const int orientation : {1, 3, 6, 8}) {
    const cv::Mat stored = stored_for(orientation, upright);
    for (const bool is_big : {false, true}) {
      const std::string tiff = exif_tiff(orientation, is_big);
      const Film png = film_of(with_chunk(encode_png(stored), "eXIf", tiff));
      cv::Mat expected;
      upright.convertTo(expected, CV_16U, 257);
      ASSERT_EQ(png.pixels.size(), expected.size()) << orientation;
      EXPECT_EQ(cv::norm(png.pixels, expected, cv::NORM_INF), 0) << orientation;
      EXPECT_EQ(warns_of(png, "exif_orientation"), orientation != 1);
      const Box pixel = png.stored_to_upright.apply(Box{7, 5, 1, 1});
      EXPECT_EQ(png.pixels.at<uint16_t>(static_cast<int>(pixel.y), static_cast<int>(pixel.x)),
                257 * stored.at<uchar>(5, 7))
          << orientation;
      const Film jpeg = film_of(with_exif(encode_jpeg(stored, 98), tiff));
      ASSERT_EQ(jpeg.pixels.size(), expected.size()) << orientation;
      EXPECT_LE(cv::norm(jpeg.pixels, expected, cv::NORM_INF), 8 * 257) << orientation;
    }
  }
}

TEST(ExifOrientation, OfAMirroredFilmRefusesIt) {
  cv::Mat bytes;
  ramp_image(64, 48, 8).convertTo(bytes, CV_8U);
  for (const int orientation : {2, 4, 5, 7}) {
    const std::string tiff = exif_tiff(orientation, true);
    for (const std::string& file :
         {with_exif(encode_jpeg(bytes), tiff), with_chunk(encode_png(bytes), "eXIf", tiff)}) {
      const Result<Film> film = read_film_bytes(file);
      ASSERT_FALSE(film) << orientation;
      EXPECT_EQ(film.failure().reason, "mirrored_image");
    }
  }
}

TEST(ExifOrientation, ThatIsNoneIsNotApplied) {
  cv::Mat bytes;
  ramp_image(64, 48, 8).convertTo(bytes, CV_8U);
  const std::string jpeg = encode_jpeg(bytes);
  const std::string good = exif_tiff(6, true);
  for (const std::string& tiff : {exif_tiff(0, true), exif_tiff(9, false), good.substr(0, 9),
                                  good.substr(0, 13), std::string("MM\0*\xFF\xFF\xFF\xF0", 8)}) {
    const Film film = film_of(with_exif(jpeg, tiff));
    EXPECT_EQ(film.pixels.size(), cv::Size(64, 48));
    EXPECT_TRUE(film.warnings.empty());
  }
}

// Every kind of PNG by libpng's own writer: what comes out is the grey that was put in.
std::string png_by_libpng(const cv::Mat& gray, int color, int depth, int interlace) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp to, png_bytep bytes, size_t count) {
        static_cast<std::string*>(png_get_io_ptr(to))
            ->append(reinterpret_cast<char*>(bytes), count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(gray.cols), static_cast<png_uint_32>(gray.rows),
               depth, color, interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette;
  for (int i = 0; i < 256; ++i) {
    const auto level = static_cast<png_byte>(255 - i);
    palette.push_back({level, level, level});
  }
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette.data(), 256);
  const bool has_alpha = color & PNG_COLOR_MASK_ALPHA, is_rgb = color & PNG_COLOR_MASK_COLOR;
  const size_t samples = (is_rgb && color != PNG_COLOR_TYPE_PALETTE ? 3 : 1) + has_alpha;
  std::vector<std::string> rows(static_cast<size_t>(gray.rows));
  std::vector<png_bytep> pointers;
  for (int y = 0; y < gray.rows; ++y) {
    std::string& row = rows[static_cast<size_t>(y)];
    for (int x = 0; x < gray.cols; ++x) {
      const uchar value = gray.at<uchar>(y, x);
      for (size_t s = 0; s < samples; ++s) {
        const bool is_alpha = has_alpha && s + 1 == samples;
        const uchar stored = color == PNG_COLOR_TYPE_PALETTE ? static_cast<uchar>(255 - value)
                             : is_alpha                      ? uchar{x % 2 ? uchar{40} : uchar{255}}
                                                             : value;
        row.append(depth == 16 ? 2 : 1, static_cast<char>(stored));
      }
    }
    pointers.push_back(reinterpret_cast<png_bytep>(row.data()));
  }
  png_set_rows(png, info, pointers.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

TEST(Png, OfEveryColourTypeDepthAndOrderGivesItsGrey) {
  cv::Mat gray;
  ramp_image(37, 29, 8).convertTo(gray, CV_8U);
  gray.at<uchar>(28, 36) = 255;
  for (const int interlace : {PNG_INTERLACE_NONE, PNG_INTERLACE_ADAM7})
    for (const int color : {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                            PNG_COLOR_TYPE_RGBA, PNG_COLOR_TYPE_PALETTE})
      for (const int depth : {8, 16}) {
        if (color == PNG_COLOR_TYPE_PALETTE && depth == 16) continue;
        const Film film = film_of(png_by_libpng(gray, color, depth, interlace));
        cv::Mat expected;
        gray.convertTo(expected, CV_16U, 257);
        ASSERT_EQ(film.pixels.size(), expected.size());
        EXPECT_EQ(cv::norm(film.pixels, expected, cv::NORM_INF), 0)
            << color << " " << depth << " " << interlace;
      }
}

TEST(Raster, WithADamagedStreamIsRefused) {
  cv::Mat bytes;
  drawn_chest(200).convertTo(bytes, CV_8U, 1 / 257.0);
  const std::string jpeg = encode_jpeg(bytes);
  // Cut in the middle of its scan, and an end forged: libjpeg would fill the rest with grey.
  const Result<Film> cut = read_film_bytes(jpeg.substr(0, jpeg.size() / 2) + "\xFF\xD9");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.failure().reason, "corrupt_compressed_data");
  std::string png = encode_png(bytes);
  png[png.size() / 2] = static_cast<char>(png[png.size() / 2] ^ 0x55);
  const Result<Film> flipped = read_film_bytes(png);
  ASSERT_FALSE(flipped);
  EXPECT_EQ(flipped.failure().reason, "corrupt_compressed_data");
}

// The first DC table's first symbol set to another number of bits.
std::string with_dc_symbol(std::string jpeg, int symbol) {
  size_t at = 0;
  while ((at = jpeg.find("\xFF\xC4", at)) != std::string::npos && (jpeg[at + 4] & 0x10)) at += 2;
  EXPECT_NE(at, std::string::npos);
  jpeg[at + 5 + 16] = static_cast<char>(symbol);
  return jpeg;
}

TEST(HuffmanTables, WithDcSymbolsThatAreNoNumberOfBitsAreUnsound) {
  cv::Mat bytes;
  ramp_image(64, 48, 8).convertTo(bytes, CV_8U);
  const std::string jpeg = encode_jpeg(bytes);
  EXPECT_TRUE(has_sound_huffman_tables(jpeg));
  for (const int symbol : {0, 11, 15})
    EXPECT_TRUE(has_sound_huffman_tables(with_dc_symbol(jpeg, symbol)));
  for (const int symbol : {16, 17, 31, 128, 255})
    EXPECT_FALSE(has_sound_huffman_tables(with_dc_symbol(jpeg, symbol))) << symbol;
  // Lossless with more than twelve bits: 16 is one, 17 is none.
  std::string lossless = jpeg;
  const size_t frame = lossless.find("\xFF\xC0");
  lossless[frame + 1] = '\xC3';
  EXPECT_FALSE(has_sound_huffman_tables(with_dc_symbol(lossless, 16)));
  lossless[frame + 4] = 16;
  EXPECT_TRUE(has_sound_huffman_tables(with_dc_symbol(lossless, 16)));
  EXPECT_FALSE(has_sound_huffman_tables(with_dc_symbol(lossless, 17)));
  // A table between scans counts too, and more codes of a length than there are.
  const std::string table("\xFF\xC4\x00\x14\x00\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x1E", 22);
  EXPECT_FALSE(has_sound_huffman_tables(jpeg.substr(0, jpeg.size() - 2) + table + "\xFF\xD9"));
  const std::string crowded("\xFF\xC4\x00\x16\x00\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x03",
                            24);
  EXPECT_FALSE(has_sound_huffman_tables(jpeg.substr(0, jpeg.size() - 2) + crowded + "\xFF\xD9"));
}

}  // namespace
}  // namespace radgen
