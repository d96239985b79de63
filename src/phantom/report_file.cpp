// The report file in MIMIC-CXR's form: header = newline, one space, capitals, colon.
#include <fmt/core.h>

#include <algorithm>

#include "radgen/core/random.h"
#include "radgen/phantom/words.h"

namespace radgen::phantom {
namespace {

constexpr size_t kLineWidth = 76;

// Lines of at most kLineWidth, each behind one space, as in the real files.
std::string wrapped(const std::string& text) {
  std::string out, line;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && line.size() + 1 + word.size() > kLineWidth) {
      out += " " + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return out + " " + line + "\n";
}

// "1. Small right pleural effusion." a line: how some write an impression of several sentences.
std::string numbered(const SpokenReport& report) {
  std::string out;
  int number = 0;
  for (const SpokenSentence& s : report.sentences) {
    if (s.is_impression) out += wrapped(fmt::format("{}. {}", ++number, s.text));
  }
  return out;
}

}  // namespace

std::string mimic_report_text(const StudyTruth& truth, const SpokenReport& report) {
  Random random(hash_text("report file"), {hash_text(truth.study_id)});
  std::string text(33, ' ');
  text += "FINAL REPORT\n";
  text += fmt::format(" EXAMINATION:  {}\n \n", truth.is_ap ? "CHEST (PORTABLE AP)" : "CHEST (PA)");
  text += fmt::format(" INDICATION:  {}\n \n", truth.indication);
  if (!report.findings.empty() && random.chance(0.5)) {
    text += fmt::format(" TECHNIQUE:  {} view of the chest.\n \n", truth.is_supine ? "Supine AP"
                                                                   : truth.is_ap   ? "Portable AP"
                                                                                   : "PA");
  }
  text += fmt::format(" COMPARISON:  {}\n \n",
                      report.refers_to_prior ? "Chest radiograph ___." : "None.");
  if (!report.findings.empty()) text += " FINDINGS: \n \n" + wrapped(report.findings) + " \n";
  const auto items =
      std::count_if(report.sentences.begin(), report.sentences.end(),
                    [](const SpokenSentence& sentence) { return sentence.is_impression; });
  const bool is_numbered = items > 1 && random.chance(0.3);
  text += " IMPRESSION: \n \n" + (is_numbered ? numbered(report) : wrapped(report.impression));
  return text;
}

}  // namespace radgen::phantom
