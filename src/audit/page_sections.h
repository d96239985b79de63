// The sections of the audit's page, in the order in which a reader meets them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/page_text.h"
#include "radgen/audit/audit_report.h"
#include "radgen/pages/page.h"

namespace radgen::audit {

inline constexpr size_t kMostCallouts = 6;

std::vector<const Comparison*> select(const AuditResult& result,
                                      const std::function<bool(const Comparison&)>& wanted);
void sort_by_gap(std::vector<const Comparison*>& comparisons);  // the largest first
// The comparisons with this verdict: whole groups before intersections, all findings before single
// ones, the largest gaps first. Of two groups that are each other's "others" only the one that is
// served worse.
std::vector<const Comparison*> for_a_reader(const AuditResult& result, Verdict verdict);
bool is_single(const AuditResult& result, const Comparison& comparison);
std::string group_cell(const AuditResult& result, const Comparison& comparison);

// page_rates.cpp
void add_detection(pages::Page& page, const AuditResult& result);
void add_differences(pages::Page& page, const AuditResult& result);
void add_findings(pages::Page& page, const AuditResult& result);
void add_pairs(pages::Page& page, const AuditResult& result);

// page_context.cpp
void add_attention(pages::Page& page, const AuditResult& result);
void add_metrics(pages::Page& page, const AuditResult& result);
void add_power(pages::Page& page, const AuditResult& result);
void add_examples(pages::Page& page, const AuditResult& result, const Intake& intake, int most);
void add_methods(pages::Page& page, const AuditResult& result, const Intake& intake);

}  // namespace radgen::audit
