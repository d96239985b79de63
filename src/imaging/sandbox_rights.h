// Giving up a process's rights for good, before foreign bytes are decoded.
#pragma once

#include <cstddef>

namespace radgen {

// Before anything else: the process dies with its parent and leaves no core dump.
void tie_to_parent();

// What decoders load lazily (DCMTK's dictionary, the C library's character sets), while files may
// still be opened. `has_character_sets`: the film names one that needs a converter.
void load_what_decoders_need(bool has_character_sets);

// From here on: no file is opened or written, no network, no program, no thread, no executable
// memory, and bounds on memory and computing time. False when the kernel has no seccomp: the
// resource limits hold alone.
bool give_up_rights(size_t memory_bytes, int cpu_seconds);

}  // namespace radgen
