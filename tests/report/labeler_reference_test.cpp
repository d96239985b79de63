// Agreement of the labeler with published labels. It is no port of CheXpert's code: only its
// aggregation is matched exactly, labels are measured and held above floors that were reached.
#include <gtest/gtest.h>

#include "radgen/report/labeler.h"
#include "radgen/report/labeler_agreement.h"
#include "report/one_labeler.h"
#include "report/reference_cases.h"

namespace radgen {
namespace {

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
        m.assertion = label == 1   ? Assertion::kPositive
                      : label == 0 ? Assertion::kNegative
                                   : Assertion::kUncertain;
        mentions.push_back(m);
        const std::string words = entry.at(2);
        is_possible = is_possible && (m.finding != Finding::kSupportDevices || words == "x" ||
                                      words == "picc" || m.assertion == Assertion::kNegative);
        const bool implies_heart =
            words == "chf" || words == "heart failure";  // mentions() adds this one itself
        if (implies_heart && m.assertion != Assertion::kNegative &&
            m.finding != Finding::kNoFinding) {
          m.finding = Finding::kCardiomegaly;
          m.assertion = Assertion::kUncertain;
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

// Gold: NIH's classes from MeSH terms that indexers gave, compared where the classes mean the same.
TEST(LabelerReference, AgreesWithIndexedFindingsBetterThanAPlainBaseline) {
  const auto files = reference_files("iu_xray_gold_labels");
  if (files.empty()) GTEST_SKIP() << "no iu_xray_gold_labels*.json in the reference folder";
  for (const fs::path& file : files) {
    const auto gold = gold_reports_from_json(read_json(file), file.string());
    ASSERT_FALSE(gold.empty());
    const GoldAgreement agreement = compare_with_gold(labeler(), gold);
    std::printf("%s", agreement_text(agreement).c_str());
    EXPECT_GE(agreement.ours.micro.f1(), 0.88);
    EXPECT_GE(agreement.ours.macro_f1, 0.80);
    EXPECT_GE(agreement.ours.micro.f1(), agreement.baseline.micro.f1() + 0.05);
  }
}

TEST(LabelerReference, NamesTheSameSpansAsChexpert) {
  const auto files = reference_files("chexpert_mentions");
  if (files.empty()) GTEST_SKIP() << "no chexpert_mentions*.json in the reference folder";
  for (const fs::path& file : files) {
    const auto texts = span_texts_from_json(read_json(file), file.string());
    ASSERT_FALSE(texts.empty());
    const SpanAgreement agreement = compare_spans(labeler(), texts, false);
    std::printf("%s", agreement_text(agreement, 12).c_str());
    EXPECT_GE(agreement.f1(), 0.95);
    // With the abnormalities outside the 13, of which our list is another one.
    const SpanAgreement all = compare_spans(labeler(), texts, true);
    EXPECT_GE(all.f1(), 0.94);
    EXPECT_GE(all.f1_of_words(), 0.95);
  }
}

// A model's output with inferred columns is no truth: printed, not judged.
TEST(LabelerReference, IsPrintedBesideANeuralLabeler) {
  const auto files = reference_files("iu_xray_gold_labels");
  if (files.empty()) GTEST_SKIP() << "no iu_xray_gold_labels*.json in the reference folder";
  Agreement all;
  for (const fs::path& file : files) {
    const auto golden = read_json(file);
    for (const auto& one : golden.at("cases")) {
      if (!one.contains("weak_chexbert_binary")) continue;
      const auto& other = one.at("weak_chexbert_binary");
      const Labels ours = labeler().labels(other.at("text"));
      for (Finding finding : all_findings()) {
        const auto& label = other.at("labels").at(finding_name(finding));
        const bool is_true =
            label.is_boolean() ? label.get<bool>() : !label.is_null() && label.get<int>() != 0;
        all.add(is_abnormal(ours, finding), is_true);
      }
    }
  }
  std::printf("positive or uncertain, 14 classes: P %.3f R %.3f F1 %.3f\n", all.precision(),
              all.recall(), all.f1());
  EXPECT_GT(all.right, 0);
}

}  // namespace
}  // namespace radgen
