// What the plots share: SVG elements, text measures, colours and number formats.
#pragma once

#include <string>
#include <string_view>

namespace radgen::pages {

std::string series_colour(size_t index);                   // CSS colour; repeats after eight
double text_width(std::string_view text, double font_px);  // an estimate, rather too wide
std::string tick_text(double value, double step);          // with the digits that the step needs

class Svg {
 public:
  Svg(double width, double height, const std::string& label);
  void rect(double x, double y, double w, double h, const std::string& style,
            const std::string& tip = "");
  void line(double x1, double y1, double x2, double y2, const std::string& style);
  void path(const std::string& d, const std::string& style);
  void circle(double x, double y, double r, const std::string& style, const std::string& tip = "");
  // `anchor` is start, middle or end.
  void text(double x, double y, std::string_view text, const std::string& anchor, double font_px,
            const std::string& style = "fill:var(--soft,#566372)");
  void turned_text(double x, double y, std::string_view text, double font_px);  // upwards
  std::string str() const { return out_ + "</svg>"; }

 private:
  std::string out_;
};

inline constexpr double kTitlePx = 15, kLabelPx = 12.5;
inline constexpr const char* kInk = "fill:var(--ink,#16202c)";
inline constexpr const char* kTitleStyle = "fill:var(--ink,#16202c);font-weight:600";
inline constexpr const char* kGrid = "stroke:var(--grid,#e8ebef);stroke-width:1";
inline constexpr const char* kAxis = "stroke:var(--soft,#566372);stroke-width:1";

}  // namespace radgen::pages
