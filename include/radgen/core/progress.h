// Progress of a long job on stderr: a live line with rate and ETA on a terminal, a line now and
// then otherwise. Thread safe. Log lines written meanwhile do not tear the bar.
//
//   Progress progress("preparing", studies.size(), "studies");
//   parallel_for(..., [&](size_t i) { ...; progress.advance(); });
//   progress.finish();
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace radgen {

class Progress {
 public:
  Progress(std::string label, int64_t total, std::string unit);  // total 0: unknown
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void advance(int64_t count = 1);
  void set_note(const std::string& note);  // shown behind the rate: "loss 2.31  lr 3.0e-04"
  void finish();                           // prints the final line with the mean rate, once
  double elapsed_s() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace radgen
