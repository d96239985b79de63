// The search's SentenceChecker: a sentence is accepted when the report so far does not contradict
// itself (report/consistency.h).
//
//   const ConsistencyChecker checker(tokenizer, labeler);
//   generate(*runtime, encoded, prompts, config, {.checker = &checker});
//
// A sentence is judged by what is there; what an impression leaves out is known at the end only,
// and then the impression is written again. No prior is ever given, so that a comparison with one
// is a fault.
#pragma once

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "radgen/model/sentence_checker.h"
#include "radgen/report/labeler.h"
#include "radgen/report/tokenizer.h"

namespace radgen {

class ConsistencyChecker : public SentenceChecker {
 public:
  ConsistencyChecker(std::shared_ptr<const Tokenizer> tokenizer,
                     std::shared_ptr<const Labeler> labeler);
  // A sentence ends with ".", "!" or "?" and with a line. Behind a digit ("2.5 cm", "T4.") only the
  // next word tells.
  size_t finished(const std::vector<int64_t>& ids, size_t begin) const override;
  bool accepts(const std::vector<int64_t>& ids, size_t begin, int64_t rejections) const override;
  // Does a sentence of ids[begin..] deny one of these findings?
  bool denies(const std::vector<int64_t>& ids, size_t begin,
              const std::set<Finding>& findings) const;
  // The impression is a section.
  bool begins_section(const std::vector<int64_t>& ids) const override;
  bool accepts_end(const std::vector<int64_t>& ids) const override;

 private:
  struct Piece {
    bool begins_word = false, is_separator = false, is_stop = false;
    // Of the piece, and where it is a lone stop, of whatever is before the stop.
    bool ends_with_digit = false, has_digit_before_stop = false, is_lone_stop = false;
  };
  const Piece& piece(int64_t id) const { return pieces_[static_cast<size_t>(id)]; }

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<const Labeler> labeler_;
  std::vector<Piece> pieces_;  // of each id
};

// The same for one study, whose finding head sees `present`: a sentence that denies one of these is
// written again too, before it blocks the statement. Where that fails kGivesUpAfter times, the
// words are believed.
class StudyChecker : public SentenceChecker {
 public:
  static constexpr int64_t kGivesUpAfter = 4;
  StudyChecker(const ConsistencyChecker& checker, std::set<Finding> present)
      : checker_(checker), present_(std::move(present)) {}
  size_t finished(const std::vector<int64_t>& ids, size_t begin) const override {
    return checker_.finished(ids, begin);
  }
  bool accepts(const std::vector<int64_t>& ids, size_t begin, int64_t rejections) const override {
    return checker_.accepts(ids, begin, rejections) &&
           (rejections >= kGivesUpAfter || !checker_.denies(ids, begin, present_));
  }
  bool begins_section(const std::vector<int64_t>& ids) const override {
    return checker_.begins_section(ids);
  }
  bool accepts_end(const std::vector<int64_t>& ids) const override {
    return checker_.accepts_end(ids);
  }

 private:
  const ConsistencyChecker& checker_;
  std::set<Finding> present_;
};

// Contradictions of a whole report, by how bad they are for the choice among samples: `faults` are
// those that the search avoids, `omissions` what its impression leaves out.
struct ReportFaults {
  int64_t faults = 0, omissions = 0;
};
ReportFaults report_faults(const std::string& text, const std::vector<Mention>& mentions);

}  // namespace radgen
