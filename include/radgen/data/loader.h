// Batches made ahead on threads while the network works; always the same ones in the same order.
//
//   BatchLoader loader(dataset, sampler, {.threads = 2, .augment = &augment, .seed = 1}, position);
//   while (auto batch = loader.next()) step(*batch);   // with .repeats = false: one epoch
//   save(loader.position());                           // of the batch that next() gives now
//
// Sampler, dataset and augment config must outlive the loader. next() is for one thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "radgen/data/batch.h"
#include "radgen/data/dataset.h"
#include "radgen/data/sampler.h"

namespace radgen {

struct LoaderPosition {
  int64_t epoch = 0;
  int64_t batch_in_epoch = 0;
  bool operator==(const LoaderPosition&) const = default;
};

struct LoaderConfig {
  int threads = 1;      // at least 1
  size_t prefetch = 4;  // batches that may wait ready, besides those in the making
  const AugmentConfig* augment = nullptr;  // null: images as they are
  uint64_t seed = 0;                       // of the augmentation
  bool repeats = true;  // false: next() gives nothing after the first epoch's end
};

class BatchLoader {
 public:
  BatchLoader(const Dataset& dataset, const BatchSampler& sampler, const LoaderConfig& config,
              LoaderPosition start = {});
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // Waits for the next batch. Rethrows what making it threw (an image that cannot be read:
  // Error{kData}); the loader is of no use after that.
  std::optional<Batch> next();
  LoaderPosition position() const;

 private:
  struct Slot {
    std::optional<Batch> batch;
    std::exception_ptr failure;
  };
  void work();
  Batch make(uint64_t number) const;
  LoaderPosition position_of(uint64_t number) const;  // number: batches since epoch 0

  const Dataset& dataset_;
  const BatchSampler& sampler_;
  const LoaderConfig config_;
  uint64_t next_out_, next_in_, end_;
  std::map<uint64_t, Slot> ready_;
  bool must_stop_ = false;
  std::mutex mutex_;
  std::condition_variable has_room_, has_batch_;
  std::vector<std::thread> threads_;
};

}  // namespace radgen
