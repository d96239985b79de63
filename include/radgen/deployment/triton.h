// A Triton model repository: encoder, decoder step and whole reports as TorchScript models of the
// pytorch_libtorch backend, each with its config.pbtxt (field names of Triton's ModelConfig).
//
//   write_triton_repository(model, {.precision = "fp32"}, folder);
//   tritonserver --model-repository=FOLDER/models
//
//   models/radgen_encoder/       INPUT__0 image [1,H,W] -> OUTPUT__0 image keys [L,A,S,d+C],
//                                OUTPUT__1 image values [L,A,S,d], OUTPUT__2 P(finding) [C] with
//                                labels.txt (networks with a finding head)
//   models/radgen_decoder_step/  INPUT__0 ids [T], __1 positions [T], __2 attend [M+T] bool,
//                                __3 text keys, __4 text values [L,A,M,d], __5, __6 of the image
//                                -> OUTPUT__0 logits [T,X], __1 attention [T,N], __2 null [T],
//                                __3, __4 text keys and values of M+T slots
//   models/radgen_generate/      INPUT__0 image, __1 prompt and bos [T], __2 max_tokens [1]
//                                -> OUTPUT__0 ids, __1 log-probabilities [T'], __2 attention
//                                [T',N], __3 null attention
//
// A text begins with one slot of zeros that `attend` hides (a server takes no tensor of nothing).
// The queue joins 1 to 4 requests of the same shape. Weights are on the CPU: on a GPU the ONNX form
// goes through TensorRT.
#pragma once

#include "radgen/deployment/torchscript.h"

namespace radgen {

// Throws as save_torchscript().
TorchScriptFile write_triton_repository(const LoadedModel& model, const TorchScriptOptions& options,
                                        const std::filesystem::path& folder);

}  // namespace radgen
