// A film or a failure as bytes, between the sandbox's child and its parent: 8 bytes of header
// length (little endian), a JSON header, the pixels. The reader believes nothing: the child may
// have been taken over by the film.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "radgen/imaging/film.h"

namespace radgen {

inline constexpr size_t kMaxFilmHeaderBytes = size_t{1} << 20;

// Without the pixels, which follow as they are: film->pixels, rows without gaps.
std::string film_wire_header(const Result<Film>& film);

// Nothing when the bytes are no such answer: lengths, sizes, numbers and text are all checked.
// `max_pixels`: more than these are no answer.
std::optional<Result<Film>> film_from_wire(std::string_view bytes, size_t max_pixels);

}  // namespace radgen
