// Agreement of the labeler with published labels. It is no port of CheXpert's code: only its
// aggregation is matched exactly, labels are measured and held above floors that were reached.
#include <gtest/gtest.h>

#include <map>

#include "radgen/report/labeler.h"
#include "report/reference_cases.h"

namespace radgen {
namespace {

const Labeler& labeler() {
  static const Labeler one;
  return one;
}

// Counts of one finding: found and right, found and wrong, missed.
struct Agreement {
  int right = 0, wrong = 0, missed = 0;
  void add(bool is_found, bool is_true) {
    right += is_found && is_true;
    wrong += is_found && !is_true;
    missed += !is_found && is_true;
  }
  double precision() const { return right + wrong ? double(right) / (right + wrong) : 1; }
  double recall() const { return right + missed ? double(right) / (right + missed) : 1; }
  double f1() const { return right ? 2.0 * right / (2.0 * right + wrong + missed) : 0; }
};

double print_and_micro_f1(const char* title, const std::map<std::string, Agreement>& per_finding) {
  Agreement all;
  std::printf("%s\n", title);
  for (const auto& [name, a] : per_finding) {
    std::printf("  %-28s P %.3f R %.3f F1 %.3f (n %d)\n", name.c_str(), a.precision(), a.recall(),
                a.f1(), a.right + a.missed);
    all.right += a.right;
    all.wrong += a.wrong;
    all.missed += a.missed;
  }
  std::printf("  %-28s P %.3f R %.3f F1 %.3f (n %d)\n", "micro", all.precision(), all.recall(),
              all.f1(), all.right + all.missed);
  return all.f1();
}

std::string report_text(const nlohmann::json& input) {
  return input.value("findings", std::string()) + "\n" + input.value("impression", std::string());
}

bool is_abnormal(const Labels& labels, Finding finding) {
  const auto it = labels.find(finding);
  return it != labels.end() && it->second != 0;
}

TEST(LabelerReference, AggregationMatchesChexpert) {
  const auto files = reference_files("chexpert_aggregate");
  if (files.empty()) GTEST_SKIP() << "no chexpert_aggregate*.json in the reference folder";
  for (const fs::path& file : files) {
    const auto golden = read_json(file);
    const auto names = golden.at("categories").get<std::vector<std::string>>();
    for (const auto& one : golden.at("cases")) {
      std::vector<Mention> mentions;
      bool is_possible = true;  // no text calls a device "heart failure"
      for (const auto& entry : one.at("input")) {
        Mention m;
        m.finding = *finding_from_name(entry.at(0).get<std::string>());
        // A mention with both flags counts as negative.
        const int label = entry.at(1).is_string() ? 0 : entry.at(1).get<int>();
        m.certainty = label == 1   ? Certainty::kPositive
                      : label == 0 ? Certainty::kNegative
                                   : Certainty::kUncertain;
        mentions.push_back(m);
        const std::string words = entry.at(2);
        is_possible = is_possible && (m.finding != Finding::kSupportDevices || words == "x" ||
                                      words == "picc" || m.certainty == Certainty::kNegative);
        const bool implies_heart =
            words == "chf" || words == "heart failure";  // mentions() adds this one itself
        if (implies_heart && m.certainty != Certainty::kNegative &&
            m.finding != Finding::kNoFinding) {
          m.finding = Finding::kCardiomegaly;
          m.certainty = Certainty::kUncertain;
          mentions.push_back(m);
        }
      }
      Labels expected;
      for (size_t i = 0; i < names.size(); ++i) {
        if (!one.at("expected").at(i).is_null())
          expected[*finding_from_name(names[i])] = one.at("expected").at(i);
      }
      if (is_possible) {
        EXPECT_EQ(Labeler::aggregate(mentions), expected) << one.at("id");
      }
    }
  }
}

TEST(LabelerReference, AgreesWithPublishedChexpertLabels) {
  const auto files = reference_files("chexpert_labels_official");
  if (files.empty()) GTEST_SKIP() << "no chexpert_labels_official*.json in the reference folder";
  int same = 0, total = 0;
  for (const fs::path& file : files) {
    const auto golden = read_json(file);
    for (const auto& one : golden.at("cases")) {
      const Labels labels = labeler().labels(one.at("input"));
      for (Finding finding : all_findings()) {
        const auto& value = one.at("expected").at(finding_name(finding));
        const auto it = labels.find(finding);
        const bool is_same = value.is_null() ? it == labels.end()
                                             : it != labels.end() && it->second == value.get<int>();
        same += is_same;
        ++total;
        if (!is_same)
          std::printf("  differs: %s %s\n", one.at("id").dump().c_str(),
                      finding_name(finding).c_str());
      }
    }
  }
  std::printf("the same label: %d of %d\n", same, total);
  EXPECT_GE(same, 0.93 * total);
}

// Gold: NIH's classes from MeSH terms that indexers gave; ours are compared where the classes mean
// the same.
TEST(LabelerReference, AgreesWithIndexedFindings) {
  const auto files = reference_files("iu_xray_gold_labels");
  if (files.empty()) GTEST_SKIP() << "no iu_xray_gold_labels*.json in the reference folder";
  std::map<std::string, Agreement> gold, neural;
  for (const fs::path& file : files) {
    const auto golden = read_json(file);
    for (const auto& one : golden.at("cases")) {
      const Labels labels = labeler().labels(report_text(one.at("input")));
      const auto& truth = one.at("expected").at("negbio_gold14");
      const std::map<std::string, std::vector<Finding>> comparable{
          {"Atelectasis", {Finding::kAtelectasis}},
          {"Cardiomegaly", {Finding::kCardiomegaly}},
          {"Effusion", {Finding::kPleuralEffusion}},
          {"Pneumothorax", {Finding::kPneumothorax}},
          {"Edema", {Finding::kEdema}},
          {"Consolidation", {Finding::kConsolidation}},
          {"Pneumonia", {Finding::kPneumonia}}};
      for (const auto& [name, findings] : comparable) {
        bool is_found = false;
        for (Finding finding : findings) {
          const auto it = labels.find(finding);
          is_found = is_found || (it != labels.end() && it->second == 1);
        }
        gold[name].add(is_found, truth.at(name).get<int>() == 1);
      }
      if (!one.contains("weak_chexbert_binary")) continue;
      const auto& other = one.at("weak_chexbert_binary");
      const Labels of_findings = labeler().labels(other.at("text"));
      for (Finding finding : all_findings()) {
        const auto& label = other.at("labels").at(finding_name(finding));
        const bool is_true =
            label.is_boolean() ? label.get<bool>() : !label.is_null() && label.get<int>() != 0;
        neural[finding_name(finding)].add(is_abnormal(of_findings, finding), is_true);
      }
    }
  }
  EXPECT_GE(print_and_micro_f1("against indexed findings (positive only)", gold), 0.83);
  // A model's output with inferred columns is no truth: printed, not judged.
  print_and_micro_f1("against a neural labeler (positive or uncertain)", neural);
}

}  // namespace
}  // namespace radgen
