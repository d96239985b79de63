// Sentences of a plain text (plain_text.h); split_sentences() of text.h is the same with the
// offsets of the original.
#pragma once

#include <string_view>
#include <vector>

#include "radgen/report/text.h"

namespace radgen {

std::vector<Span> split_plain_sentences(std::string_view plain);

}  // namespace radgen
