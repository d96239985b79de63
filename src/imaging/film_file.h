// A film's file as bytes, with a bound on its size.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "radgen/core/error.h"

namespace radgen {

// A film of the largest size that is read, and room for its header.
inline constexpr uintmax_t kMaxFilmFileBytes = uintmax_t{320} << 20;

// An open file that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

// Failures: unreadable_file, too_large.
Result<Descriptor> open_film_file(const std::filesystem::path& path);
Result<std::string> read_film_file(int descriptor);

}  // namespace radgen
