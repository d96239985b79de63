// curves.html: metrics.jsonl as plots.
#include <cmath>
#include <map>

#include "radgen/core/files.h"
#include "radgen/pages/page.h"
#include "radgen/pages/plot.h"
#include "radgen/training/run_folder.h"

namespace radgen {

namespace {

// Metric name -> split -> values over steps.
using Curves = std::map<std::string, std::map<std::string, pages::Series>>;

Curves read_curves(const fs::path& metrics) {
  Curves curves;
  read_jsonl(metrics, [&](const nlohmann::json& line, size_t) {
    const std::string split = line.value("split", "");
    for (const auto& [name, value] : line.at("metrics").items()) {
      pages::Series& series = curves[name][split];
      series.name = split;
      series.has_points = split == "validate";
      series.x.push_back(line.at("step").get<double>());
      series.y.push_back(value.is_null() ? pages::kMissing : value.get<double>());
    }
  });
  return curves;
}

std::string chart_of(const Curves& curves, const std::string& title,
                     const std::vector<std::string>& names) {
  pages::LineChart chart{
      .title = title, .x_label = "step", .y_label = names.size() == 1 ? names.front() : ""};
  for (const std::string& name : names) {
    const auto found = curves.find(name);
    if (found == curves.end()) continue;
    for (const auto& [split, series] : found->second) {
      chart.series.push_back(series);
      if (names.size() > 1) chart.series.back().name = name;
    }
  }
  return chart.series.empty() ? "" : pages::line_chart_svg(chart);
}

}  // namespace

void RunFolder::draw_curves() const {
  if (!fs::exists(path_ / "metrics.jsonl")) return;
  const Curves curves = read_curves(path_ / "metrics.jsonl");
  pages::Page page("Training curves", path_.filename().string());
  auto add = [&](const std::string& title, const std::vector<std::string>& names) {
    if (const std::string svg = chart_of(curves, title, names); !svg.empty()) page.figure(svg);
  };
  page.section("Losses");
  add("Total loss", {"loss"});
  add("Text: cross-entropy a token", {"loss_text"});
  add("Grounding", {"loss_grounding", "loss_examined"});
  add("Findings of the picture", {"loss_labels"});
  add("Findings of the patches", {"loss_patches"});
  page.section("Scores on the validation split");
  add("Words", {"bleu_4", "meteor_nltk", "f1_macro"});
  add("Grounding", {"iou", "iou_phrase", "pointing", "pointing_phrase"});
  page.section("The run");
  add("Learning rate", {"lr"});
  add("Gradient norm before clipping", {"gradient_norm"});
  add("Studies a second", {"studies_per_s"});
  write_file_atomic(path_ / "curves.html", page.html());
}

}  // namespace radgen
