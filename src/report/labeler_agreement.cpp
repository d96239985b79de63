#include "radgen/report/labeler_agreement.h"

#include <algorithm>
#include <array>
#include <optional>

#include "radgen/core/error.h"
#include "radgen/core/parallel.h"
#include "radgen/report/text.h"
#include "report/characters.h"
#include "report/lexicon.h"

namespace radgen {
namespace {

struct MappedClass {
  const char* name;
  Finding finding;
  bool is_same;
};
// ChestX-ray14 (Wang et al. 2017) to CheXpert. An infiltration is an opacity, but not the reverse.
constexpr std::array<MappedClass, 6> kNihClasses{
    {{"Effusion", Finding::kPleuralEffusion, true},
     {"Infiltration", Finding::kLungOpacity, false},
     {"Mass", Finding::kLungLesion, false},
     {"Nodule", Finding::kLungLesion, false},
     {"Pleural_Thickening", Finding::kPleuralOther, false},
     {"Fibrosis", Finding::kPleuralOther, false}}};

std::optional<ClassAgreement> class_of(const std::string& name) {
  for (const MappedClass& mapped : kNihClasses) {
    if (name == mapped.name) return ClassAgreement{name, mapped.finding, mapped.is_same, {}, {}};
  }
  const auto finding = finding_from_name(name);
  if (!finding || *finding == Finding::kNoFinding) return std::nullopt;
  return ClassAgreement{name, *finding, true, {}, {}};
}

AgreementSummary summary(const std::vector<ClassAgreement>& classes,
                         Agreement ClassAgreement::*which) {
  AgreementSummary out;
  int count = 0;
  for (const ClassAgreement& one : classes) {
    const Agreement& agreement = one.*which;
    if (!one.is_same) continue;
    out.micro += agreement;
    if (agreement.right + agreement.missed == 0) continue;
    out.macro_f1 += agreement.f1();
    ++count;
  }
  if (count > 0) out.macro_f1 /= count;
  return out;
}

// The first words that anyone would search for.
const PhraseMatcher& keywords() {
  static const PhraseMatcher matcher = [] {
    PhraseMatcher out;
    const auto add = [&](Finding finding, std::initializer_list<const char*> phrases) {
      for (const char* phrase : phrases) out.add(std::string(phrase), static_cast<int>(finding));
    };
    add(Finding::kAtelectasis, {"atelecta*"});
    add(Finding::kCardiomegaly, {"cardiomegaly", "enlarged heart", "cardiac enlargement",
                                 "heart is enlarged", "heart size is enlarged"});
    add(Finding::kConsolidation, {"consolidat*"});
    add(Finding::kEdema, {"edema"});
    add(Finding::kEnlargedCardiomediastinum, {"widened mediastinum", "mediastinal widening"});
    add(Finding::kFracture, {"fractur*"});
    add(Finding::kLungLesion, {"mass", "masses", "nodul*"});
    add(Finding::kLungOpacity, {"opacit*", "infiltrat*"});
    add(Finding::kPleuralEffusion, {"effusion*"});
    add(Finding::kPleuralOther, {"pleural thickening"});
    add(Finding::kPneumonia, {"pneumonia*"});
    add(Finding::kPneumothorax, {"pneumothora*"});
    add(Finding::kSupportDevices, {"tube*", "catheter*", "line", "lines", "pacemaker*", "picc"});
    return out;
  }();
  return matcher;
}

const PhraseMatcher& plain_negations() {
  static const PhraseMatcher matcher = [] {
    PhraseMatcher out;
    for (const char* phrase :
         {"no", "not", "without", "free of", "negative for", "clear of", "resolved"}) {
      out.add(std::string(phrase), 0);
    }
    return out;
  }();
  return matcher;
}

std::string input_text(const nlohmann::json& input) {
  if (input.is_string()) return input.get<std::string>();
  return input.value("findings", std::string()) + "\n" + input.value("impression", std::string());
}

template <class Read>
void for_each_case(const nlohmann::json& json, const std::string& where, const Read& read) {
  if (!json.is_object() || !json.contains("cases") || !json["cases"].is_array()) {
    throw Error(ErrorCode::kData, where + ": no list 'cases'",
                "expected {\"cases\": [{\"id\", \"input\", \"expected\"}, ...]}");
  }
  size_t number = 0;
  for (const auto& one : json["cases"]) {
    ++number;
    try {
      const std::string id = one.contains("id") && one["id"].is_string()
                                 ? one["id"].get<std::string>()
                                 : std::to_string(number);
      read(id, one.at("input"), one.at("expected"));
    } catch (const nlohmann::json::exception& e) {
      throw Error(ErrorCode::kData,
                  where + ": case " + std::to_string(number) + " cannot be read: " + e.what(),
                  "expected \"id\", \"input\" and \"expected\"");
    }
  }
}

bool overlap(size_t begin_a, size_t end_a, size_t begin_b, size_t end_b) {
  return begin_a < end_b && begin_b < end_a;
}

std::string around(const std::string& text, size_t begin, size_t end) {
  constexpr size_t kContext = 20;
  const size_t from = begin > kContext ? begin - kContext : 0;
  return text.substr(from, std::min(text.size(), end + kContext) - from);
}

}  // namespace

void Agreement::add(bool is_found, bool is_true) {
  right += is_found && is_true;
  wrong += is_found && !is_true;
  missed += !is_found && is_true;
}
Agreement& Agreement::operator+=(const Agreement& other) {
  right += other.right;
  wrong += other.wrong;
  missed += other.missed;
  return *this;
}
double Agreement::precision() const {
  return right + wrong > 0 ? static_cast<double>(right) / static_cast<double>(right + wrong) : 1;
}
double Agreement::recall() const {
  return right + missed > 0 ? static_cast<double>(right) / static_cast<double>(right + missed) : 1;
}
double Agreement::f1() const {
  return right > 0
             ? 2.0 * static_cast<double>(right) / static_cast<double>(2 * right + wrong + missed)
             : 0;
}

bool keyword_baseline(const std::string& text, Finding finding) {
  const std::string lower = lower_case(text);
  for (const Span& sentence : split_sentences(text)) {
    const auto words = split_words(lower, sentence.begin, sentence.end);
    for (size_t i = 0; i < words.size(); ++i) {
      if (plain_negations().match(words, i, words.size()).length > 0) break;
      for (int value : keywords().match(words, i, words.size()).values) {
        if (value == static_cast<int>(finding)) return true;
      }
    }
  }
  return false;
}

GoldAgreement compare_with_gold(const Labeler& labeler, const std::vector<GoldReport>& gold) {
  GoldAgreement out;
  out.reports = gold.size();
  std::map<std::string, ClassAgreement> classes;
  for (const GoldReport& report : gold) {
    for (const auto& [name, label] : report.labels) {
      if (classes.count(name) > 0) continue;
      if (auto one = class_of(name)) classes.emplace(name, *one);
    }
  }
  std::vector<Labels> labels(gold.size());
  parallel_for(gold.size(), 0, [&](size_t i) { labels[i] = labeler.labels(gold[i].text); });
  for (size_t i = 0; i < gold.size(); ++i) {
    for (const auto& [name, label] : gold[i].labels) {
      const auto one = classes.find(name);
      if (one == classes.end()) continue;
      const auto found = labels[i].find(one->second.finding);
      one->second.ours.add(found != labels[i].end() && found->second == 1, label == 1);
      one->second.baseline.add(keyword_baseline(gold[i].text, one->second.finding), label == 1);
    }
  }
  for (const auto& [name, one] : classes) out.classes.push_back(one);
  out.ours = summary(out.classes, &ClassAgreement::ours);
  out.baseline = summary(out.classes, &ClassAgreement::baseline);
  return out;
}

namespace {

double f1_of(int64_t ours_matched, int64_t ours, int64_t theirs_matched, int64_t theirs) {
  const double p = ours > 0 ? static_cast<double>(ours_matched) / static_cast<double>(ours) : 1;
  const double r =
      theirs > 0 ? static_cast<double>(theirs_matched) / static_cast<double>(theirs) : 1;
  return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

bool is_inside_word(const std::string& text, size_t begin, size_t end) {
  const auto joins = [&](size_t i) { return is_word(text[i - 1]) && is_word(text[i]); };
  return (begin > 0 && begin < text.size() && joins(begin)) ||
         (end > 0 && end < text.size() && joins(end));
}

}  // namespace

double SpanAgreement::f1() const { return f1_of(ours_matched, ours, theirs_matched, theirs); }
double SpanAgreement::f1_of_words() const {
  return f1_of(ours_matched, ours, theirs_matched, theirs - theirs_inside_words);
}

SpanAgreement compare_spans(const Labeler& labeler, const std::vector<SpanText>& texts,
                            bool with_others) {
  SpanAgreement out;
  for (const SpanText& one : texts) {
    const std::vector<Mention> names = labeler.names(one.text);
    const auto matches = [](const Mention& name, const GoldSpan& span) {
      return name.finding == span.finding && overlap(name.begin, name.end, span.begin, span.end);
    };
    const auto counts = [&](Finding finding) {
      return with_others || finding != Finding::kNoFinding;
    };
    for (const GoldSpan& span : one.spans) {
      if (!counts(span.finding)) continue;
      ++out.theirs;
      const bool is_matched = std::any_of(names.begin(), names.end(),
                                          [&](const Mention& name) { return matches(name, span); });
      out.theirs_matched += is_matched;
      if (is_matched) continue;
      const bool is_part = is_inside_word(one.text, span.begin, span.end);
      out.theirs_inside_words += is_part;
      out.differences.push_back(
          {one.id, around(one.text, span.begin, span.end), span.finding, true, is_part});
    }
    for (const Mention& name : names) {
      if (!counts(name.finding)) continue;
      ++out.ours;
      const bool is_matched =
          std::any_of(one.spans.begin(), one.spans.end(),
                      [&](const GoldSpan& span) { return matches(name, span); });
      out.ours_matched += is_matched;
      if (!is_matched) {
        out.differences.push_back(
            {one.id, around(one.text, name.begin, name.end), name.finding, false, false});
      }
    }
  }
  return out;
}

std::vector<GoldReport> gold_reports_from_json(const nlohmann::json& json,
                                               const std::string& where) {
  std::vector<GoldReport> out;
  for_each_case(json, where, [&](const std::string& id, const auto& input, const auto& expected) {
    if (!expected.is_object()) return;
    const char* key = expected.contains("labels") ? "labels" : "negbio_gold14";
    if (!expected.contains(key)) return;
    GoldReport report{id, input_text(input), {}};
    for (const auto& [name, value] : expected.at(key).items()) {
      if (!value.is_null()) report.labels[name] = value.template get<int>();
    }
    out.push_back(std::move(report));
  });
  return out;
}

std::vector<SpanText> span_texts_from_json(const nlohmann::json& json, const std::string& where) {
  std::vector<SpanText> out;
  for_each_case(json, where, [&](const std::string& id, const auto& input, const auto& expected) {
    if (!expected.is_object() || !expected.contains("mentions")) return;
    SpanText text{id, expected.value("passage_text", input_text(input)), {}};
    for (const auto& mention : expected.at("mentions")) {
      if (!mention.contains("observation")) return;
      const auto finding = finding_from_name(mention.at("observation").template get<std::string>());
      if (!finding) continue;
      const size_t end = mention.at("end").template get<size_t>();
      text.spans.push_back(
          {*finding, mention.at("start").template get<size_t>(), std::min(end, text.text.size())});
    }
    out.push_back(std::move(text));
  });
  return out;
}

}  // namespace radgen
