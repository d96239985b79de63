// The cases of an error analysis as a viewer's.
#pragma once

#include <string>

#include "radgen/evaluation/errors/error_analysis.h"
#include "radgen/pages/case_viewer.h"

namespace radgen::evaluation {

// "left pleural effusion"
std::string words_of(Finding finding, Side side);

// "12 %" without a break, "-" for NaN.
std::string percent(double share);

// The worst cases of every kind, ErrorOptions::images of each at most. The kinds take turns, so
// that the page's budget of bytes cuts all of them alike.
pages::CaseViewer viewer_of(const ErrorAnalysis& errors, const EvaluationData& data);

}  // namespace radgen::evaluation
