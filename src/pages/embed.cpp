#include "pages/embed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "radgen/core/error.h"
#include "radgen/pages/page.h"

namespace radgen::pages {

using nlohmann::ordered_json;

std::string script_safe(const ordered_json& json) {
  const std::string text = json.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<' || c == '>' || c == '&') {
      safe += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string map_bytes(const std::vector<float>& values, int rows, int columns) {
  RADGEN_CHECK(
      !values.empty() && values.size() == static_cast<size_t>(rows) * static_cast<size_t>(columns),
      "a map has rows x columns values");
  const float highest = *std::max_element(values.begin(), values.end());
  std::string bytes;
  for (const float value : values) {
    const float share = highest > 0 ? std::clamp(value / highest, 0.0f, 1.0f) : 0.0f;
    bytes += static_cast<char>(static_cast<unsigned char>(std::lround(share * 255)));
  }
  return base64(bytes);
}

ordered_json box_json(const Box& box) {
  return {{"x", box.x}, {"y", box.y}, {"w", box.w}, {"h", box.h}};
}

}  // namespace radgen::pages
