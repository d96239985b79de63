#include "audit/page_text.h"

#include <fmt/format.h>

#include <cmath>

#include "radgen/audit/audit_report.h"

namespace radgen::audit {
namespace {

// No-break spaces keep a number and its interval in one line of a narrow cell.
std::string with_interval(std::string value, const Estimate& e, std::string (*bound)(double)) {
  if (std::isnan(e.low) || std::isnan(e.high)) return value;
  return value + " (" + bound(e.low) + "\u00a0to\u00a0" + bound(e.high) + ")";
}

std::string plain(double rate) { return fmt::format("{:.1f}", 100 * rate); }

}  // namespace

std::string percent(double rate) {
  return std::isnan(rate) ? "-" : fmt::format("{:.1f}\u00a0%", 100 * rate);
}

std::string points(double gap) {
  if (std::isnan(gap)) return "-";
  return fmt::format("{:+.1f}", std::abs(gap) < 0.0005 ? 0.0 : 100 * gap);
}

std::string percent_with(const Estimate& rate) {
  return with_interval(percent(rate.value), rate, plain);
}
std::string points_with(const Estimate& gap) {
  return with_interval(points(gap.value), gap, points);
}

std::string p_text(double p) {
  if (std::isnan(p)) return "-";
  return p < 0.001 ? "<\u00a00.001" : fmt::format("{:.3f}", p);
}

std::string verdict_words(const Comparison& c) {
  switch (c.verdict) {
    case Verdict::kNoDifference:
      return "none shown";
    case Verdict::kDisparity:
      return c.is_worse() ? "disparity: worse" : "disparity: better";
    case Verdict::kConfounded:
      return "confounded";
    case Verdict::kUnclear:
      return "unclear";
    case Verdict::kTooFew:
      return "too few to compare";
    case Verdict::kDescribed:
      return "not tested";
  }
  return "";
}

std::string attribute_title(const std::string& name) {
  const size_t at = name.find(" x ");
  return at == std::string::npos ? name : name.substr(0, at) + " and " + name.substr(at + 3);
}

std::string explanation_of(const Comparison& c) {
  constexpr double kWorthNaming = 0.2;  // of the raw gap
  std::string text;
  for (const auto& [confounder, share] : c.explained_by) {
    if (share < kWorthNaming) continue;
    text += fmt::format("{}{} ({:.0f}\u00a0%)", text.empty() ? "" : ", ",
                        confounder_name(confounder), 100 * std::min(share, 1.0));
  }
  return text;
}

std::string sentence_of(const AuditResult& result, const Comparison& c) {
  const double gap = c.gap();
  return fmt::format(
      "{} ({}): {} {} against {} of the others; at equal finding, severity, view and age {:.1f} "
      "points {}",
      result.group(c.attribute, c.level), attribute_title(result.attributes[c.attribute].name),
      c.endpoint.name(), percent(c.rate.value), percent(c.other_rate.value), 100 * std::abs(gap),
      gap < 0 ? "lower" : "higher");
}

}  // namespace radgen::audit
