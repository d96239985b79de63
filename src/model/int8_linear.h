// The INT8 backends of a linear layer (linear.h), made by quantise() (int8.h).
//
// Static: the input's range is known. So is that of each output channel: weights and bias are
// divided by it before they are rounded, which costs nothing with a weight scale each channel, so
// that each channel of the 8-bit result uses all 256 steps. Dynamic: LibTorch finds the input's
// scale in each block of rows, the result is fp32.
//
// Rows are done in blocks: what is 8 bits wide stays in the cache and is never there for a whole
// large image.
#pragma once

#include <vector>

#include "int8_product.h"
#include "radgen/model/linear.h"

namespace radgen {

// Outputs first..first+count of a layer in INT8.
struct Int8Part {
  int64_t first = 0, count = 0;
  bool is_dynamic = false;
  Steps8 input;                       // static
  torch::Tensor factor, offset;       // static: [count] fp32, result = factor * q + offset
  bool has_one_output_scale = false;  // static: factor and offset are the same in all channels
  std::shared_ptr<const Int8Product> product;

  torch::Tensor apply(const torch::Tensor& x) const;  // fp32 [rows,from] -> [rows,count]
};

// Parts that are not there are computed in fp32.
class Int8Backend : public LinearBackend {
 public:
  explicit Int8Backend(std::vector<Int8Part> parts) : parts_(std::move(parts)) {}
  torch::Tensor apply(const torch::nn::LinearImpl& layer, const torch::Tensor& x, int64_t first,
                      int64_t count) override;
  const Int8Part* find(int64_t first, int64_t count) const;
  const std::vector<Int8Part>& parts() const { return parts_; }

 private:
  std::vector<Int8Part> parts_;
};

// down(activation(up(x))) without leaving 8 bits: the activation is a table of 256 entries. Nothing
// when one of the layers is not in static INT8 as a whole, or the kind is no function of one
// number.
TensorOptional int8_feed_forward(const LinearImpl& up, const LinearImpl& down,
                                 const std::string& kind, const torch::Tensor& x);
// Kinds of feed-forward (transformer.h) that a table can hold.
bool has_table(const std::string& kind);

}  // namespace radgen
