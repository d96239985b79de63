// Errors: one exception type for what ends the work, one value type for what is expected for one
// item of many.
//
//   throw Error(ErrorCode::kData, "manifest.jsonl: line 12: no 'image'", "prepare the data again");
//   Result<Film> film = read_film(path);  // one bad film in 300,000 is counted, it ends nothing
//   if (!film) rejected.add(film.failure().reason, film.failure().message);
//
// No message may hold patient data: name files, keys, sizes and reason codes, never names, ids or
// report text.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace radgen {

enum class ErrorCode { kInternal, kUsage, kConfig, kData, kGate, kResource };

// The process exit code of an error: 1 internal, 2 usage or config, 3 data, 4 gate, 5 resources.
int exit_code(ErrorCode code);
const char* code_name(ErrorCode code);  // "config", as in "error[config]: ..." and in --json

class Error : public std::runtime_error {
 public:
  // `message` says what, where, received and expected; `hint` says what to do next (may be empty).
  Error(ErrorCode code, const std::string& message, std::string hint = "")
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}
  ErrorCode code() const { return code_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

// Work was stopped by SIGINT or SIGTERM after its state was saved; the exit code is 128 + signal.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(int signal) : std::runtime_error("interrupted"), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

// Why one item could not be used: a stable machine-readable code and a sentence for people.
struct Failure {
  std::string reason;   // snake_case, counted in summaries: "no_pixel_data"
  std::string message;  // what was received and what was expected; no patient data
};

// A value or the reason why there is none.
template <class T>
class Result {
 public:
  Result(T value) : value_(std::move(value)) {}              // NOLINT(google-explicit-constructor)
  Result(Failure failure) : failure_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return value_.has_value(); }
  bool has_value() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Failure& failure() const { return failure_; }

 private:
  std::optional<T> value_;
  Failure failure_;
};

// Programmer errors end in Error{kInternal} that names the place; never use it to check foreign
// input.
[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const std::string& message);
#define RADGEN_CHECK(condition, message)                                                 \
  do {                                                                                   \
    if (!(condition)) ::radgen::check_failed(#condition, __FILE__, __LINE__, (message)); \
  } while (false)

}  // namespace radgen
