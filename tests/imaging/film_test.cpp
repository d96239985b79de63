#include "radgen/imaging/film.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <sstream>

#include "imaging/reference_images.h"
#include "imaging/synthetic_films.h"
#include "radgen/core/files.h"
#include "radgen/imaging/image.h"

namespace radgen {
namespace {

using testing::small_film;

std::string reason_of(const Result<Film>& film) { return film ? "read" : film.failure().reason; }

// The bytes of an element of the file: tag (little endian) and VR, then `offset` bytes.
size_t find_element(const std::string& bytes, uint16_t group, uint16_t element) {
  const char tag[] = {static_cast<char>(group & 255), static_cast<char>(group >> 8),
                      static_cast<char>(element & 255), static_cast<char>(element >> 8)};
  return bytes.find(std::string(tag, 4), 132);
}

std::string with_number(std::string bytes, uint16_t group, uint16_t element, uint16_t value) {
  const size_t at = find_element(bytes, group, element);
  EXPECT_NE(at, std::string::npos);
  bytes[at + 8] = static_cast<char>(value & 255);
  bytes[at + 9] = static_cast<char>(value >> 8);
  return bytes;
}

std::string without_element(std::string bytes, uint16_t group, uint16_t element) {
  const size_t at = find_element(bytes, group, element);
  EXPECT_NE(at, std::string::npos);
  const size_t length = static_cast<uint8_t>(bytes[at + 6]) |
                        static_cast<size_t>(static_cast<uint8_t>(bytes[at + 7])) << 8;
  return bytes.erase(at, 8 + length);
}

TEST(ReadFilm, AppliesTheLinearWindow) {
  const FilmToWrite film = small_film();
  const Result<Film> read = read_film_bytes(encode_dicom_film(film));
  ASSERT_TRUE(read) << reason_of(read);
  ASSERT_EQ(read->pixels.size(), film.stored.size());
  for (int x = 0; x < 40; ++x) {
    // PS3.3 C.11.2.1.2.1 with centre 2048 and width 4096.
    const double expected = ((film.stored.at<uint16_t>(7, x) - 2047.5) / 4095 + 0.5) * 65535;
    EXPECT_NEAR(read->pixels.at<uint16_t>(7, x), expected, 0.51);
  }
  EXPECT_EQ(read->tags.view_position, "PA");
  EXPECT_EQ(read->tags.patient_age_years, 45);
  EXPECT_DOUBLE_EQ(read->spacing_x_mm, 0.15);
  EXPECT_EQ(spacing_kind_name(read->spacing_kind), "imager");
}

TEST(ReadFilm, ShowsANegativeTwinTheSame) {
  FilmToWrite film = small_film(), twin = small_film();
  film.window_center = film.window_width = std::nullopt;
  twin.window_center = twin.window_width = std::nullopt;
  twin.stored = 4095 - film.stored;
  twin.is_monochrome1 = true;
  const Result<Film> a = read_film_bytes(encode_dicom_film(film)),
                     b = read_film_bytes(encode_dicom_film(twin));
  ASSERT_TRUE(a && b);
  EXPECT_LE(cv::norm(a->pixels, b->pixels, cv::NORM_INF), 1);
}

TEST(ReadFilm, TurnsEveryOrientationUprightAndTellsWherePixelsWent) {
  const FilmToWrite upright = small_film(40, 30);
  const Result<Film> expected = read_film_bytes(encode_dicom_film(upright));
  ASSERT_TRUE(expected);
  // How the same film is stored under each orientation: made by the inverse turn.
  for (const std::string orientation :
       {"L\\F", "R\\F", "L\\H", "R\\H", "F\\L", "F\\R", "H\\L", "H\\R"}) {
    FilmToWrite film = upright;
    film.patient_orientation = orientation;
    const bool is_transposed = orientation[0] == 'F' || orientation[0] == 'H';
    cv::Mat stored = upright.stored.clone();
    if (orientation.find('R') != std::string::npos) cv::flip(stored, stored, 1);
    if (orientation.find('H') != std::string::npos) cv::flip(stored, stored, 0);
    if (is_transposed) stored = stored.t();
    film.stored = stored;
    const Result<Film> read = read_film_bytes(encode_dicom_film(film));
    ASSERT_TRUE(read);
    EXPECT_EQ(cv::norm(read->pixels, expected->pixels, cv::NORM_INF), 0) << orientation;
    const Box pixel = read->stored_to_upright.apply(Box{5, 9, 1, 1});
    EXPECT_EQ(read->pixels.at<uint16_t>(static_cast<int>(pixel.y), static_cast<int>(pixel.x)),
              static_cast<uint16_t>(
                  std::lround(((film.stored.at<uint16_t>(9, 5) - 2047.5) / 4095 + 0.5) * 65535)))
        << orientation;
  }
}

TEST(ReadFilm, LeavesLateralFilmsAsTheyAre) {
  FilmToWrite film = small_film();
  film.patient_orientation = "A\\F";
  const Result<Film> read = read_film_bytes(encode_dicom_film(film));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->warnings, std::vector<std::string>{"lateral_orientation"});
  EXPECT_EQ(read->stored_to_upright, Affine{});
}

TEST(ReadFilm, NamesWhatIsWrongWithAHeader) {
  const std::string good = encode_dicom_film(small_film());
  const std::map<std::string, std::string> cases = {
      {"missing_rows", without_element(good, 0x0028, 0x0010)},
      {"missing_columns", with_number(good, 0x0028, 0x0011, 0)},
      {"missing_photometric", without_element(good, 0x0028, 0x0004)},
      {"not_grayscale", with_number(good, 0x0028, 0x0002, 3)},
      {"bad_bits", with_number(good, 0x0028, 0x0101, 17)},
      {"too_large", with_number(with_number(good, 0x0028, 0x0010, 65535), 0x0028, 0x0011, 65535)},
      {"truncated_pixel_data", with_number(good, 0x0028, 0x0010, 31)},
      {"no_pixel_data", good.substr(0, good.size() - 40 * 30 * 2 - 12)},
      {"not_dicom", "This is a text and no film."},
      {"compressed_file", std::string("\x1f\x8b\x08", 3) + good},
      {"empty_file", ""}};
  for (const auto& [reason, bytes] : cases) EXPECT_EQ(reason_of(read_film_bytes(bytes)), reason);
  EXPECT_EQ(reason_of(read_film("/nonexistent/film.dcm")), "unreadable_file");
}

TEST(ReadFilm, RefusesAFlatImage) {
  FilmToWrite film = small_film();
  film.stored.setTo(1234);
  EXPECT_EQ(reason_of(read_film_bytes(encode_dicom_film(film))), "flat_image");
}

TEST(ReadFilm, RefusesEveryCutFile) {
  const std::string good = encode_dicom_film(small_film());
  for (size_t length = 0; length < good.size(); length += 97)
    EXPECT_NE(reason_of(read_film_bytes(good.substr(0, length))), "read") << length;
  EXPECT_NE(reason_of(read_film_bytes(good.substr(0, good.size() - 1))), "read");
}

TEST(ReadFilm, SurvivesFlippedBytes) {
  const std::string good = encode_dicom_film(small_film());
  const size_t header_bytes = good.size() - 40 * 30 * 2;
  for (size_t at = 0; at < header_bytes; at += 3)
    for (const char value : {'\0', '\xFF', '\x7F', 'S'}) {
      std::string bytes = good;
      bytes[at] = value;
      const Result<Film> film = read_film_bytes(bytes);
      if (film) {
        EXPECT_EQ(film->pixels.type(), CV_16UC1);
      } else {
        EXPECT_FALSE(film.failure().reason.empty());
      }
    }
}

// Items and sequences in each other, undefined lengths, in front of the pixel data.
TEST(ReadFilm, BoundsTheNestingOfSequences) {
  const std::string good = encode_dicom_film(small_film());
  const size_t at = find_element(good, 0x0028, 0x0002);
  const auto nested = [&](int depth) {
    std::string open, close;
    for (int i = 0; i < depth; ++i) {
      open += std::string(
          "\x09\x00\x10\x10SQ\x00\x00\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF", 20);
      close += std::string("\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0", 16);
    }
    return good.substr(0, at) + open + close + good.substr(at);
  };
  EXPECT_EQ(reason_of(read_film_bytes(nested(10))), "read");
  EXPECT_EQ(reason_of(read_film_bytes(nested(200'000))), "nesting_too_deep");
}

TEST(ReadFilm, KeepsSixteenBitsOfAPngAndRefusesACutOne) {
  const cv::Mat image = testing::ramp_image(50, 40, 16);
  const std::string png = encode_png(image);
  const Result<Film> film = read_film_bytes(png);
  ASSERT_TRUE(film);
  EXPECT_FALSE(film->is_dicom);
  EXPECT_EQ(cv::norm(film->pixels, image, cv::NORM_INF), 0);
  for (size_t length = 0; length < png.size(); length += 97)
    EXPECT_NE(reason_of(read_film_bytes(png.substr(0, length))), "read");
}

TEST(ReadFilm, RefusesACutJpegAndAHugeOne) {
  cv::Mat bytes;
  testing::ramp_image(64, 48, 8).convertTo(bytes, CV_8U);
  const std::string jpeg = encode_jpeg(bytes, 95);
  EXPECT_EQ(reason_of(read_film_bytes(jpeg)), "read");
  for (size_t length = 3; length + 2 < jpeg.size(); length += 97)
    EXPECT_NE(reason_of(read_film_bytes(jpeg.substr(0, length))), "read");
  EXPECT_EQ(reason_of(read_film_bytes(jpeg, {.max_pixels = 1000})), "too_large");
}

TEST(ReadFilm, MakesMimicJpgImagesEqualised) {
  const Result<Film> film =
      read_film_bytes(encode_dicom_film(small_film(64, 64)), {.photometric = "mimic-jpg"});
  ASSERT_TRUE(film);
  // Equalised: the mean is near the middle of the range whatever the window says.
  EXPECT_NEAR(cv::mean(film->pixels)[0], 32768, 2500);
}

// ---- reference files
// -------------------------------------------------------------------------------------------------

class ReferenceFilms : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::reference_images();
    if (folder_.empty()) GTEST_SKIP() << "no reference images";
  }
  std::filesystem::path folder_;
};

// The manifest's note of each file.
std::map<std::string, std::string> manifest_notes(const std::filesystem::path& folder) {
  std::map<std::string, std::string> notes;
  std::istringstream lines(read_file(folder / "MANIFEST.csv"));
  for (std::string line; std::getline(lines, line);) {
    const size_t comma = line.find(',');
    if (comma != std::string::npos) notes[line.substr(0, comma)] = line.substr(comma + 1);
  }
  return notes;
}

TEST_F(ReferenceFilms, ShowTheSameImageInEveryTransferSyntaxAndVariant) {
  std::map<std::string, Film> bases;
  for (const auto& path : testing::files_below(folder_ / "dicom_chest_derived")) {
    const std::string name = path.stem().string();
    if (name.ends_with("_ELE") && std::count(name.begin(), name.end(), '_') == 2)
      if (auto film = read_film(path))
        bases.emplace(name.substr(0, name.rfind('_')), std::move(*film));
  }
  for (const auto& path : testing::files_below(folder_ / "dicom_chest_derived")) {
    std::cout << "reference case: " << path.string() << '\n';
    const std::string name = path.stem().string();
    const Result<Film> film = read_film(path);
    ASSERT_TRUE(film) << name << ": " << film.failure().reason;
    const auto base = bases.find(name.substr(0, name.find('_', 4)));
    if (base == bases.end() || film->pixels.size() != base->second.pixels.size()) continue;
    const bool has_other_gray =
        name.find("nowindow") != std::string::npos || name.find("sigmoid") != std::string::npos;
    const bool is_approximate = name.find("8bit") != std::string::npos ||
                                name.find("12bit") != std::string::npos ||
                                name.find("JLSN") != std::string::npos;
    const double largest = cv::norm(film->pixels, base->second.pixels, cv::NORM_INF);
    const double mean = cv::norm(film->pixels, base->second.pixels, cv::NORM_L1) /
                        static_cast<double>(film->pixels.total());
    std::cout << "  largest difference " << largest << ", mean " << mean << " of 65535\n";
    // Lossless: the same; the negative twin's window is off by one of 15 bits. 8 bit: 257 a step,
    // JPEG a few steps.
    if (!has_other_gray) {
      EXPECT_LE(largest, is_approximate ? 6000 : 4) << name;
      EXPECT_LE(mean, is_approximate ? 400 : 4) << name;
    }
  }
}

TEST_F(ReferenceFilms, AreReadWhenTheyAreImages) {
  for (const char* part : {"dicom_chest", "dicom_nonchest_cr", "png"})
    for (const auto& path : testing::files_below(folder_ / part)) {
      const std::string extension = path.extension().string();
      if (extension == ".csv" || extension == ".json") continue;
      std::cout << "reference case: " << path.string() << '\n';
      EXPECT_EQ(reason_of(read_film(path)), "read") << path;
    }
}

// Broken files give a failure, or, where the note says that pixels are whole, an image; soon and
// in little memory.
TEST_F(ReferenceFilms, ThatAreBrokenNeverBecomeImagesOfPadding) {
  const auto notes = manifest_notes(folder_);
  const std::vector<std::string> whole = {"VALID",
                                          "control",
                                          "longer than",
                                          "WindowWidth=0",
                                          "DICM at offset 0",
                                          "deflated",
                                          "trailing padding",
                                          "unsigned, PixelRepresentation 1",
                                          "bad_sequence",
                                          "invalid SOS"};
  for (const char* part : {"dicom_broken_derived", "dicom_broken_real"})
    for (const auto& path : testing::files_below(folder_ / part)) {
      std::cout << "reference case: " << path.string() << '\n';
      const auto note = notes.find(std::string(part) + '/' + path.filename().string());
      const auto begin = std::chrono::steady_clock::now();
      const Result<Film> film = read_film(path);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      EXPECT_LT(seconds.count(), 5) << path;
      EXPECT_TRUE(film || !film.failure().reason.empty());
      if (note == notes.end()) continue;
      const bool is_whole = std::any_of(whole.begin(), whole.end(), [&](const std::string& word) {
        return note->second.find(word) != std::string::npos;
      });
      EXPECT_EQ(film.has_value(), is_whole) << path << ": " << reason_of(film);
    }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 1024 * 1024) << "KiB of memory at the peak";
}

}  // namespace
}  // namespace radgen
