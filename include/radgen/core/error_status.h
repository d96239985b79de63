// What an error means to whoever called: one row a code, for a process, an HTTP client and a DICOM
// peer.
//
//   return status_of(error.code()).http;      // 422 for data that cannot be used
#pragma once

#include <cstdint>

#include "radgen/core/error.h"

namespace radgen {

struct ErrorStatus {
  ErrorCode code;
  const char* name;  // "config", as in "error[config]: ..." and in --json
  int exit_code;
  int http;        // RFC 9110
  uint16_t dimse;  // of a C-STORE response: PS3.4 B.2.3, PS3.7 annex C
};

const ErrorStatus& status_of(ErrorCode code);

}  // namespace radgen
