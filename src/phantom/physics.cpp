#include "radgen/phantom/physics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace radgen::phantom {
namespace {

// Standard normals from a table of 65,536 of them, by a multiplicative generator a row: a fifth of
// the cost of computing each, and the same on every thread. The table is one for the program, from
// a constant seed.
constexpr size_t kTableSize = 65536;
const std::array<float, kTableSize>& normal_table() {
  static const std::array<float, kTableSize> table = [] {
    std::array<float, kTableSize> values{};
    Random random(0x7068616e746f6dULL);
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  }();
  return table;
}

// Photon noise: a Poisson count of mean n is n + sqrt(n) z to a good approximation above some
// hundred photons, and behind a chest there are more than that in every pixel.
void add_photon_noise(cv::Mat& intensity, double photons_per_pixel, Random& random) {
  const auto& table = normal_table();
  const uint64_t seed = random.bits();
  const float scale = static_cast<float>(1 / std::sqrt(std::max(1.0, photons_per_pixel)));
  for (int row = 0; row < intensity.rows; ++row) {
    uint64_t state = hash_mix(seed, static_cast<uint64_t>(row)) | 1;
    float* pixels = intensity.ptr<float>(row);
    for (int column = 0; column < intensity.cols; ++column) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      const float z = table[state >> 48];
      pixels[column] = std::max(pixels[column] + scale * std::sqrt(pixels[column]) * z, 1e-6F);
    }
  }
}

void add_scatter(cv::Mat& intensity, const Exposure& exposure, double px_per_mm) {
  const double shrink = std::min(1.0, 0.25 / px_per_mm);  // 4 mm cells: scatter has no detail
  cv::Mat small, wide;
  cv::resize(intensity, small, cv::Size(), shrink, shrink, cv::INTER_AREA);
  // What leaves the open beam beside the patient hardly scatters into the film: limit it.
  constexpr double kLimit = 0.06;
  cv::min(small, kLimit, small);
  const double sigma = exposure.scatter_sigma_mm * px_per_mm * shrink;
  cv::GaussianBlur(small, small, cv::Size(), sigma, sigma, cv::BORDER_REFLECT);
  cv::resize(small, wide, intensity.size(), 0, 0, cv::INTER_LINEAR);
  cv::scaleAdd(wide, exposure.scatter_ratio, intensity, intensity);
}

}  // namespace

cv::Mat detect(const Thickness& thickness, const Exposure& exposure, double px_per_mm,
               Random random) {
  cv::Mat intensity = cv::Mat::zeros(thickness.water.size(), CV_32F), line;
  for (const SpectralLine& e : kSpectrum) {
    line = thickness.water * (-0.1 * e.water_per_cm);
    cv::scaleAdd(thickness.bone, -0.1 * e.bone_excess_per_cm, line, line);
    cv::scaleAdd(thickness.metal, -0.1 * e.metal_per_cm, line, line);
    cv::exp(line, line);
    cv::scaleAdd(line, e.weight, intensity, intensity);
  }
  add_scatter(intensity, exposure, px_per_mm);
  constexpr double kMeanTransmission = 0.03;  // photons are counted behind a mean chest
  add_photon_noise(intensity,
                   exposure.photons_per_mm2 / kMeanTransmission / (px_per_mm * px_per_mm), random);
  const double sigma = exposure.blur_mm * px_per_mm;
  if (sigma > 0.25)
    cv::GaussianBlur(intensity, intensity, cv::Size(), sigma, sigma, cv::BORDER_REPLICATE);
  cv::log(intensity, intensity);
  return -intensity;
}

Vendor pick_vendor(Random& random, bool is_shifted) {
  static const std::array<Vendor, 4> kVendors{
      Vendor{2.65, 1.75, 0.20, 0.50, 1.2}, Vendor{2.70, 1.50, 0.30, 0.60, 2.5},
      Vendor{2.60, 1.95, 0.10, 0.40, 0.8}, Vendor{2.60, 1.60, 0.25, 0.80, 6.0}};
  Vendor vendor = is_shifted ? Vendor{2.75, 1.2, 0.60, 0.9, 4.0} : random.pick(kVendors);
  vendor.middle += random.normal(0, 0.10), vendor.slope *= std::exp(random.normal(0, 0.10));
  return vendor;
}

cv::Mat apply_vendor(const cv::Mat& log_signal, const Vendor& vendor, double px_per_mm) {
  cv::Mat sharp = log_signal, blurred;
  const double sigma = vendor.edge_sigma_mm * px_per_mm;
  if (vendor.edge > 0 && sigma > 0.4) {
    const double shrink = std::min(1.0, 2 / sigma);
    cv::resize(log_signal, blurred, cv::Size(), shrink, shrink, cv::INTER_AREA);
    cv::GaussianBlur(blurred, blurred, cv::Size(), sigma * shrink, sigma * shrink,
                     cv::BORDER_REFLECT);
    cv::resize(blurred, blurred, log_signal.size(), 0, 0, cv::INTER_LINEAR);
    sharp = log_signal * (1 + vendor.edge) - blurred * vendor.edge;
  }
  cv::Mat curve = (sharp - vendor.middle) * -vendor.slope;
  cv::exp(curve, curve);
  cv::Mat bent = 1 / (1 + curve);
  cv::Mat line = sharp * (1 / 5.0);
  cv::Mat display = bent * (1 - vendor.linear) + line * vendor.linear;
  cv::max(display, 0, display);
  cv::min(display, 1, display);
  return display;
}

}  // namespace radgen::phantom
