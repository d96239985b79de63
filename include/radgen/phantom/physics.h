// From thickness to stored values: two-line spectrum, Beer-Lambert, scatter, photon noise before
// the logarithm, detector blur, a vendor's look-up table, bits.
//
//   cv::Mat signal = detect(thickness, exposure, random);       // log signal, bone bright
//   DrawnFilm film = develop(signal, vendor, ...);
//
// All maps CV_32FC1 of one size. Deterministic from the given Random.
#pragma once

#include <opencv2/core.hpp>

#include "radgen/core/random.h"
#include "radgen/phantom/film.h"

namespace radgen::phantom {

// The beam behind the patient as two lines; a 120 kVp beam has its mean near 60 keV before and near
// 70 keV behind a chest. Mass attenuation coefficients in cm2/g: NIST, X-Ray Mass Attenuation
// Coefficients (Hubbell and Seltzer 2004): liquid water, ICRU-44 cortical bone (1.92 g/cm3), iron
// (7.874 g/cm3) for steel in devices and lead letters' like.
struct SpectralLine {
  double weight, water_per_cm, bone_excess_per_cm, metal_per_cm;
};
inline constexpr double kBoneDensity = 1.92, kIronDensity = 7.874;  // g/cm3
inline constexpr SpectralLine kSpectrum[2] = {
    {0.55, 0.2059, 0.3148 * kBoneDensity - 0.2059, 1.205 * kIronDensity},    // 60 keV
    {0.45, 0.1837, 0.2229 * kBoneDensity - 0.1837, 0.5952 * kIronDensity}};  // 80 keV
// Change of the log signal by a millimetre of water, spectrum mean (for contrast that is estimated
// without a film).
inline constexpr double kWaterPerMm = 0.1 * (kSpectrum[0].weight * kSpectrum[0].water_per_cm +
                                             kSpectrum[1].weight * kSpectrum[1].water_per_cm);

struct Thickness {
  cv::Mat water, bone, metal;  // mm; bone is counted in addition to the water it replaces
};

struct Exposure {
  double photons_per_mm2 =
      60000;  // that reach the detector without a patient's contrast: mean behind the body
  double scatter_ratio = 0.6;  // scattered to primary, mean over the film (grid: .4 to .9, no grid
                               // or a wide patient: more)
  double scatter_sigma_mm = 28;
  double blur_mm = 0.15;  // detector's and focal spot's, standard deviation
};

// The negative natural log of the detected signal over the open beam, noise included.
cv::Mat detect(const Thickness& thickness, const Exposure& exposure, double px_per_mm,
               Random random);

// One vendor's processing. The table maps log signal to 0..1 by 1 / (1 + exp(-slope (v - middle)))
// blended with a line.
struct Vendor {
  double middle = 3.1, slope = 1.7, linear = 0.25;
  double edge = 0.25, edge_sigma_mm = 1.2;  // unsharp masking
};
Vendor pick_vendor(Random& random, bool is_shifted);

// 0..1, bone bright.
cv::Mat apply_vendor(const cv::Mat& log_signal, const Vendor& vendor, double px_per_mm);

}  // namespace radgen::phantom
