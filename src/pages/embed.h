// What pages with scripts share: data for a script, maps as bytes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "radgen/core/geometry.h"

namespace radgen::pages {

// Text for inside of a <script> element. It ends at the first "</script", and "<!--" changes how it
// is read; escaping every angle bracket rules both out (HTML, "Restrictions for contents of script
// elements").
std::string script_safe(const nlohmann::ordered_json& json);

// A map as base64 of bytes, 255 its maximum: pages show shares of the maximum, and 8 bits are more
// than a colour map tells apart. Throws Error{kInternal} when the values do not fill the grid.
std::string map_bytes(const std::vector<float>& values, int rows, int columns);

nlohmann::ordered_json box_json(const Box& box);

}  // namespace radgen::pages
