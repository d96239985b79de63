// Labels as a table in the layout of MIMIC-CXR's mimic-cxr-2.0.0-chexpert.csv: subject_id, study_id
// and the 14 findings in that file's order; 1.0 positive, 0.0 negative, -1.0 uncertain, empty not
// mentioned. RFC 4180.
//
//   std::string csv = label_table_header();
//   csv += label_table_row("10000032", "50414267", labeler.labels(text));
#pragma once

#include <string>
#include <string_view>

#include "radgen/report/finding.h"

namespace radgen {

std::string label_table_header();  // with its line break, as every row
std::string label_table_row(std::string_view subject_id, std::string_view study_id,
                            const Labels& labels);
std::string csv_field(std::string_view text);  // quoted where it has to be

}  // namespace radgen
