#include "radgen/inference/device.h"

#include "radgen/core/error.h"

namespace radgen {

torch::Device choose_device(const std::string& name) {
  if (name == "auto")
    return torch::cuda::is_available() ? torch::Device("cuda:0") : torch::Device(torch::kCPU);
  try {
    const torch::Device device(name);
    if (device.is_cuda() && !torch::cuda::is_available())
      throw Error(ErrorCode::kResource, "--device " + name + ": this LibTorch sees no CUDA device",
                  "use --device cpu");
    return device;
  } catch (const c10::Error&) {
    throw Error(ErrorCode::kUsage, "--device: expected auto, cpu or cuda:N, got '" + name + "'",
                "leave it out to take the best there is");
  }
}

}  // namespace radgen
