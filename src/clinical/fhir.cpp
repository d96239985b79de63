#include "radgen/clinical/fhir.h"

#include <cmath>

#include "clinical/codes.h"
#include "clinical/fhir_values.h"
#include "radgen/clinical/shown_report.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"
#include "radgen/pages/page.h"
#include "radgen/report/anatomy.h"

namespace radgen {
namespace {

using nlohmann::ordered_json;

constexpr const char* kLoinc = "http://loinc.org";
constexpr const char* kSnomed = "http://snomed.info/sct";
constexpr const char* kUcum = "http://unitsofmeasure.org";

ordered_json coding(const char* system, const std::string& code, const std::string& display) {
  return {{"system", system}, {"code", code}, {"display", display}};
}
ordered_json concept_of(ordered_json codings, const std::string& text) {
  ordered_json out;
  if (!codings.empty()) out["coding"] = std::move(codings);
  out["text"] = text;
  return out;
}

// Of a standard scheme; a code of our own says no more than its name does.
void add_code(ordered_json& codings, const Code& code) {
  const std::string system = fhir_system(code);
  if (!system.empty()) codings.push_back(coding(system.c_str(), code.value, code.meaning));
}

ordered_json finding_concept(Finding finding) {
  ordered_json codings = ordered_json::array();
  add_code(codings, finding_code(finding));
  return concept_of(std::move(codings), finding_name(finding));
}

ordered_json laterality_concept(Side side) {
  ordered_json codings = ordered_json::array();
  if (const Code* code = side_code(side)) add_code(codings, *code);
  return concept_of(std::move(codings), side_name(side));
}

ordered_json report_code(const FhirContext& context) {
  ordered_json codings = ordered_json::array();
  const Code& procedure = procedure_code(context.view);
  add_code(codings, procedure);
  const std::string& text = procedure.meaning;
  if (!context.procedure_code.empty()) {
    ordered_json own;
    if (!context.procedure_system.empty()) own["system"] = fhir::clean(context.procedure_system);
    own["code"] = fhir::clean(context.procedure_code);
    if (!context.procedure_display.empty()) own["display"] = fhir::clean(context.procedure_display);
    codings.push_back(std::move(own));
  }
  return concept_of(std::move(codings), text);
}

ordered_json identifier(const std::string& system, const std::string& value) {
  ordered_json out;
  if (!system.empty()) out["system"] = fhir::clean(system);
  out["value"] = fhir::clean(value);
  return out;
}

ordered_json meta(const FhirContext& context) {
  ordered_json out{{"security", ordered_json::array({coding(
                                    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                                    "AIAST", "Artificial Intelligence asserted")})}};
  out["tag"] =
      ordered_json::array({coding("urn:radgen:fhir:tag", "research-only", kResearchNotice)});
  if (context.has_random_weights)
    out["tag"].push_back(coding("urn:radgen:fhir:tag", "random-weights", kRandomWeightsNotice));
  else if (context.is_phantom_trained)
    out["tag"].push_back(coding("urn:radgen:fhir:tag", "phantom-trained", kPhantomNotice));
  if (context.has_random_weights || context.is_phantom_trained) {
    out["tag"].push_back(
        coding("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST", "test health data"));
  }
  return out;
}

ordered_json device(const Draft& draft) {
  ordered_json out{{"resourceType", "Device"}, {"id", "device"}};
  if (!draft.model_sha256.empty()) {
    out["identifier"] =
        ordered_json::array({identifier("urn:radgen:fhir:model-sha256", draft.model_sha256)});
  }
  out["deviceName"] = ordered_json::array({{{"name", "RadGen"}, {"type", "model-name"}}});
  if (!draft.model_version.empty()) {
    out["version"] = ordered_json::array({{{"value", fhir::clean(draft.model_version)}}});
  }
  out["note"] = ordered_json::array({{{"text", kResearchNotice}}});
  return out;
}

// Which program wrote the report when, by which model, from which image.
ordered_json provenance(const Draft& draft, const FhirContext& context, const std::string& issued) {
  ordered_json out{{"resourceType", "Provenance"}, {"id", "provenance"}};
  out["target"] = ordered_json::array({{{"reference", "#"}}});
  out["recorded"] = issued;
  out["reason"] = ordered_json::array({concept_of(
      ordered_json::array({coding("http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                                  "AIAST", "Artificial Intelligence asserted")}),
      "drafted by AI")});
  const ordered_json assembler =
      concept_of(ordered_json::array(
                     {coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                             "assembler", "Assembler")}),
                 "assembler");
  out["agent"] = ordered_json::array({{{"type", assembler}, {"who", {{"reference", "#device"}}}}});
  ordered_json sources = ordered_json::array();
  const auto add = [&](const char* display, const char* system, const std::string& value) {
    sources.push_back(
        {{"role", "source"},
         {"what", {{"identifier", identifier(system, value)}, {"display", display}}}});
  };
  if (fhir::is_uid(context.sop_instance_uid))
    add("film", "urn:dicom:uid", "urn:oid:" + context.sop_instance_uid);
  if (!draft.model_sha256.empty()) add("model", "urn:radgen:fhir:model-sha256", draft.model_sha256);
  if (!sources.empty()) out["entity"] = std::move(sources);
  return out;
}

ordered_json ratio_component(const char* name, double value) {
  return {{"code", {{"text", name}}},
          {"valueQuantity", {{"value", value}, {"unit", "1"}, {"system", kUcum}, {"code", "1"}}}};
}

// Evidence: a finding is here. Examined: this was looked at and nothing was found.
constexpr const char* kEvidenceBox = "urn:radgen:fhir:evidence-box";
constexpr const char* kExaminedBox = "urn:radgen:fhir:examined-box";

// `prepared` in prepared-image pixels.
ordered_json box_extension(const char* kind, const Box& prepared, const FhirContext& context) {
  const Box box = context.prepared_to_stored.apply(prepared);
  ordered_json parts = ordered_json::array();
  const auto add = [&](const char* name, double value) {
    parts.push_back({{"url", name}, {"valueDecimal", value}});
  };
  add("x", box.x);
  add("y", box.y);
  add("w", box.w);
  add("h", box.h);
  if (fhir::is_uid(context.sop_instance_uid))
    parts.push_back({{"url", "image"}, {"valueUri", "urn:oid:" + context.sop_instance_uid}});
  return {{"url", kind}, {"extension", std::move(parts)}};
}

ordered_json components(const Mention& mention, const DraftSentence* sentence) {
  ordered_json out = ordered_json::array();
  if (mention.side != Side::kNone) {
    out.push_back({{"code", {{"text", "laterality"}}},
                   {"valueCodeableConcept", laterality_concept(mention.side)}});
  }
  if (mention.severity != Severity::kUnstated) {
    out.push_back({{"code", {{"text", "severity"}}},
                   {"valueCodeableConcept", {{"text", severity_name(mention.severity)}}}});
  }
  const bool has_size = mention.size_mm && std::isfinite(*mention.size_mm);
  if (has_size && !(sentence && sentence->has_unsupported_size)) {
    out.push_back(
        {{"code", {{"text", "size"}}},
         {"valueQuantity",
          {{"value", *mention.size_mm}, {"unit", "mm"}, {"system", kUcum}, {"code", "mm"}}}});
  }
  if (!sentence) return out;
  if (std::isfinite(sentence->confidence))
    out.push_back(ratio_component("model confidence", sentence->confidence));
  if (sentence->is_grounded && std::isfinite(sentence->score)) {
    out.push_back(ratio_component("grounding score", sentence->score));
  }
  return out;
}

// The drafted sentence that holds the mention's words, if any.
const DraftSentence* sentence_of(const Draft& draft, const Mention& mention) {
  for (const DraftSentence& sentence : draft.sentences) {
    if (sentence.begin <= mention.begin && mention.begin < sentence.end) return &sentence;
  }
  return nullptr;
}

ordered_json imaging_category() {
  return ordered_json::array({concept_of(
      ordered_json::array({coding("http://terminology.hl7.org/CodeSystem/observation-category",
                                  "imaging", "Imaging")}),
      "Imaging")});
}

// What a sentence ruled something out in.
ordered_json examined_observation(const DraftSentence& sentence, const FhirContext& context,
                                  const std::string& id, const ordered_json& subject,
                                  const std::string& effective) {
  ordered_json out{{"resourceType", "Observation"}, {"id", id}};
  out["extension"] = ordered_json::array();
  for (const Box& box : sentence.boxes)
    out["extension"].push_back(box_extension(kExaminedBox, box, context));
  out["status"] = "preliminary";
  out["category"] = imaging_category();
  out["code"] = concept_of(ordered_json::array(), "Examined anatomy");
  if (!subject.is_null()) out["subject"] = subject;
  if (!effective.empty()) out["effectiveDateTime"] = effective;
  out["valueCodeableConcept"] = concept_of(
      ordered_json::array({coding(kSnomed, "260415000", "Not detected")}), "nothing found");
  out["note"] = ordered_json::array({{{"text", fhir::clean(sentence.text)}}});
  out["bodySite"] =
      concept_of(ordered_json::array({coding(kSnomed, "51185008", "Thoracic structure")}),
                 anatomy_words(sentence.anatomies));
  out["device"] = {{"reference", "#device"}};
  return out;
}

ordered_json observation(const Draft& draft, const FhirContext& context, const Mention& mention,
                         const std::string& id, const ordered_json& subject,
                         const std::string& effective) {
  const DraftSentence* sentence = sentence_of(draft, mention);
  ordered_json out{{"resourceType", "Observation"}, {"id", id}};
  // No meta here: a contained resource may hold no security label (R4 dom-5); the container's
  // covers it.
  if (sentence && sentence->is_grounded &&
      !sentence->boxes.empty()) {  // nothing else may be shown as evidence
    out["extension"] = ordered_json::array();
    for (const Box& box : sentence->boxes)
      out["extension"].push_back(box_extension(kEvidenceBox, box, context));
  } else if (sentence && sentence->is_unsupported) {
    out["extension"] =
        ordered_json::array({{{"url", "urn:radgen:fhir:support"}, {"valueCode", "unsupported"}}});
  }
  if (sentence && sentence->is_grounded && sentence->is_verified)
    out["extension"].push_back(
        {{"url", "urn:radgen:fhir:region-verified"}, {"valueBoolean", *sentence->is_verified}});
  out["status"] = "preliminary";
  out["category"] = imaging_category();
  out["code"] = finding_concept(mention.finding);
  if (!subject.is_null()) out["subject"] = subject;
  if (!effective.empty()) out["effectiveDateTime"] = effective;
  const bool is_positive = mention.assertion == Assertion::kPositive;
  out["valueCodeableConcept"] =
      concept_of(ordered_json::array({is_positive ? coding(kSnomed, "52101004", "Present")
                                                  : coding(kSnomed, "371930009", "Possible")}),
                 is_positive ? "present" : "uncertain");
  out["bodySite"] =
      concept_of(ordered_json::array({coding(kSnomed, "51185008", "Thoracic structure")}),
                 mention.side == Side::kNone ? "chest" : "chest, " + side_name(mention.side));
  out["device"] = {{"reference", "#device"}};
  ordered_json parts = components(mention, sentence);
  if (!parts.empty()) out["component"] = std::move(parts);
  return out;
}

// The whole report as people read it.
std::string plain_text(const Draft& draft, const FhirContext& context) {
  std::string text = std::string(kResearchNotice) + "\n";
  if (context.has_random_weights)
    text += std::string(kRandomWeightsNotice) + "\n";
  else if (context.is_phantom_trained)
    text += std::string(kPhantomNotice) + "\n";
  const ShownReport shown = shown_report(draft, context.keeps_unsupported);
  if (!shown.findings.empty()) text += "\nFINDINGS:\n" + shown.findings + "\n";
  if (!shown.impression.empty()) text += "\nIMPRESSION:\n" + shown.impression + "\n";
  if (!shown.left_out.empty())
    text += "\nLEFT OUT OF THE IMPRESSION, NOT SUPPORTED BY THE PICTURE:\n";
  for (const std::string& sentence : shown.left_out) text += sentence + "\n";
  return fhir::clean(text);
}

void add_study(ordered_json& report, const FhirContext& context, const ordered_json& subject,
               const std::string& effective) {
  if (!context.accession_number.empty()) {
    ordered_json accession = identifier(context.accession_system, context.accession_number);
    accession["type"] = concept_of(
        ordered_json::array(
            {coding("http://terminology.hl7.org/CodeSystem/v2-0203", "ACSN", "Accession ID")}),
        "Accession number");
    report["identifier"] = ordered_json::array({std::move(accession)});
  }
  report["status"] = "partial";
  report["category"] = ordered_json::array(
      {concept_of(ordered_json::array({coding(kLoinc, "LP29684-5", "Radiology"),
                                       coding("http://terminology.hl7.org/CodeSystem/v2-0074",
                                              "RAD", "Radiology")}),
                  "Radiology")});
  report["code"] = report_code(context);
  if (!subject.is_null()) report["subject"] = subject;
  if (!effective.empty()) report["effectiveDateTime"] = effective;
}

// The image that the report was written from, named down to its instance; null where the header
// leaves out what FHIR wants (ImagingStudy.subject and series.modality are mandatory).
ordered_json contained_study(const FhirContext& context, const ordered_json& subject) {
  const bool has_modality = !context.modality.empty() &&
                            context.modality.find_first_not_of(
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos;
  for (const std::string* uid : {&context.study_instance_uid, &context.series_instance_uid,
                                 &context.sop_instance_uid, &context.sop_class_uid})
    if (!fhir::is_uid(*uid)) return nullptr;
  if (subject.is_null() || !has_modality) return nullptr;
  const ordered_json instance = {
      {"uid", context.sop_instance_uid},
      {"sopClass",
       {{"system", "urn:ietf:rfc:3986"}, {"code", "urn:oid:" + context.sop_class_uid}}}};
  const ordered_json series = {
      {"uid", context.series_instance_uid},
      {"modality",
       {{"system", "http://dicom.nema.org/resources/ontology/DCM"}, {"code", context.modality}}},
      {"instance", ordered_json::array({instance})}};
  return {
      {"resourceType", "ImagingStudy"},
      {"id", "study"},
      {"identifier",
       ordered_json::array({identifier("urn:dicom:uid", "urn:oid:" + context.study_instance_uid)})},
      {"status", "available"},
      {"subject", subject},
      {"series", ordered_json::array({series})}};
}

}  // namespace

ordered_json fhir_report(const Draft& draft, const FhirContext& context) {
  if (draft.status != "drafted") {
    throw Error(ErrorCode::kData, "no FHIR report: the study's status is '" +
                                      draft.status.substr(0, 40) + "', not 'drafted'");
  }
  const std::string issued =
      context.issued.empty() ? fhir::instant(std::chrono::system_clock::now()) : context.issued;
  if (!fhir::is_instant(issued)) {
    throw Error(ErrorCode::kUsage, "'issued' is no FHIR instant",
                "write it as 2026-01-02T03:04:05Z");
  }
  const std::string effective =
      fhir::date_time(context.study_date, context.study_time, context.utc_offset);
  ordered_json subject;
  if (!context.patient_id.empty()) {
    subject = {{"type", "Patient"},
               {"identifier", identifier(context.patient_id_system, context.patient_id)}};
  }

  ordered_json contained = ordered_json::array({device(draft)});
  ordered_json results = ordered_json::array();
  for (const Mention& mention : draft.mentions) {
    if (mention.assertion == Assertion::kNegative || mention.finding == Finding::kNoFinding)
      continue;
    const std::string id = "finding-" + std::to_string(results.size() + 1);
    contained.push_back(observation(draft, context, mention, id, subject, effective));
    results.push_back({{"reference", "#" + id}});
  }

  size_t examined = 0;
  for (const DraftSentence& sentence : draft.sentences) {
    if (sentence.region != RegionKind::kExamined || sentence.boxes.empty()) continue;
    const std::string id = "examined-" + std::to_string(++examined);
    contained.push_back(examined_observation(sentence, context, id, subject, effective));
    results.push_back({{"reference", "#" + id}});
  }
  contained.push_back(provenance(draft, context, issued));
  const ordered_json study = contained_study(context, subject);
  if (!study.is_null()) contained.push_back(study);

  const std::string text = plain_text(draft, context);
  ordered_json report{{"resourceType", "DiagnosticReport"}};
  report["meta"] = meta(context);
  report["text"] = {{"status", "generated"},
                    {"div", "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>" +
                                fhir::narrative_text(text) + "</p></div>"}};
  report["contained"] = std::move(contained);
  report["extension"] = ordered_json::array(
      {{{"url", "urn:radgen:fhir:generated-by"}, {"valueReference", {{"reference", "#device"}}}}});
  add_study(report, context, subject, effective);
  report["issued"] = issued;
  if (!results.empty()) report["result"] = std::move(results);
  if (fhir::is_uid(context.study_instance_uid)) {
    ordered_json reference{
        {"type", "ImagingStudy"},
        {"identifier", identifier("urn:dicom:uid", "urn:oid:" + context.study_instance_uid)}};
    if (!study.is_null()) reference["reference"] = "#study";
    report["imagingStudy"] = ordered_json::array({std::move(reference)});
  }
  const ShownReport shown = shown_report(draft, context.keeps_unsupported);
  const std::string impression =
      fhir::clean(shown.impression.empty() ? shown.findings : shown.impression);
  if (!impression.empty()) {
    report["conclusion"] = (context.has_random_weights   ? "[RANDOM WEIGHTS] "
                            : context.is_phantom_trained ? "[SYNTHETIC MODEL] "
                                                         : "") +
                           impression;
  }
  report["presentedForm"] = ordered_json::array({{{"contentType", "text/plain; charset=utf-8"},
                                                  {"language", "en"},
                                                  {"data", pages::base64(text)},
                                                  {"size", text.size()},
                                                  {"hash", fhir::sha1_base64(text)},
                                                  {"title", "Draft report (AI, not verified)"},
                                                  {"creation", issued}}});
  return report;
}

void write_fhir(const std::filesystem::path& path, const ordered_json& resource) {
  write_json_atomic(path, resource);
}

}  // namespace radgen
