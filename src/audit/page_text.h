// Numbers and words of the audit's page and its terminal lines.
#pragma once

#include <string>

#include "radgen/audit/audit.h"

namespace radgen::audit {

std::string percent(double rate);                // "81.2 %"; "-" when unknown
std::string points(double gap);                  // "-15.2" in points of a hundred; "-" when unknown
std::string percent_with(const Estimate& rate);  // "81.2 % (75.0 to 86.1)"
std::string points_with(const Estimate& gap);    // "-15.2 (-20.1 to -10.3)"
std::string p_text(double p);                    // "0.03", "< 0.001", "-"
std::string verdict_words(const Comparison& c);  // "disparity: worse"
std::string attribute_title(const std::string& name);  // "race x age" -> "race and age"

}  // namespace radgen::audit
