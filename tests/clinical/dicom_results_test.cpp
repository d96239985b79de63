#include "radgen/clinical/dicom_results.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "clinical/codes.h"
#include "clinical/reports_of_tests.h"
#include "data/temporary_folder.h"
#include "radgen/clinical/shown_report.h"
#include "radgen/clinical/size_check.h"
#include "radgen/core/files.h"
#include "radgen/report/anatomy.h"

namespace radgen {
namespace {

constexpr const char* kSop = "1.2.3.99977.1.1";

FilmReport filed_report() {
  Film film = testing::film();
  film.tags.sop_class = "1.2.840.10008.5.1.4.1.1.1.1";
  film.tags.series_uid = "1.2.3.99977.1";
  film.tags.sop_uid = kSop;
  film.tags.patient_name = "M\xC3\xBCller^Anna";
  film.tags.patient_birth_date = "19600102";
  film.tags.view_position = "AP";
  FilmReport report = testing::report_of(film);
  report.model.is_phantom_trained = false;
  report.made_at = std::chrono::system_clock::from_time_t(1767323045);
  return report;
}

// What was written, parsed again.
struct Parsed {
  explicit Parsed(const std::string& bytes) {
    DcmInputBufferStream stream;
    stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    stream.setEos();
    file.transferInit();
    EXPECT_TRUE(file.read(stream).good());
    file.transferEnd();
  }
  std::string text(const DcmTagKey& tag) {
    OFString value;
    file.getDataset()->findAndGetOFStringArray(tag, value);
    return value.c_str();
  }
  DcmFileFormat file;
};

// One content item: what it is of, what it says.
struct Item {
  std::string parent, name, value;
  std::vector<float> points;
  size_t group = 0;  // the measurement group that it lies in, from 1; 0: in none
};

std::string code_text(const DSRCodedEntryValue& code) { return code.getCodeValue().c_str(); }

std::string value_of(const DSRContentItem& item) {
  switch (item.getValueType()) {
    case DSRTypes::VT_Code:
      return code_text(item.getCodeValue());
    case DSRTypes::VT_Num:
      return item.getNumericValue().getNumericValue().c_str();
    case DSRTypes::VT_Text:
    case DSRTypes::VT_UIDRef:
      return item.getStringValue().c_str();
    case DSRTypes::VT_Image:
      return item.getImageReference().getSOPInstanceUID().c_str();
    default:
      return "";
  }
}

std::vector<Item> items_of(const std::string& bytes, DSRTypes::E_DocumentType type) {
  Parsed parsed(bytes);
  DSRDocument document;
  EXPECT_TRUE(document.read(*parsed.file.getDataset()).good());
  EXPECT_EQ(document.getDocumentType(), type);
  EXPECT_EQ(document.getPreliminaryFlag(), DSRTypes::PF_Preliminary);
  EXPECT_EQ(document.getVerificationFlag(), DSRTypes::VF_Unverified);
  std::vector<Item> items;
  DSRDocumentTree& tree = document.getTree();
  std::vector<std::string> names;
  size_t groups = 0;
  for (size_t id = tree.gotoRoot(); id != 0; id = tree.iterate()) {
    DSRContentItem& content = tree.getCurrentContentItem();
    names.resize(tree.getLevel());
    const std::string name = code_text(content.getConceptName());
    Item item{.parent = names.size() > 1 ? names[names.size() - 2] : "",
              .name = name,
              .value = value_of(content)};
    names.back() = name;
    if (name == "125007") ++groups;
    const bool is_in_group = names.size() > 3 && names[2] == "125007";
    item.group = is_in_group ? groups : 0;
    if (content.getValueType() == DSRTypes::VT_SCoord) {
      DSRSpatialCoordinatesValue region = content.getSpatialCoordinates();
      EXPECT_EQ(region.getGraphicType(), DSRTypes::GT_Polyline);
      const DSRGraphicDataList& data = region.getGraphicDataList();
      for (size_t i = 1; i <= data.getNumberOfItems(); ++i) {
        item.points.push_back(data.getItem(i).Column);
        item.points.push_back(data.getItem(i).Row);
      }
    }
    items.push_back(item);
  }
  return items;
}

std::vector<std::string> values(const std::vector<Item>& items, const std::string& name,
                                size_t group) {
  std::vector<std::string> found;
  for (const Item& item : items)
    if (item.name == name && item.group == group) found.push_back(item.value);
  return found;
}

using Texts = std::vector<std::string>;

TEST(MeasurementReport, HasAGroupWithAClosedPolylineInStoredPixelsForEachBox) {
  FilmReport report = filed_report();
  report.draft.sentences[0].boxes.push_back({30, 5, 4, 4});
  const auto items = items_of(encode_measurement_report(report), DSRTypes::DT_Comprehensive3DSR);
  std::map<size_t, std::vector<float>> regions;
  for (const Item& item : items)
    if (!item.points.empty()) regions[item.group] = item.points;
  ASSERT_EQ(regions.size(), 3u) << "two boxes of evidence and one that was examined";
  // Prepared x 10..20 is upright 20..40, and in the mirrored store 40..60.
  EXPECT_EQ(regions[1], (std::vector<float>{40, 10, 60, 10, 60, 50, 40, 50, 40, 10}));
  EXPECT_EQ(values(items, "", 1), Texts{kSop}) << "selected from the film";
  EXPECT_EQ(values(items, "121071", 1), Texts{"60046008"});
  EXPECT_EQ(values(items, "363698007", 1), Texts{"3120008"}) << "the pleura";
  EXPECT_EQ(values(items, "272741003", 1), Texts{"7771000"}) << "on the left";
  EXPECT_EQ(values(items, "121106", 1), Texts{"Left effusion."});
}

TEST(MeasurementReport, TracksABoxByItselfAndItsSentenceByName) {
  FilmReport report = filed_report();
  report.draft.sentences[0].boxes.push_back({30, 5, 4, 4});
  const auto items = items_of(encode_measurement_report(report), DSRTypes::DT_Comprehensive3DSR);
  EXPECT_EQ(values(items, "112039", 1), values(items, "112039", 2));
  std::set<std::string> uids;
  for (const Item& item : items)
    if (item.name == "112040") uids.insert(item.value);
  EXPECT_EQ(uids.size(), 3u);
}

TEST(MeasurementReport, NobodyTakesWhatWasExaminedOrDeniedOrUnsupportedForAFinding) {
  const FilmReport report = filed_report();
  const auto items = items_of(encode_measurement_report(report), DSRTypes::DT_Comprehensive3DSR);
  EXPECT_EQ(values(items, "276214006", 2), Texts{"111102"}) << "Non-lesion";
  EXPECT_EQ(values(items, "121071", 2), Texts{"112005"}) << "Radiographic anatomy";
  EXPECT_EQ(values(items, "363698007", 2), Texts{"39607008"}) << "both lungs: the lung";
  EXPECT_TRUE(values(items, "111012", 2).empty()) << "no certainty of a finding";
  EXPECT_EQ(values(items, "19242006", 0), Texts{"272519000"}) << "edema: absent";
  EXPECT_EQ(values(items, "52988006", 0), Texts{"373068000"}) << "nodule: undetermined";
  const Texts comments = values(items, "121106", 0);
  EXPECT_EQ(std::count(comments.begin(), comments.end(),
                       std::string("Possible nodule. ") + kUnsupportedMark),
            1);
  EXPECT_EQ(std::count(comments.begin(), comments.end(), kResearchNotice), 1);
}

TEST(MeasurementReport, KeepsASizeOnlyWhereSpacingAndRegionBearItOut) {
  FilmReport report = filed_report();
  const auto length = [&] {
    report.draft.sentences[0].has_unsupported_size = false;
    mark_unsupported_sizes(report);
    return values(items_of(encode_measurement_report(report), DSRTypes::DT_Comprehensive3DSR),
                  "410668003", 1);
  };
  report.draft.mentions[0].size_mm = 9;  // the region's longer side: 40 pixels
  EXPECT_TRUE(length().empty()) << "the spacing is not known";
  report.film.spacing_kind = SpacingKind::kImager;
  report.film.spacing_x_mm = report.film.spacing_y_mm = 0.2;
  EXPECT_EQ(length(), Texts{"9.0"});
  report.draft.mentions[0].size_mm = 20;
  EXPECT_TRUE(length().empty()) << "8 mm are not 20";
}

TEST(TextReport, HoldsTheProseAsItIsShown) {
  const FilmReport report = filed_report();
  const auto items = items_of(encode_text_report(report), DSRTypes::DT_BasicTextSR);
  const ShownReport shown = shown_report(report.draft, false);
  EXPECT_EQ(values(items, "121071", 0), Texts{shown.findings});
  EXPECT_EQ(values(items, "121073", 0), Texts{shown.impression});
}

TEST(DicomResults, SayWhoseTheyAreAndWhatMadeThem) {
  const FilmReport report = filed_report();
  std::set<std::string> instances, series;
  for (const std::string& bytes : {encode_measurement_report(report), encode_text_report(report),
                                   encode_secondary_capture(report)}) {
    Parsed parsed(bytes);
    EXPECT_EQ(parsed.text(DCM_PatientName), "M\xC3\xBCller^Anna");
    EXPECT_EQ(parsed.text(DCM_SpecificCharacterSet), "ISO_IR 192");
    EXPECT_EQ(parsed.text(DCM_PatientID), "SECRET-ID");
    EXPECT_EQ(parsed.text(DCM_PatientBirthDate), "19600102");
    EXPECT_EQ(parsed.text(DCM_StudyInstanceUID), report.film.tags.study_uid);
    EXPECT_EQ(parsed.text(DCM_AccessionNumber), "SECRET-ACC");
    EXPECT_NE(parsed.text(DCM_SeriesInstanceUID), report.film.tags.series_uid);
    instances.insert(parsed.text(DCM_SOPInstanceUID));
    series.insert(parsed.text(DCM_SeriesInstanceUID));
    DcmItem* made_by = nullptr;
    ASSERT_TRUE(parsed.file.getDataset()
                    ->findAndGetSequenceItem(DCM_ContributingEquipmentSequence, made_by)
                    .good());
    OFString version;
    made_by->findAndGetOFString(DCM_SoftwareVersions, version);
    EXPECT_EQ(version, report.draft.model_version.c_str());
  }
  EXPECT_EQ(instances.size(), 3u);
  EXPECT_EQ(series.size(), 3u);
}

TEST(DicomResults, TheSameDraftIsTheSameObjectAndAnotherIsAnother) {
  FilmReport report = filed_report();
  const std::string first = encode_measurement_report(report);
  EXPECT_EQ(first, encode_measurement_report(report));
  const std::string uid = Parsed(first).text(DCM_SOPInstanceUID);
  report.made_at += std::chrono::hours(1);
  EXPECT_EQ(Parsed(encode_measurement_report(report)).text(DCM_SOPInstanceUID), uid);
  report.draft.model_sha256.back() = 'c';
  EXPECT_NE(Parsed(encode_measurement_report(report)).text(DCM_SOPInstanceUID), uid);
}

TEST(SecondaryCapture, IsAPictureWithTheNoticeBurnedIn) {
  const FilmReport report = filed_report();
  Parsed parsed(encode_secondary_capture(report));
  EXPECT_EQ(parsed.text(DCM_BurnedInAnnotation), "YES");
  EXPECT_EQ(parsed.text(DCM_ConversionType), "WSD");
  Uint16 rows = 0, columns = 0;
  DcmDataset& dataset = *parsed.file.getDataset();
  dataset.findAndGetUint16(DCM_Rows, rows);
  dataset.findAndGetUint16(DCM_Columns, columns);
  const Uint8* pixels = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(dataset.findAndGetUint8Array(DCM_PixelData, pixels, &count).good());
  ASSERT_GE(count, size_t{3} * rows * columns);
  // The film is on the left, 80 x 60 enlarged to 1280 x 960; red words stand right of it.
  size_t red = 0;
  for (size_t row = 0; row < 90; ++row)
    for (size_t x = 1280; x < columns; ++x) {
      const Uint8* p = pixels + 3 * (row * columns + x);
      red += p[0] > 200 && p[2] < 120;
    }
  EXPECT_GT(red, 500u);
}

TEST(DicomResults, AreOfFilmsWithUidsThatMayBeReported) {
  FilmReport report = filed_report();
  EXPECT_TRUE(writes_dicom(report));
  report.model.is_phantom_trained = true;
  EXPECT_FALSE(writes_dicom(report)) << "words that mean nothing for this patient";
  report.may_write_synthetic_fhir = true;
  EXPECT_TRUE(writes_dicom(report));
  report.film.tags.sop_uid = "1.2.x";
  EXPECT_FALSE(writes_dicom(report));
}

TEST(DicomResults, LieBesideTheOtherFiles) {
  TemporaryFolder folder;
  FilmReport report = filed_report();
  write_film_report(folder.path(), report);
  for (const char* name : {"report.sr.dcm", "report.text.dcm", "report.sc.dcm"})
    EXPECT_TRUE(std::filesystem::exists(folder.path() / name)) << name;
}

TEST(Codes, EveryFindingAndEveryAnatomyHasOne) {
  for (const Finding finding : all_findings())
    if (finding != Finding::kNoFinding) {
      EXPECT_FALSE(finding_code(finding).value.empty());
      EXPECT_LE(finding_code(finding).value.size(), 16u) << "CodeValue is an SH";
      EXPECT_FALSE(finding_site(finding).value.empty());
    }
  for (const std::string& anatomy : anatomy_names())
    EXPECT_FALSE(anatomy_code(anatomy).value.empty()) << anatomy;
  EXPECT_EQ(procedure_code("AP").value, "36572-6");
  EXPECT_EQ(procedure_code("XX").value, "18748-4");
}

}  // namespace
}  // namespace radgen
