// The two structured reports: TID 1500 for programs, prose for people.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <fmt/format.h>

#include "clinical/dicom_file.h"
#include "clinical/sr_tree.h"
#include "radgen/clinical/dicom_results.h"
#include "radgen/clinical/shown_report.h"
#include "radgen/core/error.h"
#include "radgen/report/anatomy.h"

namespace radgen {
namespace {

constexpr ResultObject kMeasurements{"sr", "SR", 9001, "AI draft: findings (not verified)"};
constexpr ResultObject kProse{"text", "SR", 9002, "AI draft: report (not verified)"};
const Code kPercent{"%", "UCUM", "percent"}, kMillimetre{"mm", "UCUM", "millimeter"};

bool is_stated(const Mention& mention) {
  return mention.assertion != Assertion::kNegative && mention.finding != Finding::kNoFinding;
}

// TID 1204, TID 1001 with 1002 and 1004: the language, and that a program speaks.
void language_and_observer(SrTree& tree, const FilmReport& report) {
  const auto context = SrTree::kContext;
  tree.code(SrTree::kModifier, concept_code("language"), concept_code("english"));
  tree.code(context, concept_code("observer type"), concept_code("device"));
  tree.uid(context, concept_code("device uid"), device_uid(report));
  tree.text(context, concept_code("device name"), "RadGen");
  tree.text(context, concept_code("device manufacturer"), "RadGen");
  tree.text(context, concept_code("device model"), report.draft.model_version);
}

// TID 1600.
void image_library(SrTree& tree, const FilmTags& tags) {
  tree.open(SrTree::kContains, DSRTypes::VT_Container, concept_code("image library"), "1600");
  tree.open(SrTree::kContains, DSRTypes::VT_Container, concept_code("image library group"));
  tree.image(SrTree::kContains, tags.sop_class, tags.sop_uid);
  tree.close();
  tree.close();
}

// TID 4019.
void algorithm(SrTree& tree, const Draft& draft) {
  tree.text(SrTree::kModifier, concept_code("algorithm name"), "RadGen");
  tree.text(SrTree::kModifier, concept_code("algorithm version"), draft.model_version);
  if (!draft.model_sha256.empty())
    tree.text(SrTree::kModifier, concept_code("algorithm parameters"),
              "model sha256 " + draft.model_sha256);
}

void site(SrTree& tree, const Code& code, Side side) {
  tree.code(SrTree::kModifier, concept_code("finding site"), code, concept_code("laterality"),
            side_code(side));
}

const Code& presence(const Mention& mention) {
  return concept_code(mention.assertion == Assertion::kPositive ? "present" : "undetermined");
}

class MeasurementGroups {
 public:
  MeasurementGroups(SrTree& tree, const FilmReport& report)
      : tree_(tree), report_(report), to_stored_(report.prepared_to_stored()) {}

  void evidence(size_t index) {
    const DraftSentence& sentence = report_.draft.sentences[index];
    std::vector<const Mention*> stated;
    for (const Mention& mention : report_.draft.mentions)
      if (mention.sentence == index && is_stated(mention)) stated.push_back(&mention);
    for (size_t box = 0; box < sentence.boxes.size(); ++box) {
      open_group(index, box, "finding");
      if (stated.empty()) {
        tree_.code(SrTree::kContains, concept_code("finding"), concept_code("a finding"));
        site(tree_, concept_code("thorax"), Side::kNone);
      } else {
        finding(*stated.front());
      }
      region(sentence, box);
      tree_.number(concept_code("certainty"), 100 * sentence.confidence, kPercent);
      if (box == 0 && !stated.empty() && stated.front()->size_mm && !sentence.has_unsupported_size)
        tree_.number(concept_code("length"), *stated.front()->size_mm, kMillimetre);
      for (size_t i = 0; i < stated.size(); ++i)
        tree_.code(SrTree::kContains,
                   i == 0 ? concept_code("presence") : finding_code(stated[i]->finding),
                   presence(*stated[i]));
      close_group(sentence);
    }
  }

  // Looked at, and nothing found.
  void examined(size_t index) {
    const DraftSentence& sentence = report_.draft.sentences[index];
    for (size_t box = 0; box < sentence.boxes.size(); ++box) {
      open_group(index, box, "examined, nothing found");
      tree_.code(SrTree::kContains, concept_code("finding"), concept_code("radiographic anatomy"));
      examined_site(sentence.anatomies);
      region(sentence, box);
      close_group(sentence);
    }
  }

 private:
  void open_group(size_t sentence, size_t box, const char* what) {
    tree_.open(SrTree::kContains, DSRTypes::VT_Container, concept_code("measurement group"),
               "1410");
    tree_.text(SrTree::kContext, concept_code("tracking identifier"),
               fmt::format("Sentence {}: {}", sentence + 1, what));
    tree_.uid(SrTree::kContext, concept_code("tracking uid"),
              result_uid(report_, fmt::format("region {} {}", sentence, box)));
    const bool is_finding = report_.draft.sentences[sentence].is_grounded;
    tree_.code(SrTree::kContains, concept_code("finding category"),
               concept_code(is_finding ? "a finding" : "non-lesion"));
    algorithm(tree_, report_.draft);
  }
  // A region may show several places at once: then their common code, or the thorax.
  void examined_site(const std::vector<std::string>& anatomies) {
    const Code* common = nullptr;
    for (const std::string& anatomy : anatomies) {
      const Code& code = anatomy_code(anatomy);
      if (common && common->value != code.value)
        return site(tree_, concept_code("thorax"), Side::kNone);
      common = &code;
    }
    const Side side = anatomies.size() == 1 ? anatomy_side(anatomies.front()) : Side::kNone;
    site(tree_, common ? *common : concept_code("thorax"), side);
  }
  void finding(const Mention& mention) {
    tree_.code(SrTree::kContains, concept_code("finding"), finding_code(mention.finding),
               concept_code("severity"), severity_code(mention.severity));
    site(tree_, finding_site(mention.finding), mention.side);
  }
  void region(const DraftSentence& sentence, size_t box) {
    tree_.region(to_stored_.apply(sentence.boxes[box]), report_.film.tags.sop_class,
                 report_.film.tags.sop_uid);
  }
  void close_group(const DraftSentence& sentence) {
    tree_.text(SrTree::kContains, concept_code("comment"), sentence.text + marks_of(sentence));
    tree_.close();
  }

  SrTree& tree_;
  const FilmReport& report_;
  Affine to_stored_;
};

void imaging_measurements(SrTree& tree, const FilmReport& report) {
  tree.open(SrTree::kContains, DSRTypes::VT_Container, concept_code("imaging measurements"));
  MeasurementGroups groups(tree, report);
  for (size_t i = 0; i < report.draft.sentences.size(); ++i) {
    const DraftSentence& sentence = report.draft.sentences[i];
    if (sentence.is_grounded) groups.evidence(i);
    if (sentence.region == RegionKind::kExamined) groups.examined(i);
  }
  tree.close();
}

// What is said of the film as a whole: the notices, what is denied, what no region bears out.
void qualitative_evaluations(SrTree& tree, const FilmReport& report) {
  tree.open(SrTree::kContains, DSRTypes::VT_Container, concept_code("qualitative evaluations"));
  tree.text(SrTree::kContains, concept_code("comment"), kResearchNotice);
  if (may_mean_nothing(report.model))
    tree.text(SrTree::kContains, concept_code("comment"), meaningless_notice(report.model));
  for (const Mention& mention : report.draft.mentions) {
    if (mention.finding == Finding::kNoFinding) continue;
    const bool is_denied = mention.assertion == Assertion::kNegative;
    const bool is_bare = mention.sentence < report.draft.sentences.size() &&
                         report.draft.sentences[mention.sentence].is_unsupported;
    if (is_denied || is_bare)
      tree.code(SrTree::kContains, finding_code(mention.finding),
                concept_code(is_denied ? "absent" : "undetermined"), concept_code("laterality"),
                side_code(mention.side));
  }
  for (const DraftSentence& sentence : report.draft.sentences)
    if (sentence.is_unsupported)
      tree.text(SrTree::kContains, concept_code("comment"), sentence.text + marks_of(sentence));
  tree.close();
}

// The document's own header, then the common modules over it.
std::string finish(DSRDocument& document, const FilmReport& report, const ResultObject& object) {
  const FilmTags& tags = report.film.tags;
  document.getCodingSchemeIdentification().addItem(kPrivateScheme, "", "RadGen's own codes",
                                                   "RadGen", OFFalse);
  document.setSpecificCharacterSetType(DSRTypes::CS_UTF8);
  document.getCurrentRequestedProcedureEvidence().addItem(
      tags.study_uid.c_str(), tags.series_uid.c_str(), tags.sop_class.c_str(),
      tags.sop_uid.c_str());
  document.completeDocument();
  document.setPreliminaryFlag(DSRTypes::PF_Preliminary);
  DcmFileFormat file;
  const OFCondition written = document.write(*file.getDataset());
  if (written.bad()) throw Error(ErrorCode::kInternal, fmt::format("DICOM SR: {}", written.text()));
  put_common_modules(*file.getDataset(), report, object);
  return dicom_bytes(file);
}

}  // namespace

std::string encode_measurement_report(const FilmReport& report) {
  RADGEN_CHECK(report.draft.status == "drafted", "a drafted report");
  DSRDocument document(DSRTypes::DT_Comprehensive3DSR);
  SrTree tree(document.getTree(), concept_code("measurement report"), "1500");
  language_and_observer(tree, report);
  tree.code(SrTree::kModifier, concept_code("procedure reported"),
            procedure_code(report.film.tags.view_position));
  image_library(tree, report.film.tags);
  imaging_measurements(tree, report);
  qualitative_evaluations(tree, report);
  return finish(document, report, kMeasurements);
}

std::string encode_text_report(const FilmReport& report) {
  RADGEN_CHECK(report.draft.status == "drafted", "a drafted report");
  DSRDocument document(DSRTypes::DT_BasicTextSR);
  SrTree tree(document.getTree(), concept_code("imaging report"), "");
  language_and_observer(tree, report);
  const ShownReport shown = shown_report(report.draft, report.keeps_unsupported);
  const auto section = [&](const char* heading, const char* item, const std::string& text) {
    if (text.empty()) return;
    tree.open(SrTree::kContains, DSRTypes::VT_Container, concept_code(heading));
    tree.text(SrTree::kContains, concept_code(item), text);
    tree.close();
  };
  section("findings", "finding", shown.findings);
  section("impressions", "impression", shown.impression);
  std::string notice = kResearchNotice;
  if (may_mean_nothing(report.model)) notice += std::string(" ") + meaningless_notice(report.model);
  for (const std::string& sentence : shown.left_out)
    notice +=
        fmt::format("\nLeft out of the impression, not supported by the picture: {}", sentence);
  tree.text(SrTree::kContains, concept_code("comment"), notice);
  return finish(document, report, kProse);
}

}  // namespace radgen
