// The sources that source.cpp knows; the layout that each reads is at the top of its own file.
#pragma once

#include <memory>

#include "radgen/data/source.h"

namespace radgen {

std::unique_ptr<StudySource> open_mimic_cxr(const SourceOptions& options);
std::unique_ptr<StudySource> open_open_i(const SourceOptions& options);
std::unique_ptr<StudySource> open_chexpert(const SourceOptions& options);
std::unique_ptr<StudySource> open_vindr_cxr(const SourceOptions& options);
std::unique_ptr<StudySource> open_nih(const SourceOptions& options);
std::unique_ptr<StudySource> open_padchest_gr(const SourceOptions& options);
std::unique_ptr<StudySource> open_jsonl(const SourceOptions& options);

}  // namespace radgen
