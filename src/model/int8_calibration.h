// Which ranges the 8 bits of a layer cover: recorded in fp32, then narrowed by measurement
// (int8.h).
#pragma once

#include <vector>

#include "int8_linear.h"

namespace radgen {

// What one product saw.
struct SeenProduct {
  int64_t first = 0, count = 0;           // its outputs
  float input_low = 0, input_high = 0;    // 0 lies between
  torch::Tensor output_low, output_high;  // [count]
  torch::Tensor sample;                   // some rows of the inputs [*,from]
  int64_t every = 4;                      // one of how many rows is taken
};

// fp32, and notes what it sees.
class RangeRecorder : public LinearBackend {
 public:
  torch::Tensor apply(const torch::nn::LinearImpl& layer, const torch::Tensor& x, int64_t first,
                      int64_t count) override;
  const std::vector<SeenProduct>& products() const { return products_; }

 private:
  std::vector<SeenProduct> products_;
};

// How a product is quantised.
struct PartOptions {
  bool is_dynamic = false;
  bool is_per_channel = true;
  bool has_one_output_scale = false;  // a table of its 8-bit results follows (int8_feed_forward)
};
struct MeasuredPart {
  Int8Part part;
  double error = 0;  // |part - fp32| / |fp32| of the outputs on the sample
};
MeasuredPart make_part(const torch::nn::LinearImpl& layer, const SeenProduct& seen,
                       const PartOptions& options);

}  // namespace radgen
