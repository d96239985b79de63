#include "radgen/inference/study_queue.h"

#include <fmt/format.h>

#include <algorithm>

#include "radgen/core/error.h"

namespace radgen {

StudyQueue::StudyQueue(std::shared_ptr<const Predictor> predictor, StudyQueueOptions options)
    : predictor_(std::move(predictor)), options_(options) {
  if (options_.most_studies < 1 || options_.most_studies > predictor_->batch_size())
    throw Error(ErrorCode::kUsage,
                fmt::format("batches of {} studies, the predictor encodes up to {} together",
                            options_.most_studies, predictor_->batch_size()),
                "raise PredictorOptions::batch_size, or lower StudyQueueOptions::most_studies");
  worker_ = std::thread([this] { work(); });
}

StudyQueue::~StudyQueue() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

std::future<Draft> StudyQueue::submit(StudyInput study) {
  Waiting waiting{std::move(study), {}, std::chrono::steady_clock::now()};
  std::future<Draft> draft = waiting.draft.get_future();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(waiting));
  }
  changed_.notify_all();
  return draft;
}

std::vector<int64_t> StudyQueue::batches() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

std::vector<StudyQueue::Waiting> StudyQueue::next_batch() {
  const auto most = static_cast<size_t>(options_.most_studies);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_closed_ || !waiting_.empty(); });
  if (waiting_.empty()) return {};
  // Counted from the study's arrival: what waited while others were drafted waits no longer.
  changed_.wait_until(lock, waiting_.front().since + options_.delay,
                      [&] { return is_closed_ || waiting_.size() >= most; });
  std::vector<Waiting> batch;
  while (!waiting_.empty() && batch.size() < most) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  batches_.push_back(static_cast<int64_t>(batch.size()));
  return batch;
}

void StudyQueue::draft(std::vector<Waiting>& batch) {
  std::vector<StudyInput> studies;
  for (Waiting& waiting : batch) studies.push_back(std::move(waiting.study));
  std::vector<Draft> drafts;
  try {
    drafts = predictor_->draft(studies);
  } catch (...) {
    for (Waiting& waiting : batch) waiting.draft.set_exception(std::current_exception());
    return;
  }
  for (size_t i = 0; i < batch.size(); ++i) batch[i].draft.set_value(std::move(drafts[i]));
}

void StudyQueue::work() {
  for (auto batch = next_batch(); !batch.empty(); batch = next_batch()) draft(batch);
}

}  // namespace radgen
