#include "radgen/phantom/truth.h"

#include <array>

#include "radgen/core/error.h"

namespace radgen::phantom {
namespace {

constexpr size_t kLobeCount = 5;
const std::array<std::string, kLobeCount> kLobeNames = {"", "upper lobe", "middle lobe",
                                                        "lower lobe", "lingula"};

Lobe lobe_from_name(const std::string& name) {
  for (size_t i = 0; i < kLobeCount; ++i) {
    if (kLobeNames[i] == name) return static_cast<Lobe>(i);
  }
  throw Error(ErrorCode::kData, "unknown lobe '" + name + "'");
}

nlohmann::ordered_json finding_to_json(const TrueFinding& f) {
  nlohmann::ordered_json json;
  json["finding"] = finding_name(f.finding);
  json["kind"] = f.kind;
  json["side"] = side_name(f.side);
  json["lobe"] = lobe_name(f.lobe);
  json["severity"] = severity_name(f.severity);
  json["size_mm"] = f.size_mm;
  json["volume_ml"] = f.volume_ml;
  json["measure"] = f.measure;
  json["is_healed"] = f.is_healed;
  json["is_malpositioned"] = f.is_malpositioned;
  json["is_visible"] = f.is_visible;
  json["is_mentioned"] = f.is_mentioned;
  json["is_hedged"] = f.is_hedged;
  json["contrast_to_noise"] = f.contrast_to_noise;
  json["box"] = {{"x", f.box.x}, {"y", f.box.y}, {"w", f.box.w}, {"h", f.box.h}};
  auto outline = nlohmann::ordered_json::array();
  for (const auto& polygon : f.outline) {
    auto points = nlohmann::ordered_json::array();
    for (const cv::Point& p : polygon) points.push_back({p.x, p.y});
    outline.push_back(std::move(points));
  }
  json["outline"] = std::move(outline);
  return json;
}

TrueFinding finding_from_json(const nlohmann::json& json) {
  TrueFinding f;
  const std::string name = json.at("finding");
  const std::optional<Finding> finding = finding_from_name(name);
  if (!finding) throw Error(ErrorCode::kData, "unknown finding '" + name + "'");
  f.finding = *finding;
  f.kind = json.value("kind", "");
  f.side = side_from_name(json.value("side", ""));
  f.lobe = lobe_from_name(json.value("lobe", ""));
  f.severity = severity_from_name(json.value("severity", ""));
  f.size_mm = json.value("size_mm", 0.0);
  f.volume_ml = json.value("volume_ml", 0.0);
  f.measure = json.value("measure", 0.0);
  f.is_healed = json.value("is_healed", false);
  f.is_malpositioned = json.value("is_malpositioned", false);
  f.is_visible = json.value("is_visible", true);
  f.is_mentioned = json.value("is_mentioned", false);
  f.is_hedged = json.value("is_hedged", false);
  f.contrast_to_noise = json.value("contrast_to_noise", 0.0);
  if (json.contains("box")) f.box = json.at("box").get<Box>();
  if (json.contains("outline")) {
    for (const auto& polygon : json.at("outline")) {
      std::vector<cv::Point> points;
      for (const auto& p : polygon) points.emplace_back(p.at(0).get<int>(), p.at(1).get<int>());
      f.outline.push_back(std::move(points));
    }
  }
  return f;
}

AnatomyBox anatomy_from_json(const nlohmann::json& json) {
  return {json.at("anatomy").get<std::string>(), json.get<Box>()};
}

StudyTruth parse(const nlohmann::json& json) {
  StudyTruth truth;
  truth.study_id = json.at("study_id");
  truth.dicom_id = json.value("dicom_id", "");
  truth.split = json.value("split", "");
  const nlohmann::json& patient = json.at("patient");
  truth.patient.id = patient.at("id");
  truth.patient.is_male = patient.value("is_male", true);
  truth.patient.age_years = patient.value("age_years", 60.0);
  truth.patient.race = patient.value("race", "");
  truth.patient.anatomy_seed = patient.value("anatomy_seed", uint64_t{0});
  truth.is_ap = json.value("is_ap", false);
  truth.is_supine = json.value("is_supine", false);
  truth.is_poor_inspiration = json.value("is_poor_inspiration", false);
  truth.is_angle_cut_off = json.value("is_angle_cut_off", false);
  truth.has_side_marker = json.value("has_side_marker", true);
  truth.rotation_degrees = json.value("rotation_degrees", 0.0);
  truth.cardiothoracic_ratio = json.value("cardiothoracic_ratio", 0.0);
  truth.is_shifted_vendor = json.value("is_shifted_vendor", false);
  truth.is_degraded = json.value("is_degraded", false);
  for (const auto& f : json.at("findings")) truth.findings.push_back(finding_from_json(f));
  for (const auto& a : json.value("anatomy", nlohmann::json::array())) {
    truth.anatomy.push_back(anatomy_from_json(a));
  }
  if (json.contains("distractors")) truth.distractors = json.at("distractors");
  truth.indication = json.value("indication", "");
  truth.findings_text = json.value("findings_text", "");
  truth.impression_text = json.value("impression_text", "");
  truth.oracle_text = json.value("oracle_text", "");
  truth.twin_of = json.value("twin_of", "");
  truth.twin_without = json.value("twin_without", "");
  return truth;
}

}  // namespace

const std::string& lobe_name(Lobe lobe) { return kLobeNames.at(static_cast<size_t>(lobe)); }

nlohmann::ordered_json truth_to_json(const StudyTruth& truth) {
  nlohmann::ordered_json json;
  json["synthetic"] = true;
  json["study_id"] = truth.study_id;
  json["dicom_id"] = truth.dicom_id;
  json["split"] = truth.split;
  json["patient"] = {{"id", truth.patient.id},
                     {"is_male", truth.patient.is_male},
                     {"age_years", truth.patient.age_years},
                     {"race", truth.patient.race},
                     {"anatomy_seed", truth.patient.anatomy_seed}};
  json["is_ap"] = truth.is_ap;
  json["is_supine"] = truth.is_supine;
  json["is_poor_inspiration"] = truth.is_poor_inspiration;
  json["is_angle_cut_off"] = truth.is_angle_cut_off;
  json["has_side_marker"] = truth.has_side_marker;
  json["rotation_degrees"] = truth.rotation_degrees;
  json["cardiothoracic_ratio"] = truth.cardiothoracic_ratio;
  json["is_shifted_vendor"] = truth.is_shifted_vendor;
  json["is_degraded"] = truth.is_degraded;
  auto findings = nlohmann::ordered_json::array();
  for (const TrueFinding& f : truth.findings) findings.push_back(finding_to_json(f));
  json["findings"] = std::move(findings);
  auto anatomy = nlohmann::ordered_json::array();
  for (const AnatomyBox& a : truth.anatomy) {
    anatomy.push_back(
        {{"anatomy", a.anatomy}, {"x", a.box.x}, {"y", a.box.y}, {"w", a.box.w}, {"h", a.box.h}});
  }
  json["anatomy"] = std::move(anatomy);
  json["distractors"] = truth.distractors;
  json["indication"] = truth.indication;
  json["findings_text"] = truth.findings_text;
  json["impression_text"] = truth.impression_text;
  json["oracle_text"] = truth.oracle_text;
  json["twin_of"] = truth.twin_of;
  json["twin_without"] = truth.twin_without;
  return json;
}

StudyTruth truth_from_json(const nlohmann::json& json, const std::string& where) {
  try {
    return parse(json);
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kData, where + ": not a phantom truth line: " + e.what(),
                "write the data set again with phantom-radgen");
  } catch (const Error& e) {
    throw Error(ErrorCode::kData, where + ": " + e.what(),
                "write the data set again with phantom-radgen");
  }
}

}  // namespace radgen::phantom
