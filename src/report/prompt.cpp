#include "radgen/report/prompt.h"

#include "radgen/report/text.h"
#include "report/characters.h"

namespace radgen {

const std::array<std::string, 9>& reserved_pieces() {
  static const std::array<std::string, 9> pieces{"<separator>",  "<age_young>",  "<age_middle>",
                                                 "<age_senior>", "<age_old>",    "<female>",
                                                 "<male>",       "<indication>", "<report>"};
  return pieces;
}

std::vector<int64_t> prompt_ids(const Tokenizer& tokenizer, const Prompt& prompt,
                                int64_t max_tokens) {
  std::vector<int64_t> ids;
  if (prompt.age_years && *prompt.age_years >= 0) {
    const double age = *prompt.age_years;
    ids.push_back(age < 40   ? kAgeYoungId
                  : age < 60 ? kAgeMiddleId
                  : age < 80 ? kAgeSeniorId
                             : kAgeOldId);
  }
  const std::string sex = lower_case(trim(prompt.sex));
  if (sex == "f" || sex == "female") ids.push_back(kFemaleId);
  if (sex == "m" || sex == "male") ids.push_back(kMaleId);
  const auto room = [&] {
    return max_tokens - 1 - static_cast<int64_t>(ids.size());
  };  // 1: <report>
  const std::string indication = clean_text(prompt.indication);
  if (!indication.empty() && room() >= 2) {
    ids.push_back(kIndicationId);
    for (int64_t id : tokenizer.encode_ids(indication)) {
      if (room() < 1) break;
      ids.push_back(id);
    }
  }
  if (ids.empty() || room() < 0) return {};
  ids.push_back(kReportId);
  return ids;
}

}  // namespace radgen
