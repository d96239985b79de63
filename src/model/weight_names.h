// The names that public checkpoints give to their tensors, freed of what wrapped the model when it
// was saved, and tensors that stand under two names.
#pragma once

#include <string>

#include "radgen/model/public_weights.h"

namespace radgen {

// Names without what DistributedDataParallel, torch.compile, FSDP, activation checkpointing and
// training frameworks put into them: a first part (module, _orig_mod, model, net, ...) that all
// names have, and parts of wrapped submodules (layer.0._orig_mod.norm) anywhere. A first part that
// only some have stays: the file may hold two models. Throws Error{kData} when two names become
// one.
TensorMap without_wrappers(TensorMap tensors, const std::string& where);

// Safetensors keeps a shared tensor under one of its names and writes {dropped name: kept name}
// into the metadata: the dropped ones are added and share the memory.
void add_aliases(TensorMap& tensors, const WeightsMetadata& metadata);

// With tie_word_embeddings the text's input embedding and lm_head are one tensor, whichever of the
// two names the file kept. Throws Error{kData} when both are there and differ.
void tie_text_embeddings(PublicCheckpoint& checkpoint);

}  // namespace radgen
