#include "radgen/phantom/words.h"

#include <algorithm>

#include "dictation.h"

namespace radgen::phantom {
namespace {

enum WordStream : uint64_t { kReportStream = 31, kOracleStream = 32, kWordingStream = 33 };

}  // namespace

SpokenReport speak(const StudyTruth& truth, Wording wording, const WordsOptions& options,
                   uint64_t stream, bool is_faithful) {
  const Random random(options.seed, {stream, hash_text(truth.study_id)});
  const Random study(options.seed, {kWordingStream, hash_text(truth.study_id)});
  return Dictation(truth, wording, options, random, study, is_faithful).run();
}

SpokenReport write_words(StudyTruth& truth, const WordsOptions& options) {
  const Wording wording = truth.split == "test_wording" ? Wording::kHeldOut : Wording::kTraining;
  SpokenReport report = speak(truth, wording, options, kReportStream, /*is_faithful=*/false);
  const SpokenReport oracle = speak(truth, wording, options, kOracleStream, /*is_faithful=*/true);
  truth.findings_text = report.findings;
  truth.impression_text = report.impression;
  truth.oracle_text = oracle.findings + "\n" + oracle.impression;
  for (size_t i = 0; i < truth.findings.size(); ++i) {
    truth.findings[i].is_mentioned = report.is_mentioned[i];
    truth.findings[i].is_hedged = report.is_hedged[i];
  }
  return report;
}

std::string phrase_of(const SpokenReport& report, size_t index) {
  for (const SpokenSentence& s : report.sentences) {
    if (std::find(s.findings.begin(), s.findings.end(), index) == s.findings.end()) continue;
    std::string phrase = s.text;
    if (!phrase.empty() && phrase.back() == '.') phrase.pop_back();
    return phrase;
  }
  return "";
}

}  // namespace radgen::phantom
