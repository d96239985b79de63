// Beam search as transformers (5.12) has it; decoding.h tells its rules.
#pragma once

#include <optional>
#include <vector>

#include "model/independent_texts.h"

namespace radgen {

class BeamSearch : public StudySearch {
 public:
  BeamSearch(const TextRules& rules, const DecodingConfig& config, int64_t limit);
  int64_t rows() const override { return config_.beam_size; }
  std::vector<Continuation> advance(const StudyStep& step) override;
  std::vector<Hypothesis> finish() override;

 private:
  struct Beam {
    Hypothesis written;
    double sum = 0;    // of log_probs and eos
    size_t begin = 0;  // of the sentence that is being written
  };
  struct Candidate {
    double sum = 0;
    int64_t beam = 0, id = 0;
    float log_prob = 0;
  };
  std::vector<Candidate> candidates(const StudyStep& step) const;
  // Empty: its sentence is not accepted.
  std::optional<Beam> extended(const Candidate& candidate, StepRow seen, bool is_checked) const;
  std::vector<Continuation> follow(const StudyStep& step, bool is_checked);
  void keep_finished(Beam beam);
  double normalised(double sum, int64_t length) const;
  bool is_full() const { return static_cast<int64_t>(finished_.size()) == config_.beam_size; }
  bool can_improve() const;

  TextRules rules_;
  DecodingConfig config_;
  int64_t limit_;
  std::vector<Beam> live_, finished_;  // finished_: the best first, beam_size at most
};

}  // namespace radgen
