#include "radgen/core/error.h"

#include <cstring>

namespace radgen {

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return 1;
    case ErrorCode::kUsage:
    case ErrorCode::kConfig:
      return 2;
    case ErrorCode::kData:
      return 3;
    case ErrorCode::kGate:
      return 4;
    case ErrorCode::kResource:
      return 5;
  }
  return 1;
}

const char* code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInternal:
      return "internal";
    case ErrorCode::kUsage:
      return "usage";
    case ErrorCode::kConfig:
      return "config";
    case ErrorCode::kData:
      return "data";
    case ErrorCode::kGate:
      return "gate";
    case ErrorCode::kResource:
      return "resource";
  }
  return "internal";
}

void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  const char* slash = std::strrchr(file, '/');
  throw Error(ErrorCode::kInternal,
              std::string(slash ? slash + 1 : file) + ":" + std::to_string(line) + ": " + message +
                  " (check failed: " + condition + ")",
              "this is a defect of the program; please report it with this line");
}

}  // namespace radgen
