// Asks somebody who understands the words whether a sentence may follow what a text says already.
// The search (decoding.h) calls it while it writes, and writes a rejected sentence again.
//
//   struct NoSecondHeart : SentenceChecker { ... };
//   generate(*runtime, encoded, prompts, config, {.checkers = {&checker}});
//
// The network's layer knows ids alone: what they mean is known to whoever implements this
// (inference/consistency_checker.h). Calls must depend on their arguments alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace radgen {

class SentenceChecker {
 public:
  virtual ~SentenceChecker() = default;
  // How many of `ids` belong to sentences that are finished. Called after each new id; the sentence
  // that is being written begins at `begin`. Where only the next word tells that a sentence was at
  // its end ("measures 2." may go on with "5 cm"), this is one less than ids.size().
  virtual size_t finished(const std::vector<int64_t>& ids, size_t begin) const = 0;
  // May the sentence ids[begin..] stand behind ids[..begin]? `rejections`: how often a sentence was
  // rejected in this place already, for rules that may be given up.
  virtual bool accepts(const std::vector<int64_t>& ids, size_t begin, int64_t rejections) const = 0;

  // Some faults are known at the end only: what is missing. Sampling then writes a section again,
  // as often as half of the sentences' retries; what comes last is kept.
  // Does a section begin behind the finished sentences `ids`?
  virtual bool begins_section(const std::vector<int64_t>&) const { return false; }
  // May the text end here? Else: false, and what was written of the section goes.
  virtual bool accepts_end(const std::vector<int64_t>&) const { return true; }
};

}  // namespace radgen
