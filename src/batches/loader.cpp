#include "radgen/batches/loader.h"

#include <algorithm>
#include <limits>

#include "radgen/core/error.h"

namespace radgen {

BatchLoader::BatchLoader(const Dataset& dataset, const BatchSampler& sampler,
                         const LoaderConfig& config, LoaderPosition start)
    : dataset_(dataset), sampler_(sampler), config_(config) {
  const auto per_epoch = static_cast<int64_t>(sampler.batches_per_epoch());
  RADGEN_CHECK(start.epoch >= 0 && start.batch_in_epoch >= 0 && start.batch_in_epoch <= per_epoch,
               "a loader starts within an epoch");
  next_out_ = next_in_ = static_cast<uint64_t>(start.epoch * per_epoch + start.batch_in_epoch);
  end_ = config_.repeats ? std::numeric_limits<uint64_t>::max()
                         : static_cast<uint64_t>((start.epoch + 1) * per_epoch);
  for (int i = 0; i < std::max(1, config_.threads); ++i) threads_.emplace_back([this] { work(); });
}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard lock(mutex_);
    must_stop_ = true;
  }
  has_room_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

LoaderPosition BatchLoader::position_of(uint64_t number) const {
  const uint64_t per_epoch = sampler_.batches_per_epoch();
  return {static_cast<int64_t>(number / per_epoch), static_cast<int64_t>(number % per_epoch)};
}

LoaderPosition BatchLoader::position() const { return position_of(next_out_); }

Batch BatchLoader::make(uint64_t number) const {
  const LoaderPosition position = position_of(number);
  const auto epoch = static_cast<uint64_t>(position.epoch);
  std::vector<Sample> samples;
  for (const size_t i : sampler_.batch(epoch, static_cast<size_t>(position.batch_in_epoch))) {
    samples.push_back(dataset_.sample(i, {config_.augment, config_.seed, epoch}));
  }
  Batch batch = collate(samples);
  batch.epoch = position.epoch;
  batch.index_in_epoch = position.batch_in_epoch;
  return batch;
}

void BatchLoader::work() {
  const uint64_t window =
      std::max<size_t>(1, config_.prefetch) + static_cast<uint64_t>(std::max(1, config_.threads));
  while (true) {
    uint64_t number = 0;
    {
      std::unique_lock lock(mutex_);
      has_room_.wait(
          lock, [&] { return must_stop_ || next_in_ >= end_ || next_in_ < next_out_ + window; });
      if (must_stop_ || next_in_ >= end_) return;
      number = next_in_++;
    }
    Slot slot;
    try {
      slot.batch = make(number);
    } catch (...) {
      slot.failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    ready_.emplace(number, std::move(slot));
    has_batch_.notify_one();
  }
}

std::optional<Batch> BatchLoader::next() {
  Slot slot;
  {
    std::unique_lock lock(mutex_);
    if (next_out_ >= end_) return std::nullopt;
    has_batch_.wait(lock, [&] { return ready_.count(next_out_) > 0; });
    auto node = ready_.extract(next_out_);
    slot = std::move(node.mapped());
    ++next_out_;
  }
  has_room_.notify_all();
  if (slot.failure) std::rethrow_exception(slot.failure);
  return std::move(slot.batch);
}

}  // namespace radgen
