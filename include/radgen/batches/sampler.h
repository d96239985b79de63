// Which studies make up which batch: a function of (seed, epoch, batch index) and nothing else, so
// that a run resumes exactly from two numbers.
//
//   BatchSampler sampler(dataset.lengths(), {.batch_size = 16, .seed = 1});
//   std::vector<size_t> studies = sampler.batch(epoch, 7);
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

namespace radgen {

struct SamplerConfig {
  size_t batch_size = 16;
  bool is_shuffled = true;
  bool drops_last = false;  // leaves out the studies that do not fill a batch
  size_t bucket_batches =
      0;  // sorts by length within so many batches, which saves padding; 0: no bucketing
  // With more than their own share of the studies, an epoch is all studies with boxes and, drawn
  // anew each time, as many others as leave them `boxed_share`. 0 or less than their own share:
  // every study once.
  double boxed_share = 0;
  std::vector<bool> is_boxed;  // a study each; may be empty without a boxed_share
  uint64_t seed = 0;
  size_t rank = 0,
         world_size =
             1;  // this process's share of every global batch; more than one needs drops_last
};

class BatchSampler {
 public:
  BatchSampler(std::vector<int64_t> lengths, const SamplerConfig& config);
  size_t batches_per_epoch() const { return batches_; }
  size_t studies_per_epoch() const { return lengths_.size() - left_out_; }
  size_t batch_size() const { return config_.batch_size; }
  // Thread safe; index < batches_per_epoch().
  std::vector<size_t> batch(uint64_t epoch, size_t index) const;

 private:
  // The epoch's studies, one global batch behind the other; only the last global batch may be
  // short.
  std::vector<size_t> epoch_order(uint64_t epoch) const;
  void bucket(std::vector<size_t>& order, uint64_t epoch) const;

  std::vector<int64_t> lengths_;
  SamplerConfig config_;
  size_t batches_ = 0, global_size_ = 1, left_out_ = 0;
  mutable std::mutex mutex_;
  mutable uint64_t cached_epoch_ = 0;
  mutable std::vector<size_t> cached_order_;  // empty: none yet
};

}  // namespace radgen
