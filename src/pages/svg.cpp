#include "pages/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "radgen/pages/page.h"

namespace radgen::pages {

std::string series_colour(size_t index) {
  constexpr std::array<const char*, 8> kFallback{"#0067a8", "#c8500a", "#00875f", "#a8479a",
                                                 "#a87500", "#2b8fd0", "#6b6f76", "#8c2f39"};
  const size_t i = index % kFallback.size();
  return fmt::format("var(--s{},{})", i, kFallback[i]);
}

double text_width(std::string_view text, double font_px) {
  const auto characters =
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return 0.56 * font_px * static_cast<double>(characters);
}

std::string tick_text(double value, double step) {
  if (std::abs(value) < step * 1e-9) value = 0;
  const double largest = std::max(std::abs(value), step);
  if (step >= 1000 && std::fmod(value, 1000) == 0) return fmt::format("{:.0f}k", value / 1000);
  if (largest >= 1e6 || step < 1e-4) return fmt::format("{:.3g}", value);
  const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  return fmt::format("{:.{}f}", value, digits);
}

Svg::Svg(double width, double height, const std::string& label)
    : out_(fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
                       "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\" aria-label=\"{2}\" "
                       "font-family=\"system-ui,sans-serif\">",
                       width, height, escape_html(label))) {}

namespace {

std::string close(const char* tag, const std::string& tip) {
  return tip.empty() ? "/>" : "><title>" + escape_html(tip) + "</title></" + tag + ">";
}

}  // namespace

void Svg::rect(double x, double y, double w, double h, const std::string& style,
               const std::string& tip) {
  out_ += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" style=\"{}\"{}", x, y,
      std::max(0.0, w), std::max(0.0, h), style, close("rect", tip));
}

void Svg::line(double x1, double y1, double x2, double y2, const std::string& style) {
  out_ +=
      fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" style=\"{}\"/>",
                  x1, y1, x2, y2, style);
}

void Svg::path(const std::string& d, const std::string& style) {
  if (!d.empty()) out_ += fmt::format("<path d=\"{}\" style=\"{}\"/>", d, style);
}

void Svg::circle(double x, double y, double r, const std::string& style, const std::string& tip) {
  out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" style=\"{}\"{}", x, y, r,
                      style, close("circle", tip));
}

void Svg::text(double x, double y, std::string_view text, const std::string& anchor, double font_px,
               const std::string& style) {
  out_ += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"{}\" style=\"{}\">{}</text>",
      x, y, anchor, font_px, style, escape_html(text));
}

void Svg::turned_text(double x, double y, std::string_view text, double font_px) {
  out_ += fmt::format(
      "<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\" text-anchor=\"middle\" "
      "font-size=\"{}\" style=\"fill:var(--soft,#566372)\">{}</text>",
      x, y, font_px, escape_html(text));
}

}  // namespace radgen::pages
