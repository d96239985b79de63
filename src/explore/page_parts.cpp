#include "explore/page_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "radgen/pages/density_maps.h"
#include "radgen/pages/histogram.h"
#include "radgen/pages/plot.h"
#include "radgen/pages/stacked_bars.h"

namespace radgen::explore {
namespace {

using pages::Page;
using pages::Table;

// Every key with its count over all splits, the most frequent first.
std::vector<std::pair<size_t, std::string>> keys_by_count(const Survey& survey,
                                                          Counts SplitSurvey::*which) {
  Counts all;
  for (const SplitSurvey& split : survey.splits) {
    for (const auto& [name, count] : split.*which) all[name] += count;
  }
  std::vector<std::pair<size_t, std::string>> order;
  for (const auto& [name, count] : all) order.emplace_back(count, name);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  return order;
}

std::string shown_name(std::string name, size_t max_bytes) {
  if (name.empty()) return "not known";
  if (name.size() <= max_bytes) return name;
  name.resize(max_bytes - 1);
  while (!name.empty() && (static_cast<unsigned char>(name.back()) & 0xC0) == 0x80) name.pop_back();
  return name + "…";
}

// "BLACK/AFRICAN AMERICAN" -> "Black/African American": capitals alone are wide and hard to read.
std::string readable(std::string name) {
  const auto is_lower = [](unsigned char c) { return std::islower(c) != 0; };
  if (name.size() < 3 || std::any_of(name.begin(), name.end(), is_lower)) return name;
  for (size_t i = 1; i < name.size(); ++i) {
    const bool is_in_word = std::isalpha(static_cast<unsigned char>(name[i - 1])) != 0;
    if (is_in_word) name[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return name;
}

// Percent of each split's studies, a row a key: for keys that are many and have long names.
pages::HeatMap table_of_shares(const Survey& survey, const std::string& title,
                               Counts SplitSurvey::*which) {
  constexpr size_t kMaxRows = 16, kMaxBytes = 42;
  pages::HeatMap map{.title = title, .digits = 1};
  for (const SplitSurvey& split : survey.splits) map.columns.push_back(split.name);
  const auto order = keys_by_count(survey, which);
  for (size_t k = 0; k < std::min(order.size(), kMaxRows); ++k) {
    map.rows.push_back(shown_name(readable(order[k].second), kMaxBytes));
    map.values.emplace_back();
    for (const SplitSurvey& split : survey.splits) {
      const auto it = (split.*which).find(order[k].second);
      const size_t count = it == (split.*which).end() ? 0 : it->second;
      map.values.back().push_back(100 * static_cast<double>(count) /
                                  static_cast<double>(std::max<size_t>(1, split.studies)));
    }
  }
  return map;
}

// Shares of each key, a row for each split; the rarest keys are one part where there are too many.
pages::StackedBars divided(const Survey& survey, const std::string& title, const std::string& of,
                           Counts SplitSurvey::*which) {
  constexpr size_t kMaxParts = 8, kMaxBytes = 26;
  const auto order = keys_by_count(survey, which);
  pages::StackedBars bars{.title = title, .x_label = "share of the split's " + of, .high = 1};
  const bool has_rest = order.size() > kMaxParts;
  const size_t named = has_rest ? kMaxParts - 1 : order.size();
  for (size_t k = 0; k < named; ++k) bars.parts.push_back(shown_name(order[k].second, kMaxBytes));
  if (has_rest) bars.parts.emplace_back("others");
  for (const SplitSurvey& split : survey.splits) {
    size_t total = 0;
    for (const auto& [name, count] : split.*which) total += count;
    pages::StackedRow row{split.name, std::vector<double>(bars.parts.size(), 0), grouped(total)};
    for (const auto& [name, count] : split.*which) {
      size_t k = 0;
      while (k < named && order[k].second != name) ++k;
      row.values[k] += static_cast<double>(count) / static_cast<double>(std::max<size_t>(1, total));
    }
    bars.rows.push_back(std::move(row));
  }
  return bars;
}

void add_summary_row(Table& table, const std::string& name, const Summary& s, int digits) {
  if (s.count == 0) return;
  const auto number = [&](double v) { return fmt::format("{:.{}f}", v, digits); };
  table.row({name, grouped(s.count), number(s.minimum), number(s.p5), number(s.median),
             number(s.p95), number(s.maximum)});
}

const char* assertion_style(Assertion assertion) {
  switch (assertion) {
    case Assertion::kPositive:
      return "background:none;color:var(--alarm);font-weight:600";
    case Assertion::kUncertain:
      return "background:none;color:var(--warn);font-weight:600";
    case Assertion::kNegative:
      return "background:none;color:var(--good)";
  }
  return "";
}

std::string marked_text(const Example& example) {
  std::string out;
  size_t at = 0;
  for (const Mention& m : example.mentions) {
    if (m.begin < at) continue;  // two findings in one word
    out += pages::escape_html(std::string_view(example.text).substr(at, m.begin - at));
    out += fmt::format(
        "<mark style=\"{}\" title=\"{}, {}\">{}</mark>", assertion_style(m.assertion),
        pages::escape_html(finding_name(m.finding)), assertion_name(m.assertion),
        pages::escape_html(std::string_view(example.text).substr(m.begin, m.end - m.begin)));
    at = m.end;
  }
  out += pages::escape_html(std::string_view(example.text).substr(at));
  std::string lines;
  for (char c : out) {
    if (c != '\n') lines += c;
    if (c == '\n' && !lines.empty()) lines += "<br><br>";
  }
  return lines;
}

}  // namespace

std::string grouped(size_t number) {
  std::string digits = std::to_string(number), out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ",";
    out += digits[i];
  }
  return out;
}

std::string percent(size_t count, size_t of) {
  if (of == 0) return "n/a";
  return fmt::format("{:.1f} %", 100 * static_cast<double>(count) / static_cast<double>(of));
}

void add_people(Page& page, const Survey& survey) {
  page.section("People and views", "A study counted once; views by picture.");
  pages::Histogram ages{
      .title = "Age", .x_label = "years", .y_label = "share of studies", .low = 0, .high = 100};
  for (const SplitSurvey& split : survey.splits) {
    if (split.ages.size() >= 30 || (ages.series.empty() && !split.ages.empty()))
      ages.series.push_back({split.name, bin_shares(split.ages, 0, 100, 20)});
  }
  if (!ages.series.empty()) page.figure(pages::histogram_svg(ages));
  page.figure(pages::stacked_bars_svg(divided(survey, "Sex", "studies", &SplitSurvey::sexes)));
  page.figure(pages::heat_map_svg(table_of_shares(
                  survey, "Race as recorded (% of the split's studies)", &SplitSurvey::races)),
              "\"conflicting\": the tables name different ones for a person.");
  page.figure(pages::stacked_bars_svg(divided(survey, "View", "pictures", &SplitSurvey::views)));
}

void add_images(Page& page, const Survey& survey) {
  const ImageSurvey& p = survey.images;
  page.section("Pictures", "Sizes of all of them; grey values of those that were opened.");
  if (p.widths.empty()) {
    page.paragraph("The set was prepared without pictures.");
    return;
  }
  Table table({{"prepared"},
               {"pictures", true},
               {"least", true},
               {"5 %", true},
               {"median", true},
               {"95 %", true},
               {"most", true}});
  add_summary_row(table, "width (px)", summarize(p.widths), 0);
  add_summary_row(table, "height (px)", summarize(p.heights), 0);
  add_summary_row(table, "pixel spacing (mm), where known", summarize(p.spacing_mm), 3);
  add_summary_row(table, "mean grey (0 black, 1 white)", summarize(p.means), 3);
  add_summary_row(table, "contrast (deviation of grey)", summarize(p.deviations), 3);
  page.table(table);
  std::vector<std::pair<size_t, std::string>> sizes;
  for (const auto& [name, count] : p.source_sizes) sizes.emplace_back(count, name);
  std::stable_sort(sizes.begin(), sizes.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (!sizes.empty()) {
    pages::StackedBars bars{.title = "Sizes as they came (width x height)",
                            .x_label = "share of pictures",
                            .parts = {"share"}};
    for (size_t i = 0; i < std::min<size_t>(10, sizes.size()); ++i) {
      bars.rows.push_back(
          {sizes[i].second,
           {static_cast<double>(sizes[i].first) / static_cast<double>(p.widths.size())},
           grouped(sizes[i].first)});
    }
    page.figure(
        pages::stacked_bars_svg(bars),
        sizes.size() > 10 ? fmt::format("The ten most frequent of {} sizes.", sizes.size()) : "");
  }
  if (p.read > 0) {
    pages::Histogram grey{.title = "Grey values",
                          .x_label = "black to white",
                          .y_label = "share of pixels",
                          .low = 0,
                          .high = 1};
    grey.series.push_back({"all", p.histogram});
    page.figure(
        pages::histogram_svg(grey),
        fmt::format(
            "Mean over {} pictures; {:.1f} % of the pixels are quite black, {:.1f} % quite white.",
            grouped(p.read), 100 * p.black_share, 100 * p.white_share));
  }
  if (p.unreadable > 0) {
    page.callout(
        pages::Tone::kWarning, "Pictures that cannot be read",
        fmt::format("{} of the {} that were opened.", p.unreadable, p.read + p.unreadable));
  }
}

void add_boxes(Page& page, const Survey& survey) {
  page.section(
      "Boxes",
      "Where findings were marked. The patient's right is on the left, as films are hung.");
  if (survey.boxes.empty()) {
    page.paragraph("There are none.");
    return;
  }
  Table table({{"finding"},
               {"boxes", true},
               {"pictures", true},
               {"median area", true},
               {"5 to 95 %", true}});
  pages::DensityMaps maps{.title = "Where they lie", .left_mark = "R", .right_mark = "L"};
  for (const auto& [finding, boxes] : survey.boxes) {
    const Summary area = summarize(boxes.areas);
    table.row({finding_name(finding), grouped(boxes.boxes), grouped(boxes.images),
               fmt::format("{:.2f} %", 100 * area.median),
               fmt::format("{:.2f} to {:.2f} %", 100 * area.p5, 100 * area.p95)});
    maps.panels.push_back(
        {finding_name(finding), grouped(boxes.boxes) + " boxes", kMapSide, kMapSide, boxes.map});
  }
  page.table(table.caption("Area as a share of the picture."));
  page.figure(pages::density_maps_svg(maps),
              "How many boxes cover each place, each map scaled to its own maximum; all pictures "
              "stretched to one shape.");
}

void add_tokenizer(Page& page, const Survey& survey) {
  if (!survey.tokenizer || survey.tokenizer->tokens == 0) return;
  const TokenizerSurvey& t = *survey.tokenizer;
  page.section("Tokenizer", "How well the set's pieces fit its words.");
  const auto words = static_cast<double>(std::max<size_t>(1, t.words));
  page.facts({{fmt::format("{:.2f}", static_cast<double>(t.tokens) / words), "tokens a word",
               "1 is a piece for each word"},
              {percent(t.single_words, t.words), "words that are one piece", ""},
              {percent(static_cast<size_t>(t.used), static_cast<size_t>(t.vocabulary)),
               "of the pieces in use",
               fmt::format("{} of {}", grouped(static_cast<size_t>(t.used)),
                           grouped(static_cast<size_t>(t.vocabulary)))},
              {grouped(t.unknown), "unknown tokens", "of " + grouped(t.tokens)}});
  pages::LineChart chart{.title = "Coverage",
                         .x_label = "most used pieces",
                         .y_label = "share of all tokens",
                         .y_range = pages::Range{0, 1},
                         .height = 280};
  pages::Series series{.name = ""};
  for (const auto& [pieces, share] : t.coverage) {
    series.x.push_back(static_cast<double>(pieces));
    series.y.push_back(share);
  }
  if (series.x.size() > 1) {
    chart.series.push_back(std::move(series));
    page.figure(pages::line_chart_svg(chart),
                "The share of the text that the k most used pieces write.");
  }
}

void add_examples(Page& page, const std::vector<Example>& examples) {
  if (examples.empty()) return;
  page.section("Examples",
               "Chosen by a fixed rule: together they show as many boxed findings as possible, and "
               "one is normal. "
               "In the text: red is said to be there, amber suspected, green denied.");
  for (const Example& example : examples) {
    std::string boxes, labels;
    for (size_t i = 0; i < example.boxes.size(); ++i) {
      const FindingBox& box = example.boxes[i];
      boxes += fmt::format("{}{} {}{}", i == 0 ? "Boxes: " : ", ", i + 1,
                           box.side.empty() ? "" : box.side + " ", box.finding);
    }
    for (const auto& [finding, label] : example.labels) {
      if (label != 0)
        labels += (labels.empty() ? "" : ", ") + finding_name(finding) + (label < 0 ? " (?)" : "");
    }
    page.add_html(fmt::format(
        "<figure style=\"display:flex;flex-wrap:wrap;gap:26px;align-items:flex-start\"><img "
        "src=\"{}\" "
        "alt=\"film with boxes\" style=\"width:360px;border-radius:6px\"><div style=\"flex:1 1 "
        "320px\">"
        "<div style=\"font-size:13.5px;color:var(--soft)\">{}</div><p>{}</p>"
        "<figcaption>Labels: {}<br>{}</figcaption></div></figure>\n",
        pages::png_data_uri(example.film_png),
        pages::escape_html(example.split + (example.view.empty() ? "" : ", " + example.view) +
                           fmt::format(", {} boxes", example.boxes.size())),
        marked_text(example), pages::escape_html(labels.empty() ? "none" : labels),
        pages::escape_html(boxes)));
  }
}

}  // namespace radgen::explore
