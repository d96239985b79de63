// The tables of the grammar, from data/phantom_words.json: words and noun phrases, sentences that
// say what is there, what is not, and where tubes and lines lie.
#include <nlohmann/json.hpp>

#include "grammar.h"

namespace radgen {

// data/phantom_words.json, made into a source file by the build
extern const char* const kPhantomWordsJson;

namespace phantom {
namespace {

using nlohmann::ordered_json;
using Options = std::vector<std::string>;

constexpr double kDetailSkew = 0.55;

void add_groups(const ordered_json& table, std::vector<WordingGroup>& groups) {
  for (const ordered_json& group : table)
    groups.push_back({group.at("name"), group.at("skew"), group.at("options").get<Options>(), {}});
}

// Every finding has its own frames before those of all: say.*, hedge.*, compare.* (to a prior),
// impress.* (short, for the impression), and detail.* (what goes with it, says no finding twice).
void add_statements(const ordered_json& all, const ordered_json& own,
                    std::vector<WordingGroup>& groups) {
  for (const auto& [finding, frames] : own.items()) {
    for (const auto& [kind, common] : all.items()) {
      Options options = frames.value(kind, Options());
      for (const ordered_json& option : common.at("options")) options.push_back(option);
      groups.push_back({kind + "." + finding, common.at("skew"), std::move(options), {}});
    }
    if (frames.contains("detail"))
      groups.push_back({"detail." + finding, kDetailSkew, frames["detail"].get<Options>(), {}});
  }
}

}  // namespace

std::vector<WordingGroup> wording_groups() {
  const ordered_json json = ordered_json::parse(kPhantomWordsJson);
  std::vector<WordingGroup> groups;
  add_groups(json.at("vocabulary"), groups);
  add_statements(json.at("statements_of_all"), json.at("statements"), groups);
  add_groups(json.at("absences"), groups);
  add_groups(json.at("devices"), groups);
  return groups;
}

}  // namespace phantom
}  // namespace radgen
