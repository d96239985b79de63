// The medical terms that a text uses, by a list of about 140 terms of chest radiograph reports
// (data/medical_terms.json: findings, anatomy, devices, descriptions; no stop words). For counting
// what a data set speaks of; what is said of a finding (denied, hedged) is the labeler's business.
//
//   // small, left, effusion
//   for (size_t term : medical_terms_in("Small left effusion.")) ++count[term];
//   medical_terms()[term].name
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace radgen {

struct MedicalTerm {
  std::string name, kind;  // "effusion", "finding"
};
const std::vector<MedicalTerm>& medical_terms();
// Indices into medical_terms(), one for each occurrence, in order.
std::vector<size_t> medical_terms_in(std::string_view text);

}  // namespace radgen
