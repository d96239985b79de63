#include "radgen/core/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <type_traits>

#include "core/json_source.h"
#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {
namespace {

using nlohmann::json;

std::string join(const std::vector<std::string>& items, const char* separator) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : separator) + item;
  return text;
}

std::string number_text(double v) {
  return v == std::floor(v) && std::abs(v) < 1e15 ? fmt::format("{:.0f}", v) : fmt::format("{}", v);
}

// "0 to 1", "0 or more", "at most 5"; empty without limits.
std::string range_text(const FieldDoc& doc) {
  const bool has_min = std::isfinite(doc.min), has_max = std::isfinite(doc.max);
  if (has_min && has_max) return number_text(doc.min) + " to " + number_text(doc.max);
  if (has_min) return number_text(doc.min) + " or more";
  return has_max ? "at most " + number_text(doc.max) : "";
}

// A visitor that sees every field through one template, with its full path.
template <class Derived>
class FieldVisitor : public Fields {
 public:
  void field(const char* n, bool& v, const FieldDoc& d) final { self().see(path(n), v, d); }
  void field(const char* n, int64_t& v, const FieldDoc& d) final { self().see(path(n), v, d); }
  void field(const char* n, double& v, const FieldDoc& d) final { self().see(path(n), v, d); }
  void field(const char* n, std::string& v, const FieldDoc& d) final { self().see(path(n), v, d); }
  void field(const char* n, std::vector<int64_t>& v, const FieldDoc& d) final {
    self().see(path(n), v, d);
  }
  void field(const char* n, std::vector<double>& v, const FieldDoc& d) final {
    self().see(path(n), v, d);
  }
  void field(const char* n, std::vector<std::string>& v, const FieldDoc& d) final {
    self().see(path(n), v, d);
  }
  void renamed(const char*, const char*) override {}

 protected:
  void enter(const char* name) override { sections_.emplace_back(name); }
  void leave() override { sections_.pop_back(); }
  std::string path(const char* name) const {
    return sections_.empty() ? name : join(sections_, ".") + "." + name;
  }
  std::vector<std::string> sections_;

 private:
  Derived& self() { return static_cast<Derived&>(*this); }
};

// The names that exist: what an unknown key is compared with.
class Schema : public FieldVisitor<Schema> {
 public:
  std::set<std::string> fields, groups;
  std::map<std::string, std::string> new_names;  // of paths that are no more
  template <class T>
  void see(const std::string& path, T&, const FieldDoc&) {
    RADGEN_CHECK(fields.insert(path).second, "config field declared twice: " + path);
  }
  void renamed(const char* old_name, const char* new_name) override {
    new_names[path(old_name)] = path(new_name);
  }

 protected:
  void enter(const char* name) override {
    groups.insert(path(name));
    FieldVisitor::enter(name);
  }
};

// Levenshtein distance in which a swap of neighbours counts as one.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  std::iota(d[0].begin(), d[0].end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('.') + 1); }

// The nearest known path: a misspelt one, else the same name in another section; empty when nothing
// is near.
std::string nearest(const std::string& path, const Schema& schema) {
  std::set<std::string> known = schema.fields;
  known.insert(schema.groups.begin(), schema.groups.end());
  const std::string name = last_part(path);
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const bool is_sibling = candidate.substr(0, candidate.size() - last_part(candidate).size()) ==
                            path.substr(0, path.size() - name.size());
    const size_t distance = is_sibling ? edit_distance(name, last_part(candidate))
                            : last_part(candidate) == name ? 1
                                                           : 1 + edit_distance(path, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

struct Problem {
  std::string source, text;
  size_t line = 0;  // 0: unknown
};

struct Source {
  std::string name;  // the file, or "--set"
  json object;
  KeyLines keys;
  bool is_setting =
      false;  // values came from the command line: any text is a string where one is wanted
  std::map<std::string, std::string> raw;  // of settings
};

class Loader : public FieldVisitor<Loader> {
 public:
  Loader(const Source& source, std::vector<Problem>& problems)
      : source_(source), problems_(problems) {}

  template <class T>
  void see(const std::string& path, T& value, const FieldDoc& doc) {
    const json* found = find(path);
    if (found == nullptr) return;
    std::string problem = assign(*found, path, value, doc);
    if (!problem.empty()) report(path, problem);
  }

  void report_unknown(const Schema& schema) {
    for (const std::string& key : source_.keys.repeated) {
      problems_.push_back({source_.name, key + ": stands here twice", line_of(key)});
    }
    report_unknown(source_.object, "", schema);
  }

 private:
  const json* find(const std::string& path) const {
    const json* at = &source_.object;
    for (size_t begin = 0; begin <= path.size();) {
      const size_t dot = std::min(path.find('.', begin), path.size());
      if (!at->is_object()) return nullptr;
      const auto it = at->find(path.substr(begin, dot - begin));
      if (it == at->end()) return nullptr;
      at = &*it;
      begin = dot + 1;
    }
    return at;
  }

  size_t line_of(const std::string& path) const {
    const auto it = source_.keys.lines.find(path);
    return it == source_.keys.lines.end() ? 0 : it->second;
  }

  void report(const std::string& path, const std::string& text) {
    problems_.push_back({source_.name, path + ": " + text, line_of(path)});
  }

  void report_unknown(const json& object, const std::string& prefix, const Schema& schema) {
    for (const auto& [key, value] : object.items()) {
      const std::string path = prefix + key;
      if (schema.fields.count(path) != 0) continue;
      if (const auto it = schema.new_names.find(path); it != schema.new_names.end()) {
        report(path, "is now called '" + it->second + "'");
      } else if (schema.groups.count(path) == 0) {
        const std::string near = nearest(path, schema);
        report(path, "unknown key" + (near.empty() ? "" : " (did you mean '" + near + "'?)"));
      } else if (!value.is_object()) {
        report(path, "expected an object, got " + describe_value(value));
      } else {
        report_unknown(value, path + ".", schema);
      }
    }
  }

  static std::string describe_value(const json& value) {
    if (value.is_object()) return "an object";
    if (value.is_array()) return "a list";
    std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > 40) text = text.substr(0, 37) + "...";
    return value.is_string() ? "the text " + text : text;
  }

  static std::string wrong_type(const char* expected, const json& value) {
    return std::string("expected ") + expected + ", got " + describe_value(value);
  }

  static std::string out_of_range(const json& value, const FieldDoc& doc) {
    return describe_value(value) + " is out of range (" + range_text(doc) +
           (doc.unit.empty() ? ")" : " " + doc.unit + ")");
  }

  // assign(): stores the value, or returns what is wrong with it.
  std::string assign(const json& j, const std::string&, bool& value, const FieldDoc&) const {
    if (!j.is_boolean()) return wrong_type("true or false", j);
    value = j.get<bool>();
    return "";
  }

  std::string assign(const json& j, const std::string&, int64_t& value, const FieldDoc& doc) const {
    if (!j.is_number()) return wrong_type("a whole number", j);
    const double number = j.get<double>();
    if (number != std::floor(number)) return wrong_type("a whole number", j);
    if (number < doc.min || number > doc.max) return out_of_range(j, doc);
    if (j.is_number_float() && std::abs(number) > 9007199254740992.0) {  // 2^53: digits may be lost
      return "too large to be exact when written with an exponent or a point";
    }
    if (j.is_number_unsigned() && j.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
      return describe_value(j) + " does not fit into 64 bits";
    }
    value = j.is_number_float() ? static_cast<int64_t>(number) : j.get<int64_t>();
    return "";
  }

  std::string assign(const json& j, const std::string&, double& value, const FieldDoc& doc) const {
    if (!j.is_number()) return wrong_type("a number", j);
    const double number = j.get<double>();
    if (number < doc.min || number > doc.max) return out_of_range(j, doc);
    value = number;
    return "";
  }

  std::string assign(const json& j, const std::string& path, std::string& value,
                     const FieldDoc& doc) const {
    const auto raw = source_.raw.find(path);
    const bool is_raw = source_.is_setting && !j.is_string() && raw != source_.raw.end();
    if (!j.is_string() && !is_raw) return wrong_type("a text", j);
    const std::string text = is_raw ? raw->second : j.get<std::string>();
    if (!doc.choices.empty() &&
        std::find(doc.choices.begin(), doc.choices.end(), text) == doc.choices.end()) {
      return "'" + text + "' is not one of " + join(doc.choices, ", ");
    }
    value = text;
    return "";
  }

  template <class T>
  std::string assign(const json& j, const std::string&, std::vector<T>& value,
                     const FieldDoc& doc) const {
    if (!j.is_array()) return wrong_type("a list", j);
    std::vector<T> items(j.size());
    for (size_t i = 0; i < j.size(); ++i) {
      const std::string problem = assign(j[i], "", items[i], doc);
      if (!problem.empty()) return "item " + std::to_string(i + 1) + ": " + problem;
    }
    value = std::move(items);
    return "";
  }

  const Source& source_;
  std::vector<Problem>& problems_;
};

std::string format_problems(const std::vector<Problem>& problems) {
  const bool is_one_source = std::all_of(problems.begin(), problems.end(), [&](const Problem& p) {
    return p.source == problems[0].source;
  });
  const std::string count =
      fmt::format("{} problem{}", problems.size(), problems.size() == 1 ? "" : "s");
  std::string text = count + " in " + (is_one_source ? problems[0].source : "the configuration");
  const auto body = [&](const Problem& p) {
    return is_one_source ? p.text : p.source + ": " + p.text;
  };
  size_t width = 0;
  for (const Problem& p : problems) {
    if (p.line != 0) width = std::max(width, std::min<size_t>(90, body(p).size()));
  }
  for (const Problem& p : problems) {
    text +=
        p.line == 0 ? "\n  " + body(p) : fmt::format("\n  {:<{}}  line {}", body(p), width, p.line);
  }
  return text;
}

Source from_setting(const std::string& setting, std::vector<Problem>& problems) {
  Source source{"--set " + setting, json::object(), {}, true, {}};
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    problems.push_back({source.name, "expected key.path=value"});
    return source;
  }
  const std::string path = setting.substr(0, equals), raw = setting.substr(equals + 1);
  source.name = "--set";
  source.raw[path] = raw;
  json value = json::parse(raw, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) value = raw;
  json* at = &source.object;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t dot = std::min(path.find('.', begin), path.size());
    at = &(*at)[path.substr(begin, dot - begin)];
    begin = dot + 1;
  }
  *at = std::move(value);
  return source;
}

void apply(config_detail::Visit visit, void* config, const std::vector<Source>& sources,
           std::vector<Problem>& problems) {
  Schema schema;
  visit(schema, config);
  for (const Source& source : sources) {
    if (!source.object.is_object()) {
      problems.push_back({source.name, "expected an object of settings"});
      continue;
    }
    Loader loader(source, problems);
    loader.report_unknown(schema);
    visit(loader, config);
  }
  if (problems.empty()) return;
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return a.source == b.source && a.line < b.line;
  });
  throw Error(ErrorCode::kConfig, format_problems(problems),
              "correct these keys; --help-config lists every key, --dump-config every value");
}

class Dumper : public FieldVisitor<Dumper> {
 public:
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  template <class T>
  void see(const std::string& path, T& value, const FieldDoc&) {
    nlohmann::ordered_json* at = &root;
    for (const std::string& section : sections_) at = &(*at)[section];
    (*at)[last_part(path)] = value;
  }
};

class Helper : public FieldVisitor<Helper> {
 public:
  template <class T>
  void see(const std::string& path, T& value, const FieldDoc& doc) {
    std::string meaning = doc.help;
    if (!doc.unit.empty()) meaning += (meaning.empty() ? "[" : " [") + doc.unit + "]";
    std::vector<std::string> notes;
    if (!doc.choices.empty()) notes.push_back(join(doc.choices, "|"));
    if (!range_text(doc).empty()) notes.push_back(range_text(doc));
    if (!notes.empty()) meaning += " (" + join(notes, "; ") + ")";
    lines_.push_back({path, nlohmann::ordered_json(value).dump(), meaning});
  }

  std::string text() const {
    size_t path_width = 0, value_width = 0;
    for (const Line& line : lines_) {
      path_width = std::max(path_width, line.path.size());
      value_width = std::max(value_width, std::min<size_t>(20, line.value.size()));
    }
    std::string all;
    for (const Line& line : lines_) {
      all += fmt::format("  {:<{}}  {:<{}}  {}\n", line.path, path_width, line.value, value_width,
                         line.meaning);
    }
    return all;
  }

 private:
  struct Line {
    std::string path, value, meaning;
  };
  std::vector<Line> lines_;
};

}  // namespace

namespace config_detail {

void load(Visit visit, void* config, const std::vector<std::filesystem::path>& files,
          const std::vector<std::string>& sets) {
  std::vector<Problem> problems;
  std::vector<Source> sources;
  for (const std::filesystem::path& file : files) {
    try {
      const std::string text = read_file(file);
      json object = parse_json(text, file.string());
      sources.push_back({file.string(), std::move(object), find_key_lines(text), false, {}});
    } catch (const Error& e) {  // not there, or no JSON
      std::string what = e.what();
      const std::string prefix = file.string() + ": ";
      if (what.compare(0, prefix.size(), prefix) == 0) what.erase(0, prefix.size());
      problems.push_back({file.string(), what});
    }
  }
  for (const std::string& setting : sets) sources.push_back(from_setting(setting, problems));
  apply(visit, config, sources, problems);
}

void load_json(Visit visit, void* config, const nlohmann::json& object, const std::string& where) {
  std::vector<Problem> problems;
  apply(visit, config, {{where, object, {}, false, {}}}, problems);
}

nlohmann::ordered_json dump(Visit visit, void* config) {
  Dumper dumper;
  visit(dumper, config);
  return std::move(dumper.root);
}

std::string help(Visit visit, void* config) {
  Helper helper;
  visit(helper, config);
  return helper.text();
}

}  // namespace config_detail
}  // namespace radgen
