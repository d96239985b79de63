// --device auto|cpu|cuda:N as a torch device.
#pragma once

#include <torch/torch.h>

#include <string>

namespace radgen {

// "auto": the first CUDA device when this LibTorch sees one, else the CPU. Throws Error{kUsage} for
// another word and Error{kResource} for a device that is not there.
torch::Device choose_device(const std::string& name);

}  // namespace radgen
