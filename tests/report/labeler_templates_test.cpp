// Structured reports: "finding: what is said of it".
#include <gtest/gtest.h>

#include "radgen/report/text.h"
#include "report/one_labeler.h"

namespace radgen {
namespace {

// The label of a finding in a text; nothing where the text does not name it.
std::optional<int> label(const std::string& text, Finding finding) {
  const Labels labels = labeler().labels(text);
  const auto it = labels.find(finding);
  return it == labels.end() ? std::nullopt : std::optional(it->second);
}

TEST(LabelerTemplates, DenyByWhatStandsBehindTheColon) {
  for (const char* text : {"Pneumothorax: None.",
                           "Pneumothorax: No.",
                           "Pneumothorax: Absent.",
                           "Pneumothorax: negative",
                           "PNEUMOTHORAX:NONE",
                           "Pneumothorax: not seen",
                           "Pneumothorax: none seen.",
                           "Pneumothorax - none",
                           "Pneumothorax \u2013 nil",
                           "Pneumothorax = no",
                           "Pneumothorax: (none)",
                           "Pneumothorax: No evidence of pneumothorax.",
                           "Pneumothorax: there is none",
                           "Pneumothorax: Resolved.",
                           "Pneumothorax? None.",
                           "Is there a pneumothorax? No.",
                           "2. Pneumothorax: none",
                           "\u2022 Pneumothorax: none",
                           "Left pneumothorax: ruled out.",
                           "Effusion/pneumothorax: none.",
                           "Effusion, pneumothorax: Absent.",
                           "Pneumothorax:\nNone.",
                           "Negative for: effusion, pneumothorax",
                           "Pneumothorax: unlikely"}) {
    EXPECT_EQ(label(text, Finding::kPneumothorax), 0) << text;
  }
}

TEST(LabelerTemplates, AffirmByAnythingElse) {
  for (const char* text :
       {"Pleural effusion: small, left.", "Pleural effusion: Yes.", "Pleural effusion: present",
        "Pleural effusion: bilateral", "Pleural effusion: no change.", "Pleural effusion - small",
        "Pneumothorax: none. Pleural effusion: small.",
        "Pneumothorax: none, pleural effusion: small",
        "Pleural effusion: increased; pneumothorax: none"}) {
    EXPECT_EQ(label(text, Finding::kPleuralEffusion), 1) << text;
  }
  EXPECT_EQ(label("Effusion: none, pneumothorax: small", Finding::kPneumothorax), 1);
  const auto mentions = labeler().mentions("Pleural effusion: small, left.");
  ASSERT_EQ(mentions.size(), 1u);
  EXPECT_EQ(mentions[0].side, Side::kLeft);
  EXPECT_EQ(mentions[0].severity, Severity::kSubtle);
}

TEST(LabelerTemplates, HedgeOrSayNothing) {
  EXPECT_EQ(label("Pneumonia: possible, left base", Finding::kPneumonia), -1);
  EXPECT_EQ(label("Pneumonia: cannot be excluded", Finding::kPneumonia), -1);
  EXPECT_EQ(label("Pneumonia: not assessed", Finding::kPneumonia), std::nullopt);
  EXPECT_EQ(label("Pneumonia: n/a", Finding::kPneumonia), std::nullopt);
}

TEST(LabelerTemplates, GiveOrgansTheirState) {
  EXPECT_EQ(label("Heart: Enlarged.", Finding::kCardiomegaly), 1);
  EXPECT_EQ(label("Heart size: Normal. Mediastinum: Widened.", Finding::kCardiomegaly), 0);
  EXPECT_EQ(label("Heart size: Normal. Mediastinum: Widened.", Finding::kEnlargedCardiomediastinum),
            1);
  EXPECT_EQ(label("Enlarged heart: no", Finding::kCardiomegaly), 0);
  EXPECT_EQ(label("CARDIAC SILHOUETTE - BORDERLINE", Finding::kCardiomegaly), -1);
}

TEST(LabelerTemplates, LeaveHeadingsAndProseAsTheyWere) {
  EXPECT_EQ(label("Lines and tubes: Endotracheal tube in place.", Finding::kSupportDevices), 1);
  EXPECT_EQ(label("Support devices: the tube was removed", Finding::kSupportDevices), 0);
  EXPECT_EQ(label("Small left effusion: no pneumothorax.", Finding::kPleuralEffusion), 1);
  EXPECT_EQ(label("Impression: effusion.", Finding::kPleuralEffusion), 1);
}

TEST(LabelerTemplates, StandInTheirSection) {
  const std::string report =
      "FINDINGS:\nLUNGS: No consolidation.\nPLEURA: Effusion: none. Pneumothorax: small.\n"
      "HEART: Enlarged.\n\nIMPRESSION:\nAs above.";
  const std::string text = labelled_text(report, LabelledPart::kReport);
  EXPECT_EQ(label(text, Finding::kConsolidation), 0);
  EXPECT_EQ(label(text, Finding::kPleuralEffusion), 0);
  EXPECT_EQ(label(text, Finding::kPneumothorax), 1);
  EXPECT_EQ(label(text, Finding::kCardiomegaly), 1);
}

TEST(LabelerTerms, KnowTheAbbreviationsOfWetReads) {
  EXPECT_EQ(label("Small R apical PTX.", Finding::kPneumothorax), 1);
  EXPECT_EQ(label("RLL PNA.", Finding::kPneumonia), 1);
  EXPECT_EQ(label("Mild CHF, no PTX.", Finding::kPneumothorax), 0);
  EXPECT_EQ(label("ETT and NGT in place.", Finding::kSupportDevices), 1);
  EXPECT_EQ(label("Effusion w/o ptx", Finding::kPneumothorax), 0);
  EXPECT_EQ(label("Neg for pna", Finding::kPneumonia), 0);
}

TEST(LabelerTerms, ReadASlashAsOr) {
  for (const auto& [slash, plain] : std::vector<std::pair<std::string, std::string>>{
           {"Edema/pneumonia at both bases.", "Edema or pneumonia at both bases."},
           {"No effusion/pneumothorax.", "No effusion or pneumothorax."},
           {"No consolidation and/or effusion.", "No consolidation or effusion."},
           {"Atelectasis/scarring.", "Atelectasis or scarring."}}) {
    EXPECT_EQ(labeler().labels(slash), labeler().labels(plain)) << slash;
  }
}

}  // namespace
}  // namespace radgen
