// What label-radgen --evaluate shows of labeler_agreement.h.
#include <fmt/format.h>

#include "radgen/report/labeler_agreement.h"

namespace radgen {
namespace {

nlohmann::ordered_json json_of(const Agreement& a) {
  return {{"precision", a.precision()}, {"recall", a.recall()}, {"f1", a.f1()},
          {"right", a.right},           {"wrong", a.wrong},     {"missed", a.missed}};
}

nlohmann::ordered_json json_of(const AgreementSummary& s) {
  auto json = json_of(s.micro);
  json["f1_macro"] = s.macro_f1;
  return json;
}

std::string row(const std::string& name, const Agreement& ours, const Agreement& baseline) {
  return fmt::format("{:<28} {:>9.3f} {:>6.3f} {:>6.3f} {:>6} | {:>8.3f} {:>6.3f} {:>6.3f}\n", name,
                     ours.precision(), ours.recall(), ours.f1(), ours.right + ours.missed,
                     baseline.precision(), baseline.recall(), baseline.f1());
}

}  // namespace

std::string agreement_text(const GoldAgreement& agreement) {
  std::string out =
      fmt::format("{} reports, positive findings; on the right the keyword-and-negation baseline\n",
                  agreement.reports);
  out += fmt::format("{:<28} {:>9} {:>6} {:>6} {:>6} | {:>8} {:>6} {:>6}\n", "class", "precision",
                     "recall", "F1", "n", "prec.", "recall", "F1");
  for (const ClassAgreement& one : agreement.classes) {
    if (one.is_same) out += row(one.name, one.ours, one.baseline);
  }
  out += row("micro", agreement.ours.micro, agreement.baseline.micro);
  out += fmt::format("{:<28} {:>9} {:>6} {:>6.3f} {:>6} | {:>8} {:>6} {:>6.3f}\n", "macro", "", "",
                     agreement.ours.macro_f1, "", "", "", agreement.baseline.macro_f1);
  bool is_first = true;
  for (const ClassAgreement& one : agreement.classes) {
    if (one.is_same) continue;
    if (is_first) out += "classes that mean something else here (in no mean):\n";
    is_first = false;
    out += row(one.name + " as " + finding_name(one.finding), one.ours, one.baseline);
  }
  return out;
}

std::string agreement_text(const SpanAgreement& agreement, size_t max_differences) {
  std::string out = fmt::format(
      "mention spans: F1 {:.4f}; {} of our {} matched, {} of their {} matched\n"
      "without the {} of theirs that stand inside a longer word: F1 {:.4f}\n",
      agreement.f1(), agreement.ours_matched, agreement.ours, agreement.theirs_matched,
      agreement.theirs, agreement.theirs_inside_words, agreement.f1_of_words());
  size_t count = 0;
  for (const SpanDifference& one : agreement.differences) {
    if (max_differences == 0) break;
    if (count++ == max_differences) {
      out += fmt::format("  ... and {} more\n", agreement.differences.size() - max_differences);
      break;
    }
    out += fmt::format("  {:<7} {:<27} {}: {}{}\n", one.is_missed ? "theirs" : "ours",
                       finding_name(one.finding), one.id, one.words,
                       one.is_inside_word ? "  (inside a word)" : "");
  }
  return out;
}

nlohmann::ordered_json agreement_json(const GoldAgreement& agreement) {
  nlohmann::ordered_json json{{"reports", agreement.reports},
                              {"labeler", json_of(agreement.ours)},
                              {"baseline", json_of(agreement.baseline)}};
  for (const ClassAgreement& one : agreement.classes) {
    json["classes"][one.name] = {{"finding", finding_name(one.finding)},
                                 {"counts", one.is_same},
                                 {"labeler", json_of(one.ours)},
                                 {"baseline", json_of(one.baseline)}};
  }
  return json;
}

nlohmann::ordered_json agreement_json(const SpanAgreement& agreement) {
  return {{"f1", agreement.f1()},
          {"ours", agreement.ours},
          {"ours_matched", agreement.ours_matched},
          {"theirs", agreement.theirs},
          {"theirs_matched", agreement.theirs_matched},
          {"theirs_inside_words", agreement.theirs_inside_words},
          {"f1_of_words", agreement.f1_of_words()}};
}

}  // namespace radgen
