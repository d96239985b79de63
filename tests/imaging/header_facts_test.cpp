// No fact of a header is read and then dropped: the table in docs/dicom.md is the code's, and each
// element in it changes what comes out.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "imaging/dicom_outline.h"
#include "imaging/edited_films.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

using namespace testing;

// Everything that comes out, as one text.
std::string outcome(const std::string& file) {
  const Result<Film> film = read_film_bytes(file);
  if (!film) return film.failure().reason;
  const FilmTags& t = film->tags;
  std::string text =
      fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", t.patient_name,
                  t.patient_birth_date, t.study_id, t.referring_physician, t.modality, t.body_part,
                  t.view_position, t.patient_orientation, t.sop_class, t.study_uid, t.series_uid,
                  t.sop_uid, t.patient_id, t.patient_sex, t.accession, t.study_date, t.study_time,
                  t.patient_age_years.value_or(-1), t.is_for_processing, t.is_synthetic);
  text += fmt::format("|{}|{}|{}", film->spacing_x_mm, film->spacing_y_mm,
                      spacing_kind_name(film->spacing_kind));
  for (const std::string& warning : film->warnings) text += "|" + warning;
  const cv::Mat pixels = film->pixels.clone();
  return text + sha256_hex({pixels.ptr<char>(), pixels.total() * 2});
}

struct Change {
  std::string before, after;  // files that differ in the one element
};

// A pair of films for each element.
std::map<uint32_t, Change> changes() {
  const std::string base = small_file();
  std::map<uint32_t, Change> changes;
  const auto set = [&](uint32_t tag, const char* vr, const std::string& value) {
    changes[tag] = {base, with(base, tag, vr, value)};
  };
  const auto number = [&](uint32_t tag, uint32_t value) { set(tag, "US", little16(value)); };
  const auto in = [&](const std::string& file, uint32_t tag, const char* vr,
                      const std::string& value) {
    changes[tag] = {file, with(file, tag, vr, value)};
  };
  in(with(base, 0x00100020, "LO", "\xC3\xA9"), 0x00080005, "CS", "ISO_IR 144");
  set(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1");
  set(0x00080018, "UI", "1.2.3");
  set(0x00080020, "DA", "20210304");
  set(0x00080030, "TM", "121314");
  set(0x00080050, "SH", "OTHER");
  set(0x00080060, "CS", "CR");
  set(0x00080068, "CS", "FOR PROCESSING");
  set(0x00080090, "PN", "Other^Doctor");
  set(0x00100010, "PN", "Other^Name");
  set(0x00100020, "LO", "OTHER");
  in(without(base, 0x00101010), 0x00100030, "DA", "19600102");
  set(0x00100040, "CS", "M");
  set(0x00101010, "AS", "030Y");
  set(0x00180015, "CS", "FOOT");
  set(0x00181114, "DS", "1.2");
  set(0x00181164, "DS", "0.2\\0.2");
  in(without(base, 0x00181164), 0x00182010, "DS", "0.1\\0.1");
  set(0x00185101, "CS", "AP");
  set(0x0020000D, "UI", "1.2.4");
  set(0x0020000E, "UI", "1.2.5");
  set(0x00200010, "SH", "OTHER");
  set(0x00200020, "CS", "R\\F");
  set(0x00204000, "LT", "a film");
  number(0x00280002, 3);
  set(0x00280004, "CS", "MONOCHROME1");
  set(0x00280008, "IS", "2");
  number(0x00280010, 29);
  number(0x00280011, 39);
  set(0x00280030, "DS", "0.14\\0.14");
  in(without(base, 0x00181164), 0x00280034, "IS", "2\\1");
  number(0x00280100, 8);
  number(0x00280101, 11);
  number(0x00280102, 13);
  number(0x00280103, 1);
  const std::string unwindowed = without(without(base, 0x00281050), 0x00281051);
  in(unwindowed, 0x00280120, "US", little16(2000));
  in(with(unwindowed, 0x00280120, "US", little16(2000)), 0x00280121, "US", little16(2500));
  in(with(base, 0x00280030, "DS", "0.15\\0.15"), 0x00280A02, "CS", "FIDUCIAL");
  set(0x00281050, "DS", "1800");
  set(0x00281051, "DS", "3000");
  set(0x00281052, "DS", "-100");
  set(0x00281053, "DS", "2");
  set(0x00281056, "CS", "SIGMOID");
  std::vector<uint16_t> steep;
  for (int i = 0; i < 4096; ++i) steep.push_back(static_cast<uint16_t>(i / 2 + i / 4));
  set(0x00283000, "SQ", lut_item(steep, 0, 12));
  set(0x00283010, "SQ", lut_item(steep, 0, 12));
  set(0x20500020, "CS", "INVERSE");
  return changes;
}

TEST(HeaderFacts, EachOneChangesWhatComesOut) {
  const auto pairs = changes();
  for (const HeaderFact& fact : header_facts()) {
    const auto pair = pairs.find(fact.tag);
    ASSERT_NE(pair, pairs.end()) << std::hex << fact.tag << " has no case here";
    EXPECT_NE(outcome(pair->second.before), outcome(pair->second.after)) << std::hex << fact.tag;
  }
  EXPECT_EQ(pairs.size(), header_facts().size());
}

TEST(HeaderFacts, AreThoseOfTheTableInTheDocuments) {
  std::istringstream lines(read_file(std::filesystem::path(RADGEN_SOURCE_DIR) / "docs/dicom.md"));
  std::set<uint32_t> listed;
  for (std::string line; std::getline(lines, line);) {
    unsigned group = 0, element = 0;
    if (std::sscanf(line.c_str(), "| (%4x,%4x) |", &group, &element) == 2)
      listed.insert(group << 16 | element);
  }
  std::set<uint32_t> read;
  for (const HeaderFact& fact : header_facts()) read.insert(fact.tag);
  EXPECT_EQ(listed, read);
}

}  // namespace
}  // namespace radgen
