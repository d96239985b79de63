// Logistic regression on a few hundred cases, for the calibration.
#pragma once

#include <vector>

namespace radgen {

// Weights of the features' columns (the first is a one, for the offset) that make sigmoid(weights *
// features) the chance of a hit. `hits` are replaced by Platt's smoothed targets (Platt 1999). The
// ridge pulls all weights but those of the first two columns (offset and slope) to 0: a column that
// was met a few times moves little. At least one case; rows of one length.
// `offsets` are known parts of the logit, one a case, that no weight is fitted for; empty: none.
std::vector<double> fit_logistic(const std::vector<std::vector<double>>& features,
                                 const std::vector<bool>& hits,
                                 const std::vector<double>& offsets = {});

// sigmoid(weights * features + offset); weights that are missing at the end count as 0.
double logistic(const std::vector<double>& weights, const std::vector<double>& features,
                double offset = 0);

}  // namespace radgen
