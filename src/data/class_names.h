// The names that public chest X-ray sets give to what they annotate, as CheXpert's 14.
//
//   finding_of_class("Pleural_Thickening");   // Pleural Other (NIH)
//   finding_of_class("Emphysema");            // nothing: CheXpert has no such observation
//
// Read: NIH ChestX-ray14 (Wang et al. 2017), VinDr-CXR (Nguyen et al. 2022), PadChest-GR (de Castro
// et al. 2025), Chest ImaGenome (Wu et al. 2021), CheXpert (Irvin et al. 2019). Which of their
// classes belong to which observation follows the observations' definitions in CheXpert: masses,
// nodules, tumours and cavities are Lung Lesion; infiltrates and interstitial or alveolar patterns
// are Lung Opacity; thickening, plaques and scars of the pleura are Pleural Other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "radgen/report/finding.h"

namespace radgen {

// Whatever the case; '_' and '-' are spaces.
std::optional<Finding> finding_of_class(std::string_view name);

}  // namespace radgen
