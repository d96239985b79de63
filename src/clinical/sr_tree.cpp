#include "clinical/sr_tree.h"

#include <dcmtk/dcmsr/dsrimgvl.h>
#include <dcmtk/dcmsr/dsrnumvl.h>
#include <dcmtk/dcmsr/dsrscovl.h>
#include <fmt/format.h>

#include <algorithm>

#include "radgen/core/error.h"

namespace radgen {
namespace {

void check_item(const OFCondition& condition, const char* what) {
  if (condition.bad())
    throw Error(ErrorCode::kInternal, fmt::format("DICOM SR: {}: {}", what, condition.text()));
}

}  // namespace

DSRCodedEntryValue coded(const Code& code) {
  return {code.value.c_str(), code.scheme.c_str(), code.meaning.c_str()};
}

SrTree::SrTree(DSRDocumentTree& tree, const Code& title, const std::string& tmplate) : tree_(tree) {
  RADGEN_CHECK(tree_.addContentItem(DSRTypes::RT_isRoot, DSRTypes::VT_Container) != 0,
               "a document has a root");
  check_item(tree_.getCurrentContentItem().setConceptName(coded(title)), "title");
  if (!tmplate.empty())
    check_item(tree_.getCurrentContentItem().setTemplateIdentification(tmplate.c_str(), "DCMR"),
               "template");
}

void SrTree::open(DSRTypes::E_RelationshipType relation, DSRTypes::E_ValueType type,
                  const Code& name, const std::string& tmplate) {
  check_item(tree_.addChildContentItem(relation, type, coded(name)), name.meaning.c_str());
  if (!tmplate.empty())
    check_item(tree_.getCurrentContentItem().setTemplateIdentification(tmplate.c_str(), "DCMR"),
               "template");
}

void SrTree::close() { RADGEN_CHECK(tree_.goUp() != 0, "an item is open"); }

void SrTree::code(DSRTypes::E_RelationshipType relation, const Code& name, const Code& value) {
  code(relation, name, value, name, nullptr);
}

void SrTree::code(DSRTypes::E_RelationshipType relation, const Code& name, const Code& value,
                  const Code& modifier_name, const Code* modifier) {
  open(relation, DSRTypes::VT_Code, name);
  check_item(tree_.getCurrentContentItem().setCodeValue(coded(value)), name.meaning.c_str());
  if (modifier) code(kModifier, modifier_name, *modifier);
  close();
}

void SrTree::string_item(DSRTypes::E_RelationshipType relation, DSRTypes::E_ValueType type,
                         const Code& name, const std::string& value) {
  open(relation, type, name);
  check_item(tree_.getCurrentContentItem().setStringValue(value.c_str()), name.meaning.c_str());
  close();
}

void SrTree::text(DSRTypes::E_RelationshipType relation, const Code& name,
                  const std::string& value) {
  string_item(relation, DSRTypes::VT_Text, name, value);
}

void SrTree::uid(DSRTypes::E_RelationshipType relation, const Code& name,
                 const std::string& value) {
  string_item(relation, DSRTypes::VT_UIDRef, name, value);
}

void SrTree::number(const Code& name, double value, const Code& unit) {
  open(kContains, DSRTypes::VT_Num, name);
  check_item(tree_.getCurrentContentItem().setNumericValue(
                 DSRNumericMeasurementValue(fmt::format("{:.1f}", value).c_str(), coded(unit))),
             name.meaning.c_str());
  close();
}

void SrTree::image(DSRTypes::E_RelationshipType relation, const std::string& sop_class,
                   const std::string& sop_instance) {
  RADGEN_CHECK(tree_.addContentItem(relation, DSRTypes::VT_Image, DSRTypes::AM_belowCurrent) != 0,
               "an image may stand here");
  check_item(tree_.getCurrentContentItem().setImageReference(
                 DSRImageReferenceValue(sop_class.c_str(), sop_instance.c_str())),
             "image");
  close();
}

void SrTree::region(const Box& box, const std::string& sop_class, const std::string& sop_instance) {
  open(kContains, DSRTypes::VT_SCoord, concept_code("image region"));
  DSRSpatialCoordinatesValue polyline(DSRTypes::GT_Polyline);
  const auto left = static_cast<Float32>(box.x), top = static_cast<Float32>(box.y);
  const auto right = static_cast<Float32>(box.x + box.w);
  const auto bottom = static_cast<Float32>(box.y + box.h);
  DSRGraphicDataList& points = polyline.getGraphicDataList();
  points.addItem(left, top);
  points.addItem(right, top);
  points.addItem(right, bottom);
  points.addItem(left, bottom);
  points.addItem(left, top);
  check_item(tree_.getCurrentContentItem().setSpatialCoordinates(polyline), "region");
  image(DSRTypes::RT_selectedFrom, sop_class, sop_instance);
  close();
}

}  // namespace radgen
