#include "radgen/report/labeler.h"

#include <gtest/gtest.h>

#include <chrono>

#include "radgen/report/text.h"
#include "report/one_labeler.h"

namespace radgen {
namespace {

// "Pleural Effusion positive left subtle 14mm; ..." in order.
std::string told(const std::string& text) {
  std::string out;
  for (const Mention& m : labeler().mentions(text)) {
    if (!out.empty()) out += "; ";
    out += finding_name(m.finding) + " " + assertion_name(m.assertion);
    if (m.side != Side::kNone) out += " " + side_name(m.side);
    if (m.severity != Severity::kUnstated) out += " " + severity_name(m.severity);
    if (m.size_mm) out += " " + std::to_string(static_cast<int>(*m.size_mm)) + "mm";
  }
  return out;
}

TEST(LabelerNegation, ReachesOverListsAndEndsAtContrasts) {
  EXPECT_EQ(told("No effusion, pneumothorax or consolidation."),
            "Pleural Effusion negative; Pneumothorax negative; Consolidation negative");
  EXPECT_EQ(told("There is no pneumothorax but a small effusion."),
            "Pneumothorax negative; Pleural Effusion positive subtle");
  EXPECT_EQ(told("No pneumothorax, small left effusion."),
            "Pneumothorax negative; Pleural Effusion positive left subtle");
  EXPECT_EQ(told("Without evidence of fracture; nodule in the right apex."),
            "Fracture negative; Lung Lesion positive right");
  EXPECT_EQ(told("No focal opacity is seen to suggest pneumonia."),
            "Lung Opacity negative; Pneumonia negative");
}

TEST(LabelerNegation, WorksFromBehind) {
  EXPECT_EQ(told("The left pneumothorax has resolved."), "Pneumothorax negative left");
  EXPECT_EQ(told("Effusions and pneumothorax are not seen."),
            "Pleural Effusion negative; Pneumothorax negative");
  EXPECT_EQ(told("The effusion is small and the pneumothorax has resolved."),
            "Pleural Effusion positive subtle; Pneumothorax negative");
  EXPECT_EQ(told("Edema has nearly resolved."), "Edema positive");
  EXPECT_EQ(told("Interval removal of the endotracheal tube."), "Support Devices negative");
}

TEST(LabelerNegation, IsNotMadeByUnchanged) {
  EXPECT_EQ(told("No change in the right effusion."), "Pleural Effusion positive right");
  EXPECT_EQ(told("No significant interval change of moderate edema."), "Edema positive moderate");
}

TEST(LabelerUncertainty, IsHeardBeforeAndBehind) {
  for (const char* text :
       {"Possible pneumonia.", "Opacity... this may represent pneumonia.",
        "Pneumonia cannot be excluded.", "Findings concerning for pneumonia.",
        "Cannot exclude pneumonia.", "Pneumonia is possible.", "Findings suggestive of pneumonia.",
        "Likely pneumonia.", "Questionable pneumonia.", "Pneumonia is suspected."}) {
    const auto mentions = labeler().mentions(text);
    ASSERT_FALSE(mentions.empty()) << text;
    EXPECT_EQ(mentions.back().assertion, Assertion::kUncertain) << text;
  }
  EXPECT_EQ(told("Opacity which may reflect atelectasis or pneumonia."),
            "Lung Opacity positive; Atelectasis uncertain; Pneumonia uncertain");
  EXPECT_EQ(told("Possible edema, unchanged effusion."),
            "Edema uncertain; Pleural Effusion positive");
}

TEST(LabelerHeart, TakesItsStateFromTheSameClause) {
  EXPECT_EQ(told("Heart size is normal."), "Cardiomegaly negative");
  EXPECT_EQ(told("Heart size is top normal."), "Cardiomegaly uncertain");
  EXPECT_EQ(told("Borderline heart size."), "Cardiomegaly uncertain");
  EXPECT_EQ(told("The heart is mildly enlarged."), "Cardiomegaly positive subtle");
  EXPECT_EQ(told("The heart is not enlarged."), "Cardiomegaly negative");
  EXPECT_EQ(told("The cardiac silhouette is stable."), "Cardiomegaly uncertain");
  EXPECT_EQ(told("Unchanged enlargement of the heart."), "Cardiomegaly positive");
  EXPECT_EQ(told("Heart size and mediastinal contours are within normal limits."),
            "Cardiomegaly negative; Enlarged Cardiomediastinum negative");
  EXPECT_EQ(told("Normal heart size, widened mediastinum."),
            "Cardiomegaly negative; Enlarged Cardiomediastinum positive");
  EXPECT_EQ(told("The tube projects over the heart."), "Support Devices positive");
}

TEST(LabelerSides, AreTheNearestOfTheClause) {
  EXPECT_EQ(told("Left pneumothorax and right effusion."),
            "Pneumothorax positive left; Pleural Effusion positive right");
  EXPECT_EQ(told("Consolidation in the lingula, nodule in the right middle lobe."),
            "Consolidation positive left; Lung Lesion positive right");
  EXPECT_EQ(told("Small effusions, right greater than left."),
            "Pleural Effusion positive bilateral subtle");
  EXPECT_EQ(told("Consolidation of the right upper and left lower lobes."),
            "Consolidation positive bilateral");
  EXPECT_EQ(told("Bibasilar atelectasis."), "Atelectasis positive bilateral");
  EXPECT_EQ(told("Opacity obscures the right heart border."), "Lung Opacity positive");
}

TEST(LabelerSizes, AreInMillimetresAndNeverTipDistances) {
  EXPECT_EQ(told("A 1.4 cm nodule in the left upper lobe."), "Lung Lesion positive left 14mm");
  EXPECT_EQ(told("Right mass measuring 2 x 3.5 cm."), "Lung Lesion positive right 35mm");
  EXPECT_EQ(told("There is a 4mm nodule and moderate effusion."),
            "Lung Lesion positive 4mm; Pleural Effusion positive moderate");
  EXPECT_EQ(told("Endotracheal tube ends 4.2 cm above the carina."), "Support Devices positive");
}

TEST(LabelerSeverity, IsTheWorstOfARange) {
  EXPECT_EQ(told("Moderate to severe edema."), "Edema positive severe");
  EXPECT_EQ(told("The left effusion is large."), "Pleural Effusion positive left severe");
  EXPECT_EQ(told("Trace effusion, severe edema."),
            "Pleural Effusion positive subtle; Edema positive severe");
}

TEST(LabelerTerms, OffsetsAreBytesOfTheTextAndSentencesAreCounted) {
  const std::string text = "Caf\xC3\xA9 normal. No PLEURAL  effusion.\nRight pneumothorax.";
  const auto mentions = labeler().mentions(text);
  ASSERT_EQ(mentions.size(), 2u);
  EXPECT_EQ(text.substr(mentions[0].begin, mentions[0].end - mentions[0].begin),
            "PLEURAL  effusion");
  EXPECT_EQ(text.substr(mentions[1].begin, mentions[1].end - mentions[1].begin), "pneumothorax");
  EXPECT_EQ(mentions[0].sentence, 1u);
  EXPECT_EQ(mentions[1].sentence, 2u);
}

TEST(LabelerTerms, LongestTermWins) {
  EXPECT_EQ(told("Pericardial effusion."), "");
  EXPECT_EQ(told("Nodular opacity on the right."), "Lung Lesion positive right");
  EXPECT_EQ(told("Hydropneumothorax."), "Pleural Effusion positive; Pneumothorax positive");
  EXPECT_EQ(told("Kerley lines. Pleural line. PICC line ends in the SVC."),
            "Edema positive; Support Devices positive");
  EXPECT_EQ(told("Vascular congestion."), "Edema uncertain");
}

TEST(LabelerUncertainty, IsNotMadeByTwoNamesOfOneAppearance) {
  EXPECT_EQ(told("Linear scarring or atelectasis at the left base."),
            "Lung Opacity positive left; Atelectasis positive left");
  EXPECT_EQ(told("Atelectasis versus pneumonia."), "Atelectasis uncertain; Pneumonia uncertain");
  EXPECT_EQ(told("No change in the pneumothorax or effusion."),
            "Pneumothorax positive; Pleural Effusion positive");
}

TEST(LabelerUncertainty, IsHeardInAnyWording) {
  EXPECT_EQ(told("There is possible pneumonia."), "Pneumonia uncertain");
  EXPECT_EQ(told("It would be difficult to completely exclude a pneumonia."),
            "Pneumonia uncertain");
  EXPECT_EQ(told("Evaluation for pneumothorax is limited."), "Pneumothorax uncertain");
  EXPECT_EQ(told("Findings are most suggestive of edema."), "Edema positive");
  EXPECT_EQ(told("Opacity compatible with atelectasis."),
            "Lung Opacity positive; Atelectasis positive");
  EXPECT_EQ(told("Opacity may be compatible with atelectasis."),
            "Lung Opacity positive; Atelectasis uncertain");
}

TEST(LabelerNegation, HearsClearOfAndSeesThroughChange) {
  EXPECT_EQ(told("Lungs are clear of consolidation, effusion."),
            "Consolidation negative; Pleural Effusion negative");
  EXPECT_EQ(told("Does not appear to be a pneumothorax."), "Pneumothorax negative");
  EXPECT_EQ(told("Without significant interval change of mild atelectasis."),
            "Atelectasis positive subtle");
}

TEST(LabelerTerms, LinesOfKerleyAreNoDevices) {
  EXPECT_EQ(told("Kerley B lines are present."), "Edema positive");
  EXPECT_EQ(told("Sequela of prior granulomatous infection."), "");
  EXPECT_EQ(told("Left lower lobe pneumonitis."), "Pneumonia positive left");
  EXPECT_EQ(told("Reticular-nodular opacities."), "Lung Opacity positive");
}

TEST(LabelerDecisions, NameTheWordsThatDecided) {
  const std::string text = "No effusion. Possible edema. Heart size is normal. Left nodule.";
  std::vector<std::string> cues;
  for (const Decision& one : labeler().decisions(text))
    cues.push_back(text.substr(one.cue_begin, one.cue_end - one.cue_begin));
  EXPECT_EQ(cues, (std::vector<std::string>{"No", "Possible", "normal", ""}));
}

TEST(LabelerNames, HoldOrgansAndOtherAbnormalities) {
  const std::string text = "The heart and lungs. Hiatal hernia. Costophrenic angles are sharp.";
  std::vector<std::string> names;
  for (const Mention& one : labeler().names(text))
    names.push_back(finding_name(one.finding) + ":" + text.substr(one.begin, one.end - one.begin));
  EXPECT_EQ(names, (std::vector<std::string>{"Cardiomegaly:heart", "No Finding:hernia"}));
}

TEST(LabelerLabels, FoldAsChexpertDoes) {
  const Labels clear =
      labeler().labels("Heart size normal and lungs are clear. No edema. Right PICC in place.");
  EXPECT_EQ(clear, (Labels{{Finding::kCardiomegaly, 0},
                           {Finding::kEdema, 0},
                           {Finding::kNoFinding, 1},
                           {Finding::kSupportDevices, 1}}));
  EXPECT_EQ(labeler().labels("Large hiatal hernia.").count(Finding::kNoFinding), 0u);
  EXPECT_EQ(labeler().labels("Congestive changes, CHF.").at(Finding::kCardiomegaly), -1);
  EXPECT_EQ(labeler().labels("").at(Finding::kNoFinding), 1);
  EXPECT_EQ(labeler().labels("No effusion. Small effusion.").at(Finding::kPleuralEffusion), 1);
  EXPECT_EQ(labeler().labels("No effusion. Possible effusion.").at(Finding::kPleuralEffusion), -1);
}

TEST(Labeler, ReadsASentenceOfAHundredKilobytesInParts) {
  std::string text;
  for (int i = 0; i < 8000; ++i) text += "no effusion, ";
  const std::vector<Mention> mentions = Labeler().mentions(text + "left pneumothorax");
  EXPECT_EQ(mentions.size(), 8001u);
  EXPECT_EQ(mentions.back().finding, Finding::kPneumothorax);
  EXPECT_EQ(mentions.back().end, text.size() + std::string("left pneumothorax").size());
  EXPECT_EQ(mentions.back().sentence, 0u);
}

TEST(Labeler, SurvivesAnyBytes) {
  std::string noise;
  for (int i = 0; i < 4000; ++i) noise += static_cast<char>((i * 7919) % 256);
  noise += " no no , , or or x x 3 x 4 cm left right no effusion ";
  for (size_t cut = 0; cut < 50; ++cut) labeler().labels(noise.substr(cut));
  for (const Mention& m : labeler().mentions(noise)) EXPECT_LE(m.end, noise.size());
  EXPECT_TRUE(labeler().mentions(std::string(100000, ',')).empty());
}

}  // namespace
}  // namespace radgen
