// A linear layer that may be computed in another form when no gradient is wanted: INT8 (int8.h).
// Its parameters stay fp32 and keep the names of torch's own (`weight`, `bias`), so that weights,
// training and saving know nothing of the forms.
//
//   Linear layer(768, 2304);
//   Tensor out = layer(x);                                    // [..,768] -> [..,2304]
//   // the first 768 outputs alone
//   Tensor queries = layer->forward_part(x, /*first=*/0, /*count=*/768);
#pragma once

#include <memory>

#include "radgen/model/torch_compat.h"

namespace radgen {

// x W^T + b; an undefined b is none. One row on a CPU, without gradients, is a matrix times a
// vector, bound by reading W: the general product copies W first. Decoding one study is nothing
// else.
torch::Tensor apply_linear(const torch::Tensor& x, const torch::Tensor& weight,
                           const torch::Tensor& bias);

// Another way to compute outputs first..first+count of a layer, without gradients.
class LinearBackend {
 public:
  virtual ~LinearBackend() = default;
  virtual torch::Tensor apply(const torch::nn::LinearImpl& layer, const torch::Tensor& x,
                              int64_t first, int64_t count) = 0;
};

class LinearImpl : public torch::nn::LinearImpl {
 public:
  LinearImpl(int64_t from, int64_t to) : torch::nn::LinearImpl(from, to) {}
  torch::Tensor forward(const torch::Tensor& x);
  torch::Tensor forward_part(const torch::Tensor& x, int64_t first, int64_t count);

  // Null: as it is. The form is used where gradients are off, whatever training() says.
  void set_backend(std::shared_ptr<LinearBackend> backend) { backend_ = std::move(backend); }
  LinearBackend* backend() const { return backend_.get(); }

 private:
  std::shared_ptr<LinearBackend> backend_;
};
TORCH_MODULE(Linear);

}  // namespace radgen
