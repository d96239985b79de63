// Configuration: plain structs with defaults, each field declared once. The JSON loader, --set, the
// help text, the dump and the check all come from that declaration.
//
//   struct OptimizerConfig { double lr_peak = 3e-4; int64_t warmup_steps = 100; };
//   inline void describe(Fields& f, OptimizerConfig& c) {
//     f.field("lr_peak", c.lr_peak, {.help = "peak learning rate", .min = 0, .max = 1});
//     f.field("warmup_steps", c.warmup_steps, {.help = "0: no warm-up", .unit = "steps"});
//   }
//   struct TrainConfig { OptimizerConfig optimizer; };
//   inline void describe(Fields& f, TrainConfig& c) { f.section("optimizer", c.optimizer); }
//
//   TrainConfig config;
//   // later wins; throws Error{kConfig}
//   load_config(config, {"configs/base.json"}, {"optimizer.lr_peak=1e-4"});
//
// Files are JSON with comments. Unknown keys, wrong types and values out of range are all reported
// at once, the nearest known key is named, and so is the new name of a key that was renamed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace radgen {

struct FieldDoc {
  std::string help;                                       // one sentence; says what 0 or "" means
  double min = -std::numeric_limits<double>::infinity();  // inclusive, numbers only
  double max = std::numeric_limits<double>::infinity();   // inclusive, numbers only
  // "px", "mm", "s", "steps"; empty: a plain number
  std::string unit;
  // strings only: the allowed values; empty: any
  std::vector<std::string> choices;
};

// What visits the declared fields of a config struct. Implemented by the loader, the dumper, the
// help and the check.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void field(const char* name, bool& value, const FieldDoc& doc) = 0;
  virtual void field(const char* name, int64_t& value, const FieldDoc& doc) = 0;
  virtual void field(const char* name, double& value, const FieldDoc& doc) = 0;
  virtual void field(const char* name, std::string& value, const FieldDoc& doc) = 0;
  virtual void field(const char* name, std::vector<int64_t>& value, const FieldDoc& doc) = 0;
  virtual void field(const char* name, std::vector<double>& value, const FieldDoc& doc) = 0;
  virtual void field(const char* name, std::vector<std::string>& value, const FieldDoc& doc) = 0;
  // A field or section of this section had another name once: a file that still says it is refused
  // with the new name. Stands beside the field: f.renamed("candidates", "num_samples").
  virtual void renamed(const char* old_name, const char* new_name) = 0;
  template <class Struct>
  void section(const char* name, Struct& sub) {
    enter(name);
    describe(*this, sub);  // found beside the struct
    leave();
  }

 protected:
  virtual void enter(const char* name) = 0;
  virtual void leave() = 0;
};

namespace config_detail {
// Collects problems with their places ("base.json: train.lr_peek: unknown key (did you mean ...)").
using Visit = void (*)(Fields&, void*);
void load(Visit visit, void* config, const std::vector<std::filesystem::path>& files,
          const std::vector<std::string>& sets);
void load_json(Visit visit, void* config, const nlohmann::json& json, const std::string& where);
nlohmann::ordered_json dump(Visit visit, void* config);
std::string help(Visit visit, void* config);
template <class Struct>
void visit(Fields& f, void* config) {
  describe(f, *static_cast<Struct*>(config));
}
}  // namespace config_detail

// Applies files in order, then "key.path=value" settings. Throws one Error{kConfig} with every
// problem.
template <class Struct>
void load_config(Struct& config, const std::vector<std::filesystem::path>& files,
                 const std::vector<std::string>& sets) {
  config_detail::load(&config_detail::visit<Struct>, &config, files, sets);
}
// Applies an object that is already parsed; `where` names it in messages ("model/config.json").
template <class Struct>
void load_config_json(Struct& config, const nlohmann::json& json, const std::string& where) {
  config_detail::load_json(&config_detail::visit<Struct>, &config, json, where);
}
// Every value, defaults included, in the declared order.
template <class Struct>
nlohmann::ordered_json dump_config(const Struct& config) {
  return config_detail::dump(&config_detail::visit<Struct>, const_cast<Struct*>(&config));
}
// A line a field: key path, default, range, unit, meaning.
template <class Struct>
std::string config_help() {
  Struct defaults;
  return config_detail::help(&config_detail::visit<Struct>, &defaults);
}

}  // namespace radgen
