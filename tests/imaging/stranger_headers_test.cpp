// What other people's headers look like: windows of which one is of use, tables that use fewer bits
// than they say, VRs that are none, character sets, pixels that are not square.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/scratch.h"
#include "imaging/dicom_text.h"
#include "imaging/edited_films.h"
#include "imaging/jpeg_markers.h"
#include "radgen/imaging/film_sandbox.h"
#include "radgen/imaging/image.h"
#include "radgen/imaging/quality.h"

namespace radgen {
namespace {

using namespace testing;

constexpr uint32_t kCenter = 0x00281050, kWidth = 0x00281051, kFunction = 0x00281056;
constexpr uint32_t kVoiLut = 0x00283010;

std::string windowed(const std::string& centers, const std::string& widths) {
  return with(with(small_file(), kCenter, "DS", centers), kWidth, "DS", widths);
}

TEST(Windows, TheFirstUsableOneOfSeveralApplies) {
  const Film expected = film_of(windowed("1500", "1200"));
  EXPECT_GT(difference(expected, film_of(windowed("2048", "4096"))), 1000);
  for (const auto& [centers, widths] : std::vector<std::pair<std::string, std::string>>{
           {"0\\1500", "0\\1200"},
           {"2048\\1500", "-4096\\1200"},
           {"\\1500", "\\1200"},
           {" 1500 \\ 2048", "1200 \\4096 "},
           {"what\\1500", "2000\\+1200"},
           // both are usable, but all values lie on one side of the first
           {"90000\\1500", "10\\1200"}}) {
    const Film film = film_of(windowed(centers, widths));
    EXPECT_EQ(difference(film, expected), 0) << centers << " " << widths;
    EXPECT_TRUE(film.warnings.empty()) << centers << " " << film.warnings.front();
  }
}

TEST(Windows, WithoutAUsableOneTheRangeIsStretchedWithAWarning) {
  const Film expected = film_of(without(without(small_file(), kCenter), kWidth));
  for (const auto& [centers, widths, warning] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"0", "0", "window_width_0"},
           {"2048", "-1", "window_invalid"},
           {"90000", "10", "window_outside_data"}}) {
    const Film film = film_of(windowed(centers, widths));
    EXPECT_EQ(difference(film, expected), 0) << warning;
    EXPECT_TRUE(warns_of(film, warning)) << warning;
  }
}

std::vector<uint16_t> curve(double top) {
  std::vector<uint16_t> entries;
  for (int i = 0; i < 4096; ++i)
    entries.push_back(static_cast<uint16_t>(std::lround(top * std::pow(i / 4095.0, 1.3))));
  return entries;
}

TEST(VoiLut, NarrowerThanDeclaredIsScaledByItsEntries) {
  const auto shown = [](uint32_t bits, double top) {
    return film_of(with(small_file(), kVoiLut, "SQ", lut_item(curve(top), 0, bits)));
  };
  const Film expected = shown(12, 4095);
  EXPECT_FALSE(warns_of(expected, "voi_lut_narrower_than_declared"));
  for (const uint32_t bits : {13U, 14U, 16U}) {
    const Film film = shown(bits, 4095);
    EXPECT_EQ(difference(film, expected), 0) << bits;
    EXPECT_TRUE(warns_of(film, "voi_lut_narrower_than_declared")) << bits;
  }
  // A table that reaches more than half of its range is meant as it stands.
  const Film full = shown(16, 40000);
  EXPECT_FALSE(warns_of(full, "voi_lut_narrower_than_declared"));
  double brightest = 0, of_expected = 0;
  cv::minMaxLoc(full.pixels, nullptr, &brightest);
  cv::minMaxLoc(expected.pixels, nullptr, &of_expected);
  EXPECT_NEAR(brightest / of_expected, 40000 / 65535.0, 0.01);
}

TEST(VoiLut, ThatTellsNothingGivesWayToTheNextAndToTheWindow) {
  const std::vector<uint16_t> flat(4096, 7);
  const std::string good = lut_item(curve(4095), 0, 12);
  const Film expected = film_of(with(small_file(), kVoiLut, "SQ", good));
  const Film second = film_of(with(small_file(), kVoiLut, "SQ", lut_item(flat, 0, 12) + good));
  EXPECT_EQ(difference(second, expected), 0);
  const Film windowed_film = film_of(with(small_file(), kVoiLut, "SQ", lut_item(flat, 0, 12)));
  EXPECT_EQ(difference(windowed_film, film_of(small_file())), 0);
  EXPECT_TRUE(warns_of(windowed_film, "voi_lut_outside_data"));
}

TEST(CodeStrings, MayHaveSpacesAndNulsAroundEachValue) {
  const std::string sigmoid = with(small_file(), kFunction, "CS", "SIGMOID");
  const Film expected = film_of(sigmoid);
  EXPECT_GT(difference(expected, film_of(small_file())), 100);
  for (const std::string& odd :
       {std::string(" SIGMOID"), std::string("SIGMOID\0", 8), std::string("SIGMOID   ")})
    EXPECT_EQ(difference(film_of(with(small_file(), kFunction, "CS", odd)), expected), 0) << odd;
  const Film turned = film_of(with(small_file(), 0x00200020, "CS", "R\\F"));
  EXPECT_GT(difference(turned, film_of(small_file())), 100);
  for (const char* odd : {" R\\F", "R \\F ", "R\\ F"})
    EXPECT_EQ(difference(film_of(with(small_file(), 0x00200020, "CS", odd)), turned), 0) << odd;
}

// A private element in front of the pixel's description, with a VR and length as given.
std::string with_private(const std::string& vr, bool has_long_length) {
  const std::string body = "ABCDEF";
  const std::string length =
      has_long_length ? little16(0) + little32(6) : little16(static_cast<uint32_t>(body.size()));
  return with_raw(small_file(), 0x00110010,
                  element_of(0x00110010, "LO", "MADE UP") + little16(0x0011) + little16(0x1001) +
                      vr + length + body);
}

TEST(UnknownVr, IsSteppedOverWithAWarning) {
  const Film expected = film_of(small_file());
  struct Case {
    std::string vr;
    bool has_long_length;
  };
  for (const Case& odd :
       {Case{"  ", false}, Case{"??", false}, Case{std::string(2, '\0'), false}, Case{"lo", false},
        Case{"RE", false}, Case{"ZZ", true}, Case{"OX", true}, Case{"??", true}}) {
    const Film film = film_of(with_private(odd.vr, odd.has_long_length));
    EXPECT_EQ(difference(film, expected), 0) << odd.vr;
    EXPECT_TRUE(warns_of(film, "unknown_vr")) << odd.vr;
    EXPECT_EQ(film.tags.patient_id, "T1");
  }
}

TEST(UnknownVr, OfAnElementThatIsNeededIsReadAsTheStandardHasIt) {
  const Film expected = film_of(small_file());
  for (const uint32_t tag : {0x00280010U, 0x00280101U, 0x00281050U, 0x00100020U, 0x00080016U}) {
    std::string file = small_file();
    const size_t at = place_of(file, tag).begin;
    for (const char* vr : {"  ", "us", "??"}) {
      file.replace(at + 4, 2, vr);
      const Film film = film_of(file);
      EXPECT_EQ(difference(film, expected), 0) << std::hex << tag << vr;
      EXPECT_EQ(film.tags.patient_id, "T1");
      EXPECT_TRUE(warns_of(film, "unknown_vr"));
    }
  }
}

TEST(UnknownVr, ThatFitsNowhereIsMalformed) {
  std::string file = small_file();
  const size_t at = place_of(file, 0x00080060).begin;
  file.replace(at + 4, 4, "??\xFF\xFF");
  const Result<Film> film = read_film_bytes(file);
  ASSERT_FALSE(film);
  EXPECT_EQ(film.failure().reason, "corrupt_header");
}

struct Encoded {
  std::string character_set, bytes, text;
};

// The bytes were made by other programs' encoders (Python's codecs) from invented words.
const std::vector<Encoded>& encoded_ids() {
  static const std::vector<Encoded> kIds = {
      {"", "WARD-7", "WARD-7"},
      {"ISO_IR 100",
       "Stra\xDF"
       "e-7",
       "Straße-7"},
      {"ISO_IR 192", "病房-7", "病房-7"},
      {"GB18030", "\xB2\xA1\xB7\xBF-7", "病房-7"},
      {"GBK", "\xB2\xA1\xB7\xBF-7", "病房-7"},
      {"ISO_IR 144", "\xBF\xD0\xDB\xD0\xE2\xD0-9", "Палата-9"},
      {"ISO_IR 126", "\xC8\xDC\xEB\xE1\xEC\xEF\xF2", "Θάλαμος"},
      {"ISO_IR 101",
       "\xA3\xF3\xBF"
       "ko",
       "Łóżko"},
      {"ISO_IR 13", "\xCB\xDE\xAE\xB3\xBC\xC2", "ﾋﾞｮｳｼﾂ"},
      {"\\ISO 2022 IR 87", "\x1B$BIB<<\x1B(B-3", "病室-3"},
      {"\\ISO 2022 IR 149", "\x1B$)C\xBA\xB4\xB5\xBF-7", "병동-7"},
      {"\\ISO 2022 IR 87\\ISO 2022 IR 159", "\x1B$BIB<<\x1B(B-\x1B$(D0\x21\x1B(B", "病室-丂"},
      {"ISO 2022 IR 87", "\x1B$BIB<<\x1B(B-3", "病室-3"},
      {"ISO 2022 IR 13\\ISO 2022 IR 87", "\xCB\xDE\x1B$BIB<<\x1B(J-3", "ﾋﾞ病室-3"}};
  return kIds;
}

TEST(CharacterSet, DecidesWhatAnIdentifierIs) {
  for (const Encoded& id : encoded_ids()) {
    std::string file = with(small_file(), 0x00080005, "CS", id.character_set);
    file = with(with(file, 0x00100020, "LO", id.bytes), 0x00080050, "SH", "A" + id.bytes);
    const Film film = film_of(file);
    EXPECT_EQ(film.tags.patient_id, id.text) << id.character_set;
    EXPECT_TRUE(film.tags.accession == "A" + id.text || id.text == "병동-7") << id.character_set;
    EXPECT_FALSE(warns_of(film, "patient_id_character_set")) << id.character_set;
  }
}

// Converters are files that are loaded at their first use, which a sandbox does not allow any more.
TEST(CharacterSet, DecidesTheSameInASandbox) {
  const Scratch scratch;
  const FilmSandbox sandbox(std::filesystem::path(RADGEN_BIN_DIR) / "hostile-film-reader", {});
  for (const Encoded& id : encoded_ids()) {
    const std::string file = with(small_file(), 0x00080005, "CS", id.character_set);
    const auto path = scratch.write("film.dcm", with(file, 0x00100020, "LO", id.bytes));
    const Result<Film> film = sandbox.read(path);
    ASSERT_TRUE(film) << id.character_set << ": " << film.failure().reason;
    EXPECT_EQ(film->tags.patient_id, id.text) << id.character_set;
  }
}

TEST(CharacterSet, TermsThatAreWrittenAlmostRightAreUnderstood) {
  for (const char* term :
       {"ISO_IR 144", "ISO IR 144", "iso-ir 144", " ISO_IR_144 ", "ISO2022 IR 144"})
    EXPECT_EQ(TextDecoder(term).decode("\xBF\xD0").value_or("?"), "Па") << term;
  for (const char* term : {"ISO_IR 192", "UTF-8", "utf8", "ISO 2022 IR 6\\ISO_IR 192"})
    EXPECT_EQ(TextDecoder(term).decode("\xD0\x9F").value_or("?"), "П") << term;
}

TEST(CharacterSet, WhatCannotBeDecodedIsLeftOutWithAWarning) {
  struct Case {
    const char *character_set, *bytes;
  };
  for (const Case& bad : {Case{"", "Z\xFCrich"},                    // no set, no ASCII
                          Case{"ISO_IR 192", "Z\xFCrich"},          // no UTF-8
                          Case{"ISO_IR 999", "Z\xFCrich"},          // no such set
                          Case{"NONSENSE", "Z\xFCrich"},            // no set at all
                          Case{"ISO_IR 100", "Z\xC3\xBCrich"},      // UTF-8 that says it is Latin
                          Case{"ISO_IR 100", "WARD\x01-7"},         // a control character
                          Case{"ISO_IR 100", "WARD\x85-7"},         // one of the upper half
                          Case{"GB18030", "WARD-\xB2"},             // half a character
                          Case{"ISO_IR 6", "\x1B$BIB<<\x1B(B"}}) {  // escapes nobody announced
    std::string file = with(small_file(), 0x00080005, "CS", bad.character_set);
    file = with(with(file, 0x00100020, "LO", bad.bytes), 0x00080050, "SH", bad.bytes);
    const Film film = film_of(file);
    EXPECT_EQ(film.tags.patient_id, "") << bad.character_set;
    EXPECT_EQ(film.tags.accession, "") << bad.character_set;
    EXPECT_TRUE(warns_of(film, "patient_id_character_set")) << bad.character_set;
    EXPECT_TRUE(warns_of(film, "accession_character_set")) << bad.character_set;
  }
}

TEST(ForProcessing, IsWarnedOfByIntentOrClassAndRefusedUnlessAllowed) {
  FilmToWrite written = small_film(256, 256);
  written.stored = drawn_chest(256) / 16;
  written.window_center = written.window_width = std::nullopt;
  const std::string shown = encode_dicom_film(written);
  EXPECT_TRUE(judge_chest_film(film_of(shown)).is_reportable);
  EXPECT_FALSE(warns_of(film_of(shown), "for_processing"));
  for (const std::string& raw : {with(shown, 0x00080068, "CS", "FOR PROCESSING"),
                                 with(shown, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.1.1")}) {
    const Film film = film_of(raw);
    EXPECT_TRUE(warns_of(film, "for_processing"));
    EXPECT_EQ(judge_chest_film(film).reason, "for_processing");
    EXPECT_TRUE(judge_chest_film(film, {.takes_for_processing = true}).is_reportable);
  }
}

TEST(Pixels, ThatAreNotSquareAreMadeSquare) {
  const Film square = film_of(small_file());
  // Rows twice as far from each other as columns: the image is twice as high.
  const Film tall = film_of(with(small_file(), 0x00181164, "DS", "0.30\\0.15"));
  EXPECT_EQ(tall.pixels.size(), cv::Size(40, 60));
  EXPECT_DOUBLE_EQ(tall.spacing_x_mm, tall.spacing_y_mm);
  EXPECT_DOUBLE_EQ(tall.spacing_y_mm, 0.15);
  EXPECT_TRUE(warns_of(tall, "pixels_not_square"));
  EXPECT_EQ(tall.stored_to_upright.apply(Box{5, 9, 10, 4}), (Box{5, 18, 10, 8}));
  // Turned as well: the transform carries both.
  const std::string turned = with(small_file(), 0x00200020, "CS", "F\\L");
  const Film wide = film_of(with(turned, 0x00181164, "DS", "0.30\\0.15"));
  EXPECT_EQ(wide.pixels.size(), cv::Size(60, 40));
  EXPECT_DOUBLE_EQ(wide.spacing_x_mm, wide.spacing_y_mm);
  // Without a spacing the aspect ratio says it; nearly square and absurd ones are left.
  const std::string bare = without(small_file(), 0x00181164);
  EXPECT_EQ(film_of(with(bare, 0x00280034, "IS", "2\\1")).pixels.size(), cv::Size(40, 60));
  EXPECT_EQ(film_of(with(bare, 0x00280034, "IS", "1\\2")).pixels.size(), cv::Size(80, 30));
  EXPECT_EQ(film_of(with(small_file(), 0x00181164, "DS", "0.150\\0.151")).pixels.size(),
            square.pixels.size());
  const Film absurd = film_of(with(small_file(), 0x00181164, "DS", "0.15\\15"));
  EXPECT_EQ(absurd.pixels.size(), square.pixels.size());
  EXPECT_TRUE(warns_of(absurd, "pixel_aspect_implausible"));
  // Where there is no room the finer direction gives way.
  const Film bounded =
      film_of(with(small_file(), 0x00181164, "DS", "0.30\\0.15"), {.max_pixels = 40 * 30});
  EXPECT_EQ(bounded.pixels.size(), cv::Size(20, 30));
}

}  // namespace
}  // namespace radgen
