// Numbers in JSON: it has no NaN and no infinity.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace radgen {

// null for what is not finite; readers take their field's default for it.
inline nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

}  // namespace radgen
