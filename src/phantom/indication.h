// Why the film was taken: fits what is wrong, is of no help, or misleads.
#pragma once

#include <string>

#include "radgen/core/random.h"
#include "radgen/phantom/truth.h"

namespace radgen::phantom {

// 65 % of the indications of an abnormal study fit one of its findings (95 % with a pneumonia,
// whose word depends on it), 10 % point to something that is not there, the rest are general.
std::string draw_indication(const StudyTruth& truth, Random& random);

}  // namespace radgen::phantom
