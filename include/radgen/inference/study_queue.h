// Studies that arrive one by one, drafted in batches: up to `most_studies` that arrive within
// `delay` of the first one are encoded and written together. What is drafted does not depend on the
// company (predictor.h); only the time does.
//
//   StudyQueue queue(predictor, {.most_studies = 4, .delay = std::chrono::milliseconds(20)});
//   std::future<Draft> draft = queue.submit(study);   // from any thread
//   draft.get();                                      // or what draft() threw
//
// The predictor is used by the queue's thread alone. The destructor drafts what was submitted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "radgen/inference/predictor.h"

namespace radgen {

struct StudyQueueOptions {
  int64_t most_studies = 4;
  // How long the first study of a batch waits for others; 0: not at all.
  std::chrono::milliseconds delay{20};
};

class StudyQueue {
 public:
  // Error{kUsage} for batches that the predictor does not encode together.
  StudyQueue(std::shared_ptr<const Predictor> predictor, StudyQueueOptions options);
  ~StudyQueue();
  StudyQueue(const StudyQueue&) = delete;
  StudyQueue& operator=(const StudyQueue&) = delete;

  std::future<Draft> submit(StudyInput study);
  // Sizes of the batches so far.
  std::vector<int64_t> batches() const;

 private:
  struct Waiting {
    StudyInput study;
    std::promise<Draft> draft;
    std::chrono::steady_clock::time_point since;
  };
  std::vector<Waiting> next_batch();  // blocks; empty: the end
  void draft(std::vector<Waiting>& batch);
  void work();

  std::shared_ptr<const Predictor> predictor_;
  StudyQueueOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::vector<int64_t> batches_;
  bool is_closed_ = false;
  std::thread worker_;  // last: it uses all of the above
};

}  // namespace radgen
