// Who is compared: age groups, sex, race and ethnicity in coarse groups, view, and each pair of
// them.
//
//   RaceTable table;                                         // data/race_groups.csv, compiled in
//   table.group("BLACK/CAPE VERDEAN");                       // "Black"
//   std::vector<Attribute> attributes = attributes_of(cases);
//
// A case belongs to one level of each attribute or to none (something is unknown).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "radgen/audit/case.h"

namespace radgen::audit {

class RaceTable {
 public:
  RaceTable();  // the built-in table
  // Throws Error{kData} for a table without the columns value and group.
  explicit RaceTable(std::string_view csv);
  // The coarse group; "" for a value that says nothing ("UNKNOWN", ""); nothing for a value that
  // the table lacks.
  std::optional<std::string> group(std::string_view value) const;
  // The spellings of each group, for the page.
  const std::map<std::string, std::vector<std::string>>& spellings() const { return spellings_; }
  const std::string& origin() const { return origin_; }  // the table's own comment, one line

 private:
  std::map<std::string, std::string> groups_;  // upper-case value -> group
  std::map<std::string, std::vector<std::string>> spellings_;
  std::string origin_;
};

// "under 40", "40 to 59", "60 to 79", "80 and over"; "" when unknown. The bounds are those of the
// model's age prompt.
std::string age_group(const std::optional<double>& age_years);
// "female", "male" or "": from F, M, female, male in any case.
std::string sex_group(std::string_view sex);

inline constexpr int kNoLevel = -1;

struct Attribute {
  std::string name;                 // "age", "sex x race"
  std::vector<std::string> levels;  // "female", "female, Black"
  std::vector<int> level_of;        // by case; kNoLevel: unknown
  bool uses_age = false, uses_view = false;
  bool is_pair = false;
  // False for the view: it describes the film, not the person on it.
  bool is_of_people = true;

  size_t count(int level) const;
};

// Age, sex, race and view, then their six pairs, each with the levels that occur, in a fixed order.
// An attribute with fewer than two levels is left out: there is nobody to compare with.
std::vector<Attribute> attributes_of(const std::vector<AuditCase>& cases);

}  // namespace radgen::audit
