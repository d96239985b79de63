// What is known before the image is read (age, sex, indication) as prefix tokens of the report.
//
//   // <age_senior> <female> <indication> ... <report>; then the report's bos. Not in the loss.
//   std::vector<int64_t> prefix =
//       prompt_ids(tokenizer, {.age_years = 71, .sex = "F", .indication = "cough"}, 48);
//
// The ids 5..12 are reserved in every tokenizer that Tokenizer::train() writes; they never come
// from text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "radgen/report/tokenizer.h"

namespace radgen {

inline constexpr int64_t kAgeYoungId = 5;   // under 40 years
inline constexpr int64_t kAgeMiddleId = 6;  // 40 to 59
inline constexpr int64_t kAgeSeniorId = 7;  // 60 to 79
inline constexpr int64_t kAgeOldId = 8;     // 80 and over
inline constexpr int64_t kFemaleId = 9, kMaleId = 10;
inline constexpr int64_t kIndicationId = 11;  // the indication's own tokens follow
inline constexpr int64_t kReportId = 12;      // ends the prompt
inline constexpr int64_t kFirstTextId = 13;   // ids from here on may come from text

// The pieces of ids 4..12 in this order, as they are named in tokenizer.model.
const std::array<std::string, 9>& reserved_pieces();

struct Prompt {
  std::optional<double> age_years;
  std::string sex;         // "M", "F" (any case, also "male", "female"); anything else: unknown
  std::string indication;  // empty: unknown
};

// At most `max_tokens` ids, the indication is cut where there is no room; empty when nothing is
// known or nothing fits.
std::vector<int64_t> prompt_ids(const Tokenizer& tokenizer, const Prompt& prompt,
                                int64_t max_tokens);

}  // namespace radgen
