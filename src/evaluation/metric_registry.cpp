#include "radgen/evaluation/metric_registry.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "evaluation/registry/rows.h"
#include "radgen/core/error.h"

namespace radgen::evaluation {
namespace {

constexpr const char* kTokens =
    "scoring tokens: lower case, punctuation split off, decimals kept; text: findings, newline, "
    "impression";
constexpr std::string_view kExaminedGroup = "grounding.examined.";

std::string_view last_part(std::string_view path) {
  return path.substr(path.find_last_of('.') + 1);  // npos + 1 is 0
}

bool has_own_tokens(std::string_view name) {
  return name.starts_with("meteor_15") || name == "bleu_4_r2gen" || name == "bleu_4_ptb" ||
         name == "bleu_4_raw";
}

bool counts_misses(std::string_view name) {
  return (name.starts_with("iou") && name != "iou_shown" && name != "iou_pooled") ||
         name == "pointing" || name == "pointing_micro" || name == "mass" || name == "mass_micro";
}

bool strip_suffix(std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.resize(name.size() - suffix.size());
  return true;
}

// "f1_<average>[_<classes>][_<policy>]": put together from its parts.
std::string f1_definition(const MetricRegistry& registry, std::string name) {
  if (!name.starts_with("f1_")) return "";
  std::string policy = "uncertain as positive", classes = "13 classes without No Finding";
  if (strip_suffix(name, "_uncertain_negative")) {
    policy = "uncertain as negative";
  } else if (strip_suffix(name, "_uncertain_class")) {
    policy = "positive and uncertain as two classes of each finding";
  }
  if (strip_suffix(name, "_14")) classes = "14 classes with No Finding";
  if (strip_suffix(name, "_5")) classes = "CheXpert's five competition classes";
  const MetricRow* row = registry.find("clinical." + name);
  if (row == nullptr || name.ends_with("_truth")) return "";
  return "rules-labeler F1: our rules labeler on both texts, " + policy + ", " + classes + ", " +
         row->definition;
}

std::string skill_definition(const std::string& path) {
  const bool is_spread = path.find("skill_spread.") != std::string::npos;
  const bool is_of_maps =
      path.find(".iou") != std::string::npos || path.find(".pointing") != std::string::npos;
  return std::string(is_spread ? "mean, smallest and largest over n draws of the constant and the "
                                 "random report of "
                               : "") +
         "(model - best trivial baseline) / (" + (is_of_maps ? "1" : "oracle") +
         " - best trivial baseline), at most 1, of: ";
}

}  // namespace

const MetricRegistry& MetricRegistry::standard() {
  static const MetricRegistry registry = [] {
    MetricRegistry all;
    for (auto rows : {text_rows(), clinical_rows(), grounding_rows(), confidence_rows(),
                      consistency_rows(), check_rows()})
      for (MetricRow& row : rows) all.add(std::move(row));
    return all;
  }();
  return registry;
}

void MetricRegistry::add(MetricRow row) {
  const auto is_same = [&](const MetricRow& other) { return other.path == row.path; };
  if (row.path.empty() || row.definition.empty() || std::ranges::any_of(rows_, is_same))
    throw Error(ErrorCode::kUsage, "metric '" + row.path + "' has a row, or no path or definition",
                "one row a metric, with a definition");
  rows_.push_back(std::move(row));
}

const MetricRow* MetricRegistry::find(const std::string& path) const {
  std::string name(last_part(path));
  strip_suffix(name, "_phrase");
  const bool is_examined = path.find(kExaminedGroup) != std::string::npos;
  if (is_examined) strip_suffix(name, "_unusual");
  const auto row = std::ranges::find_if(rows_, [&](const MetricRow& other) {
    return last_part(other.path) == name && other.path.starts_with(kExaminedGroup) == is_examined;
  });
  return row == rows_.end() ? nullptr : &*row;
}

std::vector<std::string> MetricRegistry::shown_in(ShownIn place) const {
  std::vector<std::string> paths;
  for (const MetricRow& row : rows_) {
    if ((row.shown & place) == 0) continue;
    paths.push_back(row.path);
    if ((row.shown & kWithPhrase) != 0) paths.push_back(row.path + "_phrase");
  }
  return paths;
}

void MetricRegistry::set_one(const Counter& counter, const void* sums, const std::string& path,
                             MetricTable& table) {
  if (const auto value = counter.value(sums)) table.set(path, value->value, value->n);
}

std::string MetricRegistry::path_of(const MetricRow& row, const std::string& star) {
  std::string path = row.path;
  if (const size_t at = path.find('*'); at != std::string::npos) path.replace(at, 1, star);
  return path;
}

std::string MetricRegistry::finding_path(const MetricRow& row, const std::string& finding) {
  const size_t dot = row.path.find('.');
  return row.path.substr(0, dot) + ".per_finding." + finding + row.path.substr(dot);
}

std::string MetricRegistry::definition(const std::string& path) const {
  const std::string name(last_part(path));
  if (std::string f1 = f1_definition(*this, name); !f1.empty())
    return path.find("skill") == std::string::npos ? f1 : skill_definition(path) + f1;
  const MetricRow* row = find(path);
  if (row == nullptr) return "";
  if (path.find(kExaminedGroup) != std::string::npos)
    return name.ends_with("_unusual")
               ? row->definition + "; over films that are turned, badly inspired or cut off"
               : row->definition;
  std::string definition = row->definition;
  if (path.find("skill.") != std::string::npos || path.starts_with("skill_spread.")) {
    definition = skill_definition(path) + definition;
  }
  if (path.starts_with("baseline_spread."))
    definition += "; mean, smallest and largest of n draws of this baseline";
  if (path.find("text.") != std::string::npos && !has_own_tokens(name)) {
    definition += "; " + std::string(kTokens);
  }
  if (path.find("confidence.words.") != std::string::npos) {
    definition += "; event: a sentence that states findings, all right in finding and side";
  }
  if (path.find("confidence.grounding.") != std::string::npos) {
    definition +=
        "; event: the regions of a positive statement reach an IoU of at least .3 with the boxes "
        "of "
        "its finding and side; one of a finding that is not there is wrong";
  }
  if (path.find("confidence.phrase.") != std::string::npos) {
    definition +=
        "; event: the reference sentence is forced on the model and the regions of its map reach "
        "an IoU of at least .3 with the boxes";
  }
  if (const std::string protocol = metric_protocol(path); protocol == "phrase") {
    definition += "; the reference sentence teacher-forced, every boxed finding counts";
  } else if (!protocol.empty()) {
    definition += counts_misses(name)
                      ? "; generated report, a missed finding and a false positive count 0"
                      : "; generated report";
  }
  return definition;
}

std::string metric_definition(const std::string& path) {
  return MetricRegistry::standard().definition(path);
}

std::string metric_protocol(const std::string& path) {
  if (path.find("grounding.") == std::string::npos && !path.ends_with("_phrase")) {
    if (!path.ends_with("skill.iou") && !path.ends_with("skill.pointing")) return "";
  }
  if (path.find("confidence.") != std::string::npos) return "";
  if (path.find("grounding.examined.") != std::string::npos) return "end_to_end";
  return path.ends_with("_phrase") ? "phrase" : "end_to_end";
}

std::string undefined_reason(const std::string& path, const Metric& metric) {
  if (path.find("skill.") != std::string::npos) {
    return "the ceiling is not above the best trivial baseline";
  }
  return metric.n == 0 ? "there is no case to count" : "the studies leave it undefined";
}

}  // namespace radgen::evaluation
