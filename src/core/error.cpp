#include "radgen/core/error.h"

#include <cstring>

#include "radgen/core/error_status.h"

namespace radgen {

namespace {

// In the order of ErrorCode. A peer that sent what cannot be used is told so (4xx, C000: cannot
// understand); what is wrong here is this side's (5xx, 0110: processing failure; A700: out of
// resources).
constexpr ErrorStatus kStatuses[] = {{ErrorCode::kInternal, "internal", 1, 500, 0x0110},
                                     {ErrorCode::kUsage, "usage", 2, 400, 0xC000},
                                     {ErrorCode::kConfig, "config", 2, 500, 0x0110},
                                     {ErrorCode::kData, "data", 3, 422, 0xC000},
                                     {ErrorCode::kGate, "gate", 4, 409, 0xC000},
                                     {ErrorCode::kResource, "resource", 5, 503, 0xA700}};

}  // namespace

const ErrorStatus& status_of(ErrorCode code) {
  for (const ErrorStatus& status : kStatuses) {
    if (status.code == code) return status;
  }
  return kStatuses[0];
}

int exit_code(ErrorCode code) { return status_of(code).exit_code; }
const char* code_name(ErrorCode code) { return status_of(code).name; }

void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  const char* slash = std::strrchr(file, '/');
  throw Error(ErrorCode::kInternal,
              std::string(slash ? slash + 1 : file) + ":" + std::to_string(line) + ": " + message +
                  " (check failed: " + condition + ")",
              "this is a defect of the program; please report it with this line");
}

}  // namespace radgen
