#include "radgen/batches/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "radgen/core/error.h"
#include "radgen/core/random.h"

namespace radgen {
namespace {
constexpr uint64_t kOrderStream = 0x6f726472, kBucketStream = 0x62636b74;

// How many studies without boxes an epoch leaves out.
size_t left_out(const SamplerConfig& config, size_t studies) {
  RADGEN_CHECK(config.boxed_share >= 0 && config.boxed_share <= 1, "boxed_share is a share");
  if (config.boxed_share == 0) return 0;
  RADGEN_CHECK(config.is_boxed.size() == studies, "boxed_share needs to know who has boxes");
  const auto boxed =
      static_cast<double>(std::count(config.is_boxed.begin(), config.is_boxed.end(), true));
  const double others = std::ceil(boxed * (1 - config.boxed_share) / config.boxed_share);
  const double all = static_cast<double>(studies) - boxed;
  return boxed == 0 || others >= all ? 0 : static_cast<size_t>(all - others);
}
}  // namespace

BatchSampler::BatchSampler(std::vector<int64_t> lengths, const SamplerConfig& config)
    : lengths_(std::move(lengths)),
      config_(config),
      global_size_(config.batch_size * config.world_size) {
  RADGEN_CHECK(config_.batch_size > 0 && config_.rank < config_.world_size, "batch size and rank");
  RADGEN_CHECK(config_.world_size == 1 || config_.drops_last,
               "processes must get batches of one size: drops_last");
  left_out_ = left_out(config_, lengths_.size());
  batches_ = config_.drops_last ? studies_per_epoch() / global_size_
                                : (studies_per_epoch() + global_size_ - 1) / global_size_;
  if (batches_ == 0) {
    throw Error(ErrorCode::kData, "there are fewer studies than one batch holds",
                "take a smaller batch size");
  }
}

std::vector<size_t> BatchSampler::batch(uint64_t epoch, size_t index) const {
  RADGEN_CHECK(index < batches_, "batch index beyond the epoch");
  const std::lock_guard lock(mutex_);
  if (cached_order_.empty() || cached_epoch_ != epoch) {
    cached_order_ = epoch_order(epoch);
    cached_epoch_ = epoch;
  }
  const size_t begin = index * global_size_ + config_.rank * config_.batch_size;
  const size_t end = std::min(begin + config_.batch_size, cached_order_.size());
  return {cached_order_.begin() + static_cast<std::ptrdiff_t>(begin),
          cached_order_.begin() + static_cast<std::ptrdiff_t>(end)};
}

std::vector<size_t> BatchSampler::epoch_order(uint64_t epoch) const {
  std::vector<size_t> order(lengths_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (config_.is_shuffled) Random(config_.seed, {epoch, kOrderStream}).shuffle(order);
  size_t to_leave = left_out_;
  std::erase_if(order, [&](size_t study) {
    return to_leave > 0 && !config_.is_boxed[study] && to_leave-- > 0;
  });
  if (config_.drops_last) order.resize(batches_ * global_size_);
  if (config_.bucket_batches > 0) bucket(order, epoch);
  return order;
}

// Sorts windows of some batches by length, then shuffles the full batches, so that lengths do not
// come in waves.
void BatchSampler::bucket(std::vector<size_t>& order, uint64_t epoch) const {
  const size_t window = config_.bucket_batches * global_size_;
  for (size_t begin = 0; begin < order.size(); begin += window) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last =
        order.begin() + static_cast<std::ptrdiff_t>(std::min(begin + window, order.size()));
    std::stable_sort(first, last, [&](size_t a, size_t b) { return lengths_[a] < lengths_[b]; });
  }
  if (!config_.is_shuffled) return;
  std::vector<size_t> full(order.size() / global_size_);
  std::iota(full.begin(), full.end(), size_t{0});
  Random(config_.seed, {epoch, kBucketStream}).shuffle(full);
  std::vector<size_t> mixed;
  mixed.reserve(order.size());
  for (const size_t b : full) {
    const auto first = order.begin() + static_cast<std::ptrdiff_t>(b * global_size_);
    mixed.insert(mixed.end(), first, first + static_cast<std::ptrdiff_t>(global_size_));
  }
  mixed.insert(mixed.end(), order.begin() + static_cast<std::ptrdiff_t>(mixed.size()), order.end());
  order = std::move(mixed);
}

}  // namespace radgen
