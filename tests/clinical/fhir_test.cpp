#include "radgen/clinical/fhir.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "clinical/fhir_values.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/pages/page.h"

namespace radgen {
namespace {

using nlohmann::ordered_json;

Draft draft() {
  Draft d;
  d.study_id = "s1";
  d.image_id = "i1";
  d.findings = "Small left effusion, 14 mm. Possible edema & <b>haze</b>. No pneumothorax.";
  d.impression = "Left effusion.";
  d.sentences = {{.text = "Small left effusion, 14 mm.",
                  .begin = 0,
                  .end = 27,
                  .is_grounded = true,
                  .score = 0.5,
                  .confidence = 0.75,
                  .boxes = {{1, 2, 30, 40}}},
                 {.text = "Possible edema & <b>haze</b>.",
                  .begin = 28,
                  .end = 57,
                  .is_grounded = false,
                  .confidence = 0.25,
                  .boxes = {{5, 5, 5, 5}}}};
  d.mentions = {{.finding = Finding::kPleuralEffusion,
                 .side = Side::kLeft,
                 .severity = Severity::kSubtle,
                 .size_mm = 14,
                 .begin = 11,
                 .end = 19},
                {.finding = Finding::kEdema,
                 .assertion = Assertion::kUncertain,
                 .begin = 37,
                 .end = 42,
                 .sentence = 1},
                {.finding = Finding::kPneumothorax,
                 .assertion = Assertion::kNegative,
                 .begin = 61,
                 .end = 73,
                 .sentence = 2}};
  d.model_version = "0.1.0";
  d.model_sha256 = std::string(64, 'a');
  return d;
}

FhirContext context() {
  return {.patient_id = "P<1>",
          .accession_number = "A1",
          .study_instance_uid = "1.2.840.1",
          .study_date = "20260102",
          .study_time = "030405.5",
          .utc_offset = "+0100",
          .view = "AP",
          .issued = "2026-01-02T03:04:05Z"};
}

TEST(FhirReport, IsAnUnverifiedDraftMarkedAsMadeByAi) {
  const ordered_json report = fhir_report(draft(), context());
  EXPECT_EQ(report["resourceType"], "DiagnosticReport");
  EXPECT_EQ(report["status"], "partial");
  EXPECT_EQ(report["meta"]["security"][0]["code"], "AIAST");
  EXPECT_FALSE(report.contains("resultsInterpreter"));
  EXPECT_NE(report["text"]["div"].get<std::string>().find("not for clinical use"),
            std::string::npos);
  EXPECT_EQ(report["conclusion"], "Left effusion.");
  EXPECT_EQ(report["effectiveDateTime"], "2026-01-02T03:04:05+01:00");
  EXPECT_EQ(report["imagingStudy"][0]["identifier"]["value"], "urn:oid:1.2.840.1");
  EXPECT_EQ(report["subject"]["identifier"]["value"], "P<1>");
}

TEST(FhirReport, ContainsOneObservationForEachPositiveOrUncertainMention) {
  const ordered_json report = fhir_report(draft(), context());
  ASSERT_EQ(report["contained"].size(),
            4u);  // device, two findings, provenance; the negative one is not a result
  ASSERT_EQ(report["result"].size(), 2u);
  const ordered_json& effusion = report["contained"][1];
  EXPECT_EQ(effusion["code"]["text"], "Pleural Effusion");
  EXPECT_EQ(effusion["valueCodeableConcept"]["text"], "present");
  EXPECT_EQ(effusion["component"][0]["valueCodeableConcept"]["coding"][0]["code"], "7771000");
  EXPECT_EQ(effusion["extension"][0]["extension"][2]["valueDecimal"], 30.0);
  const ordered_json& edema = report["contained"][2];
  EXPECT_EQ(edema["valueCodeableConcept"]["text"], "uncertain");
  EXPECT_FALSE(
      edema.contains("extension"));  // boxes of a sentence that is not grounded are no evidence
}

TEST(FhirReport, TellsEvidenceFromExaminedFromUnsupported) {
  Draft d = draft();
  d.sentences[1].is_unsupported = true;
  d.sentences.push_back({.text = "No pneumothorax.",
                         .begin = 58,
                         .end = 74,
                         .region = RegionKind::kExamined,
                         .anatomies = {"right lung", "left lung"},
                         .boxes = {{1, 1, 50, 60}, {60, 1, 50, 60}}});
  const ordered_json report = fhir_report(d, context());
  ASSERT_EQ(report["contained"].size(), 5u);
  EXPECT_EQ(report["contained"][1]["extension"][0]["url"], "urn:radgen:fhir:evidence-box");
  EXPECT_EQ(report["contained"][2]["extension"][0]["valueCode"], "unsupported");
  const ordered_json& examined = report["contained"][3];
  EXPECT_EQ(examined["id"], "examined-1");
  ASSERT_EQ(examined["extension"].size(), 2u);
  EXPECT_EQ(examined["extension"][0]["url"], "urn:radgen:fhir:examined-box");
  EXPECT_EQ(examined["bodySite"]["text"], "both lungs");
  EXPECT_EQ(examined["valueCodeableConcept"]["text"], "nothing found");
  EXPECT_EQ(report["result"].size(), 3u);
  EXPECT_NE(report["text"]["div"].get<std::string>().find("not supported by the picture"),
            std::string::npos);
}

// R4 DomainResource: contained resources have ids, are referenced from the container or refer to it
// (dom-3), and contain none themselves.
TEST(FhirReport, EveryContainedResourceIsReferencedAndEveryReferenceResolves) {
  for (bool has_findings : {true, false}) {
    Draft d = draft();
    if (!has_findings) d.mentions.clear();
    if (has_findings) d.sentences[1].region = RegionKind::kExamined;
    const ordered_json report = fhir_report(d, context());
    std::set<std::string> ids, references;
    for (const auto& resource : report["contained"]) {
      EXPECT_TRUE(ids.insert("#" + resource["id"].get<std::string>()).second);
      EXPECT_FALSE(resource.contains("contained"));
      EXPECT_FALSE(resource.contains("meta"));  // dom-4, dom-5
    }
    const auto visit = [&](const auto& self, const ordered_json& node) -> void {
      if (node.is_object() && node.contains("reference"))
        references.insert(node["reference"].get<std::string>());
      if (node.is_structured()) {
        for (const auto& child : node) self(self, child);
      }
    };
    visit(visit, report);
    EXPECT_EQ(references.erase("#"), 1u) << "the provenance's target";
    references.insert("#provenance");
    EXPECT_EQ(ids, references);
    EXPECT_EQ(report.contains("result"), has_findings);  // FHIR allows no empty arrays
  }
}

TEST(FhirReport, TheProvenanceNamesFilmAndModel) {
  Draft d = draft();
  d.model_sha256 = std::string(64, 'a');
  FhirContext film = context();
  film.sop_instance_uid = "1.2.840.9";
  const ordered_json contained = fhir_report(d, film)["contained"];
  const auto found = std::find_if(contained.begin(), contained.end(), [](const auto& resource) {
    return resource["resourceType"] == "Provenance";
  });
  ASSERT_NE(found, contained.end());
  ASSERT_EQ((*found)["entity"].size(), 2u);
  EXPECT_EQ((*found)["entity"][0]["what"]["identifier"]["value"], "urn:oid:1.2.840.9");
  EXPECT_EQ((*found)["entity"][1]["what"]["identifier"]["value"], d.model_sha256);
  EXPECT_EQ((*found)["agent"][0]["who"]["reference"], "#device");
}

TEST(FhirReport, NarrativeIsEscapedAndThePresentedFormIsTheText) {
  const ordered_json report = fhir_report(draft(), context());
  const std::string div = report["text"]["div"];
  EXPECT_NE(div.find("edema &amp; &lt;b&gt;haze"), std::string::npos);
  const ordered_json& form = report["presentedForm"][0];
  EXPECT_EQ(form["data"].get<std::string>().size(), (form["size"].get<size_t>() + 2) / 3 * 4);
}

TEST(FhirReport, IsTheSameForTheSameInput) {
  EXPECT_EQ(fhir_report(draft(), context()).dump(), fhir_report(draft(), context()).dump());
}

TEST(FhirReport, LeavesOutWhatIsNotKnown) {
  const ordered_json report = fhir_report(draft(), {});
  for (const char* key : {"subject", "identifier", "effectiveDateTime", "imagingStudy"}) {
    EXPECT_FALSE(report.contains(key)) << key;
  }
  EXPECT_EQ(report["code"]["coding"][0]["code"], "18748-4");
  EXPECT_TRUE(fhir::is_instant(report["issued"]));
  FhirContext odd = context();
  odd.study_instance_uid = "../../etc";
  odd.study_date = "20261399";
  EXPECT_FALSE(fhir_report(draft(), odd).contains("imagingStudy"));
  EXPECT_FALSE(fhir_report(draft(), odd).contains("effectiveDateTime"));
}

TEST(FhirReport, SaysThatAModelOfPhantomsMadeIt) {
  FhirContext synthetic = context();
  synthetic.is_phantom_trained = true;
  const ordered_json report = fhir_report(draft(), synthetic);
  EXPECT_EQ(report["conclusion"], "[SYNTHETIC MODEL] Left effusion.");
  EXPECT_NE(report["meta"]["tag"].dump().find("phantom-trained"), std::string::npos);
  EXPECT_NE(report["text"]["div"].get<std::string>().find(kPhantomNotice), std::string::npos);
  EXPECT_EQ(fhir_report(draft(), context())["meta"].dump().find("phantom"), std::string::npos);
}

TEST(FhirReport, SaysThatAModelOfRandomWeightsMadeIt) {
  FhirContext random = context();
  random.has_random_weights = random.is_phantom_trained = true;
  const ordered_json report = fhir_report(draft(), random);
  EXPECT_EQ(report["conclusion"], "[RANDOM WEIGHTS] Left effusion.");
  EXPECT_NE(report["meta"]["tag"].dump().find("random-weights"), std::string::npos);
  EXPECT_NE(report["meta"]["tag"].dump().find("HTEST"), std::string::npos);
  EXPECT_EQ(report["meta"]["tag"].dump().find("phantom"), std::string::npos);
  EXPECT_NE(report["text"]["div"].get<std::string>().find(kRandomWeightsNotice), std::string::npos);
}

TEST(FhirReport, RefusesWhatIsNoReport) {
  Draft refused = draft();
  refused.status = "not_reportable";
  EXPECT_THROW(fhir_report(refused, context()), Error);
  FhirContext odd = context();
  odd.issued = "yesterday";
  EXPECT_THROW(fhir_report(draft(), odd), Error);
}

TEST(FhirReport, SurvivesForeignBytes) {
  Draft d = draft();
  d.impression = "caf\xC3\xA9 \xFF\xC0\x80 \x01 \xED\xA0\x80";
  const ordered_json report = fhir_report(d, context());
  EXPECT_NO_THROW(report.dump());
  EXPECT_EQ(report["conclusion"].get<std::string>().substr(0, 5), "caf\xC3\xA9");
}

TEST(FhirValues, FollowTheirDefinitions) {
  EXPECT_EQ(fhir::sha1_base64("abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");  // FIPS 180: a9993e36...
  EXPECT_EQ(pages::base64("ab"), "YWI=");
  EXPECT_EQ(fhir::date_time("20260102", "030405", ""), "2026-01-02");
  EXPECT_EQ(fhir::date_time("20260102", "0304", "+0100"), "2026-01-02");
  EXPECT_EQ(fhir::date_time("20260229", "", ""), "");  // 2026 has no such day
  EXPECT_EQ(fhir::date_time("20240229", "", ""), "2024-02-29");
  EXPECT_EQ(fhir::date_time("20260431", "", ""), "");
  EXPECT_TRUE(fhir::is_uid("1.2.0.3"));
  EXPECT_FALSE(fhir::is_uid("1.02"));
  EXPECT_FALSE(fhir::is_uid("1..2"));
}

TEST(FhirReport, IsWrittenWhole) {
  const fs::path path =
      fs::temp_directory_path() / ("radgen-fhir-" + std::to_string(::getpid()) + ".json");
  write_fhir(path, fhir_report(draft(), context()));
  EXPECT_EQ(read_json(path)["status"], "partial");
  if (const char* keep = std::getenv("RADGEN_KEEP_FHIR"))
    fs::copy_file(path, keep, fs::copy_options::overwrite_existing);
  fs::remove(path);
}

}  // namespace
}  // namespace radgen
