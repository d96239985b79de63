#include "radgen/core/ids.h"

#include <cctype>

namespace radgen {

std::string id_shape(std::string_view id) {
  constexpr size_t kMost = 40;
  std::string shape;
  for (const char c : id.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    shape.push_back(byte >= 0x80         ? '*'
                    : std::isdigit(byte) ? '9'
                    : std::isupper(byte) ? 'A'
                    : std::islower(byte) ? 'a'
                    : std::iscntrl(byte) ? '*'
                                         : c);
  }
  return id.size() > kMost ? shape + "..." : shape;
}

std::string written_alike(std::string_view theirs, std::string_view ours) {
  const std::string there = id_shape(theirs), here = id_shape(ours);
  const std::string hint = "compare the ids of the two files: they must be written alike";
  if (there == here) return hint;
  return hint + " (9 is a digit and a a letter: '" + there + "' there, '" + here + "' here)";
}

}  // namespace radgen
