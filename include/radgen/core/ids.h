// How ids are written, for messages: two files that do not match mostly write the same ids in two
// ways (50414267 and 50414267.0, s50414267), and an id itself belongs into no message.
//
//   id_shape("s50414267");                       // "a99999999"
//   written_alike("50414267.0", "50414267");     // "...: 99999999.9 there and 99999999 here"
#pragma once

#include <string>
#include <string_view>

namespace radgen {

// Digits become 9, letters a or A, what is not ASCII becomes *; cut at 40 characters.
std::string id_shape(std::string_view id);

// The hint for two files of which no id is in both: "compare the ids of the two files: they must be
// written alike" and, where the examples differ in shape, how each of them writes them.
std::string written_alike(std::string_view theirs, std::string_view ours);

}  // namespace radgen
