#include "radgen/audit/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "radgen/core/error.h"

namespace radgen {
extern const char* const kRaceGroupsCsv;  // data/race_groups.csv
}

namespace radgen::audit {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string upper(std::string_view text) {
  std::string out(trimmed(text));
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

// The fields of one line; a field in quotes may hold commas.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  for (std::string& field : fields) field = std::string(trimmed(field));
  return fields;
}

// An attribute from a value of each case; "" is unknown. Levels stand in the order of `known`,
// others behind by name.
Attribute attribute(std::string name, const std::vector<std::string>& values,
                    const std::vector<std::string>& known) {
  Attribute result;
  result.name = std::move(name);
  std::map<std::string, int> places;
  for (const std::string& value : values) {
    if (!value.empty()) places.emplace(value, 0);
  }
  for (const std::string& level : known) {
    if (places.count(level) != 0) result.levels.push_back(level);
  }
  for (const auto& [level, place] : places) {
    if (std::find(known.begin(), known.end(), level) == known.end()) result.levels.push_back(level);
  }
  for (size_t i = 0; i < result.levels.size(); ++i) places[result.levels[i]] = static_cast<int>(i);
  for (const std::string& value : values) {
    result.level_of.push_back(value.empty() ? kNoLevel : places.at(value));
  }
  return result;
}

Attribute pair_of(const Attribute& a, const Attribute& b) {
  Attribute pair;
  pair.name = a.name + " x " + b.name;
  pair.is_pair = true;
  pair.uses_age = a.uses_age || b.uses_age;
  pair.uses_view = a.uses_view || b.uses_view;
  std::map<std::pair<int, int>, int> places;
  for (size_t i = 0; i < a.level_of.size(); ++i) {
    if (a.level_of[i] != kNoLevel && b.level_of[i] != kNoLevel) {
      places.emplace(std::pair{a.level_of[i], b.level_of[i]}, 0);
    }
  }
  for (auto& [levels, place] : places) {
    place = static_cast<int>(pair.levels.size());
    pair.levels.push_back(a.levels[static_cast<size_t>(levels.first)] + ", " +
                          b.levels[static_cast<size_t>(levels.second)]);
  }
  for (size_t i = 0; i < a.level_of.size(); ++i) {
    const auto found = places.find({a.level_of[i], b.level_of[i]});
    pair.level_of.push_back(found == places.end() ? kNoLevel : found->second);
  }
  return pair;
}

}  // namespace

RaceTable::RaceTable() : RaceTable(kRaceGroupsCsv) {}

RaceTable::RaceTable(std::string_view csv) {
  std::vector<std::string> header;
  size_t value = 0, group = 0;
  while (!csv.empty()) {
    const size_t end = std::min(csv.find('\n'), csv.size());
    const std::string_view line = trimmed(csv.substr(0, end));
    csv.remove_prefix(std::min(end + 1, csv.size()));
    if (line.empty()) continue;
    if (line.front() == '#') {
      origin_ += (origin_.empty() ? "" : " ") + std::string(trimmed(line.substr(1)));
      continue;
    }
    const std::vector<std::string> fields = fields_of(line);
    if (header.empty()) {
      header = fields;
      const auto place = [&](const char* name) {
        const auto found = std::find(header.begin(), header.end(), name);
        if (found == header.end()) {
          throw Error(ErrorCode::kData,
                      fmt::format("the table of race groups has no column '{}'", name),
                      "its first line must be value,group,basis");
        }
        return static_cast<size_t>(found - header.begin());
      };
      value = place("value");
      group = place("group");
      continue;
    }
    if (fields.size() != header.size()) {
      throw Error(ErrorCode::kData,
                  fmt::format("the table of race groups has a row of {} fields", fields.size()),
                  fmt::format("expected {} as in its first line", header.size()));
    }
    groups_[upper(fields[value])] = fields[group];
    spellings_[fields[group]].push_back(fields[value]);
  }
}

std::optional<std::string> RaceTable::group(std::string_view value) const {
  const std::string key = upper(value);
  if (key.empty()) return "";
  const auto found = groups_.find(key);
  if (found == groups_.end()) return std::nullopt;
  return found->second;
}

std::string age_group(const std::optional<double>& age_years) {
  if (!age_years || !(*age_years >= 0)) return "";
  return *age_years < 40   ? "under 40"
         : *age_years < 60 ? "40 to 59"
         : *age_years < 80 ? "60 to 79"
                           : "80 and over";
}

std::string sex_group(std::string_view sex) {
  const std::string key = upper(sex);
  if (key == "F" || key == "FEMALE") return "female";
  if (key == "M" || key == "MALE") return "male";
  return "";
}

size_t Attribute::count(int level) const {
  return static_cast<size_t>(std::count(level_of.begin(), level_of.end(), level));
}

std::vector<Attribute> attributes_of(const std::vector<AuditCase>& cases) {
  std::array<std::vector<std::string>, 4> values;
  for (const AuditCase& c : cases) {
    values[0].push_back(age_group(c.age_years));
    values[1].push_back(c.sex);
    values[2].push_back(c.race);
    values[3].push_back(c.view);
  }
  std::vector<Attribute> single;
  single.push_back(
      attribute("age", values[0], {"under 40", "40 to 59", "60 to 79", "80 and over"}));
  single.back().uses_age = true;
  single.push_back(attribute("sex", values[1], {"female", "male"}));
  single.push_back(attribute("race", values[2], {"White", "Black", "Hispanic or Latino", "Asian"}));
  single.push_back(attribute("view", values[3], {"PA", "AP", "LATERAL"}));
  single.back().uses_view = true;
  single.back().is_of_people = false;
  std::vector<Attribute> all;
  for (const Attribute& a : single) {
    if (a.levels.size() > 1) all.push_back(a);
  }
  const size_t count = all.size();
  for (size_t a = 0; a < count; ++a) {
    for (size_t b = a + 1; b < count; ++b) all.push_back(pair_of(all[a], all[b]));
  }
  return all;
}

}  // namespace radgen::audit
