#include "radgen/report/prediction.h"

#include <array>
#include <cmath>

#include "radgen/core/error.h"
#include "radgen/core/json.h"

namespace radgen {
namespace {

using nlohmann::ordered_json;

ordered_json box_json(const Box& box) {
  return {{"x", number(box.x)}, {"y", number(box.y)}, {"w", number(box.w)}, {"h", number(box.h)}};
}

ordered_json sentence_json(const DraftSentence& s) {
  ordered_json boxes = ordered_json::array();
  for (const Box& box : s.boxes) boxes.push_back(box_json(box));
  ordered_json out{{"text", s.text},
                   {"begin", s.begin},
                   {"end", s.end},
                   {"region", region_kind_name(s.is_grounded ? RegionKind::kEvidence : s.region)},
                   {"grounded", s.is_grounded},
                   {"score", number(s.score)},
                   {"confidence", number(s.confidence)},
                   {"boxes", std::move(boxes)},
                   {"entropy", number(s.entropy)}};
  if (!s.no_region_reason.empty()) out["reason"] = s.no_region_reason;
  if (!s.anatomies.empty()) out["anatomy"] = s.anatomies;
  if (s.is_unsupported) out["unsupported"] = true;
  if (s.has_unsupported_size) out["unsupported_size"] = true;
  if (s.is_verified) out["verified"] = *s.is_verified;
  if (s.stability) out["stability"] = number(*s.stability);
  if (s.side_stability) out["side_stability"] = number(*s.side_stability);
  if (!s.map_file.empty()) {
    out["map"] = s.map_file;
    out["map_scale"] = number(s.map_scale);
  }
  return out;
}

ordered_json mention_json(const Mention& m) {
  ordered_json out{{"finding", finding_name(m.finding)},
                   {"side", side_name(m.side)},
                   {"certainty", assertion_name(m.assertion)},
                   {"begin", m.begin},
                   {"end", m.end},
                   {"sentence", m.sentence}};
  if (m.severity != Severity::kUnstated) out["severity"] = severity_name(m.severity);
  if (m.size_mm) out["size_mm"] = number(*m.size_mm);
  return out;
}

// Reads members of foreign JSON: a missing or null member leaves the default, a member of the wrong
// type is an error that names it. Values are never put into messages, they may be report text.
class Reader {
 public:
  Reader(const nlohmann::json& object, std::string where)
      : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) fail("is not an object");
  }
  const nlohmann::json* find(const char* key) const {
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  template <class T>
  void read(const char* key, T& value) const {
    const nlohmann::json* member = find(key);
    if (!member) return;
    try {
      value = get<T>(*member);
    } catch (const std::exception&) {
      fail(std::string(key) + ": wrong type or value (" + member->type_name() + ")");
    }
  }
  const nlohmann::json* array(const char* key) const {
    const nlohmann::json* member = find(key);
    if (member && !member->is_array()) fail(std::string(key) + " is not an array");
    return member;
  }
  std::string at(const char* key, size_t index) const {
    return where_ + ": " + key + "[" + std::to_string(index) + "]";
  }
  std::string at(const char* key) const { return where_ + ": " + key; }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kData, where_ + ": " + what, "see the predictions format in the README");
  }

 private:
  template <class T>
  static T get(const nlohmann::json& member) {
    if constexpr (std::is_same_v<T, size_t>) {
      if (!member.is_number_integer() || member.template get<int64_t>() < 0)
        throw std::range_error("");
      return member.template get<size_t>();
    } else {
      return member.get<T>();
    }
  }
  const nlohmann::json& object_;
  std::string where_;
};

Box box_from(const nlohmann::json& object, const std::string& where) {
  Reader reader(object, where);
  Box box;
  reader.read("x", box.x);
  reader.read("y", box.y);
  reader.read("w", box.w);
  reader.read("h", box.h);
  return box;
}

DraftSentence sentence_from(const nlohmann::json& object, const std::string& where) {
  Reader reader(object, where);
  DraftSentence s;
  reader.read("text", s.text);
  reader.read("begin", s.begin);
  reader.read("end", s.end);
  reader.read("grounded", s.is_grounded);
  // Files from before there were two kinds only say whether a sentence is grounded.
  std::string kind = region_kind_name(s.is_grounded ? RegionKind::kEvidence : RegionKind::kNone);
  reader.read("region", kind);
  try {
    s.region = region_kind_from_name(kind);
  } catch (const Error& error) {
    reader.fail(error.what());
  }
  s.is_grounded = s.region == RegionKind::kEvidence;
  reader.read("reason", s.no_region_reason);
  reader.read("anatomy", s.anatomies);
  reader.read("unsupported", s.is_unsupported);
  reader.read("unsupported_size", s.has_unsupported_size);
  if (reader.find("verified") != nullptr) {
    bool is_verified = false;
    reader.read("verified", is_verified);
    s.is_verified = is_verified;
  }
  reader.read("score", s.score);
  reader.read("confidence", s.confidence);
  reader.read("entropy", s.entropy);
  for (const auto& [key, value] :
       {std::pair{"stability", &s.stability}, std::pair{"side_stability", &s.side_stability}}) {
    if (reader.find(key) == nullptr) continue;
    double share = 0;
    reader.read(key, share);
    *value = share;
  }
  reader.read("map", s.map_file);
  reader.read("map_scale", s.map_scale);
  if (const nlohmann::json* boxes = reader.array("boxes")) {
    for (size_t i = 0; i < boxes->size(); ++i) {
      s.boxes.push_back(box_from((*boxes)[i], reader.at("boxes", i)));
    }
  }
  return s;
}

Mention mention_from(const nlohmann::json& object, const std::string& where) {
  Reader reader(object, where);
  Mention m;
  std::string finding, side, assertion = "positive", severity;
  reader.read("finding", finding);
  reader.read("side", side);
  reader.read("certainty", assertion);
  reader.read("severity", severity);
  const auto known = finding_from_name(finding);
  if (!known) reader.fail("'finding' is none of the 14 names");
  m.finding = *known;
  try {
    m.side = side_from_name(side);
    m.assertion = assertion_from_name(assertion);
    m.severity = severity_from_name(severity);
  } catch (const Error& error) {
    reader.fail(error.what());
  }
  reader.read("begin", m.begin);
  reader.read("end", m.end);
  reader.read("sentence", m.sentence);
  if (reader.find("size_mm")) {
    double size_mm = 0;
    reader.read("size_mm", size_mm);
    m.size_mm = size_mm;
  }
  return m;
}

Labels labels_from(const nlohmann::json& object, const std::string& where) {
  Reader reader(object, where);
  Labels labels;
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    const auto finding = finding_from_name(name);
    if (!finding) reader.fail("'" + name.substr(0, 40) + "' is none of the 14 names");
    if (!value.is_number() || std::abs(value.get<double>()) > 1 ||
        value.get<double>() != std::floor(value.get<double>())) {
      reader.fail(name + ": expected 1, 0 or -1");
    }
    labels[*finding] = static_cast<int>(value.get<double>());
  }
  return labels;
}

const std::array<std::string, 3> kRegionKinds{"none", "evidence", "examined"};

}  // namespace

const std::string& region_kind_name(RegionKind kind) {
  return kRegionKinds.at(static_cast<size_t>(kind));
}

RegionKind region_kind_from_name(const std::string& name) {
  for (size_t i = 0; i < kRegionKinds.size(); ++i) {
    if (kRegionKinds[i] == name) return static_cast<RegionKind>(i);
  }
  throw Error(ErrorCode::kData, "'region' is none of none, evidence and examined");
}

std::string Draft::text() const { return findings + "\n" + impression; }

ordered_json draft_to_json(const Draft& d) {
  ordered_json out{{"study_id", d.study_id}, {"status", d.status}};
  if (!d.reason.empty()) out["reason"] = d.reason;
  if (!d.warnings.empty()) out["warnings"] = d.warnings;
  out["findings"] = d.findings;
  out["impression"] = d.impression;
  out["confidence"] = number(d.confidence);
  out["image_id"] = d.image_id;
  out["map_box"] = box_json(d.map_box);
  out["sentences"] = ordered_json::array();
  for (const DraftSentence& s : d.sentences) out["sentences"].push_back(sentence_json(s));
  out["mentions"] = ordered_json::array();
  for (const Mention& m : d.mentions) out["mentions"].push_back(mention_json(m));
  out["labels"] = ordered_json::object();
  for (const auto& [finding, value] : d.labels) out["labels"][finding_name(finding)] = value;
  out["timing_ms"] = ordered_json::object();
  for (const char* key : {"load", "encode", "decode", "verify", "post"}) {  // the order of the work
    if (const auto it = d.timing_ms.find(key);
        it != d.timing_ms.end() && std::isfinite(it->second)) {
      out["timing_ms"][key] = it->second;
    }
  }
  for (const auto& [key, ms] : d.timing_ms) {
    if (std::isfinite(ms)) out["timing_ms"][key] = ms;
  }
  out["model"] = {{"version", d.model_version}, {"sha256", d.model_sha256}};
  return out;
}

Draft draft_from_json(const nlohmann::json& object, const std::string& where) {
  Reader reader(object, where);
  Draft d;
  if (const nlohmann::json* id = reader.find("study_id"); id && id->is_number_integer()) {
    d.study_id = id->dump();  // strangers write MIMIC's ids as numbers
  } else {
    reader.read("study_id", d.study_id);
  }
  if (d.study_id.empty()) reader.fail("no 'study_id'");
  reader.read("status", d.status);
  reader.read("reason", d.reason);
  reader.read("warnings", d.warnings);
  const bool has_sections = reader.find("findings") || reader.find("impression");
  reader.read("findings", d.findings);
  reader.read("impression", d.impression);
  if (!has_sections) reader.read("text", d.findings);
  if (!has_sections && !reader.find("text") && d.status != "not_reportable") {
    reader.fail("no text: expected 'findings', 'impression' or 'text'");
  }
  reader.read("confidence", d.confidence);
  reader.read("image_id", d.image_id);
  if (const nlohmann::json* box = reader.find("map_box"))
    d.map_box = box_from(*box, reader.at("map_box"));
  if (const nlohmann::json* sentences = reader.array("sentences")) {
    for (size_t i = 0; i < sentences->size(); ++i) {
      d.sentences.push_back(sentence_from((*sentences)[i], reader.at("sentences", i)));
    }
  }
  if (const nlohmann::json* mentions = reader.array("mentions")) {
    for (size_t i = 0; i < mentions->size(); ++i) {
      d.mentions.push_back(mention_from((*mentions)[i], reader.at("mentions", i)));
    }
  }
  if (const nlohmann::json* labels = reader.find("labels"))
    d.labels = labels_from(*labels, reader.at("labels"));
  reader.read("timing_ms", d.timing_ms);
  if (const nlohmann::json* model = reader.find("model")) {
    Reader of_model(*model, reader.at("model"));
    of_model.read("version", d.model_version);
    of_model.read("sha256", d.model_sha256);
  }
  return d;
}

}  // namespace radgen
