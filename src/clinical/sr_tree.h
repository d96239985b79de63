// Building an SR document's tree (DCMTK's dcmsr) from the root down:
//
//   SrTree tree(document.getTree(), concept_code("measurement report"), "1500");
//   tree.code(SrTree::kModifier, concept_code("language"), concept_code("english"));
//   tree.open(SrTree::kContains, DSRTypes::VT_Container, concept_code("image library"));
//   ...
//   tree.close();
//
// Each call adds a child of the item that is open. Throws Error{kInternal} where the kind of
// document has no place for the item (PS3.3 A.35).
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmsr/dsrdoc.h>

#include <string>
#include <vector>

#include "clinical/codes.h"
#include "radgen/core/geometry.h"

namespace radgen {

class SrTree {
 public:
  static constexpr auto kContains = DSRTypes::RT_contains;
  static constexpr auto kModifier = DSRTypes::RT_hasConceptMod;
  static constexpr auto kContext = DSRTypes::RT_hasObsContext;

  // `tmplate`: of PS3.16; "" for none.
  SrTree(DSRDocumentTree& tree, const Code& title, const std::string& tmplate);

  void open(DSRTypes::E_RelationshipType relation, DSRTypes::E_ValueType type, const Code& name,
            const std::string& tmplate = "");
  void close();

  void code(DSRTypes::E_RelationshipType relation, const Code& name, const Code& value);
  // With a modifier of its own, where there is one: a site and its side.
  void code(DSRTypes::E_RelationshipType relation, const Code& name, const Code& value,
            const Code& modifier_name, const Code* modifier);
  void text(DSRTypes::E_RelationshipType relation, const Code& name, const std::string& value);
  void uid(DSRTypes::E_RelationshipType relation, const Code& name, const std::string& value);
  void number(const Code& name, double value, const Code& unit);
  void image(DSRTypes::E_RelationshipType relation, const std::string& sop_class,
             const std::string& sop_instance);
  // A closed polyline round the box, selected from the image; coordinates are column and row of the
  // stored image, the corner of its first pixel at 0, 0 (PS3.3 C.18.6).
  void region(const Box& box, const std::string& sop_class, const std::string& sop_instance);

 private:
  void string_item(DSRTypes::E_RelationshipType relation, DSRTypes::E_ValueType type,
                   const Code& name, const std::string& value);
  DSRDocumentTree& tree_;
};

DSRCodedEntryValue coded(const Code& code);

}  // namespace radgen
