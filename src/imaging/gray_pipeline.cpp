#include "imaging/gray_pipeline.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace radgen {
namespace {

constexpr size_t kWords = 65536;

Failure flat() { return {"flat_image", "all pixels have the same value"}; }

// What each possible 16-bit cell means as a stored value.
std::vector<int> stored_value_of_word(const PixelFormat& format, bool may_overshoot) {
  const int shift = format.high_bit + 1 - format.bits_stored;
  const int mask = (1 << format.bits_stored) - 1, sign = 1 << (format.bits_stored - 1);
  std::vector<int> values(kWords);
  for (size_t word = 0; word < kWords; ++word) {
    const int shifted = static_cast<int>(word) >> shift;
    int value = may_overshoot ? std::min(shifted, mask) : shifted & mask;
    if (format.is_signed) value = (value ^ sign) - sign;
    values[word] = value;
  }
  return values;
}

std::vector<uint32_t> count_words(const cv::Mat& words) {
  // Four counters side by side: neighbours are often equal, and one counter would wait for itself.
  std::vector<uint32_t> counts(4 * kWords, 0);
  const size_t total = words.total();
  const auto* word = words.ptr<uint16_t>();
  size_t i = 0;
  for (; i + 4 <= total; i += 4)
    for (size_t k = 0; k < 4; ++k) ++counts[k * kWords + word[i + k]];
  for (; i < total; ++i) ++counts[word[i]];
  for (size_t w = 0; w < kWords; ++w)
    counts[w] += counts[kWords + w] + counts[2 * kWords + w] + counts[3 * kWords + w];
  counts.resize(kWords);
  return counts;
}

bool is_padding(const PixelFormat& format, int stored_value) {
  return format.padding_low && stored_value >= *format.padding_low &&
         stored_value <= *format.padding_high;
}

// An image as a histogram of words and what each word means; what the tables are made of.
struct WordTable {
  std::vector<int> stored;       // word -> stored value
  std::vector<uint32_t> counts;  // word -> pixels
  std::vector<uint16_t> used;    // words that occur and are no padding
};

WordTable tabulate(const StoredPixels& pixels, const PixelFormat& format) {
  WordTable table{
      stored_value_of_word(format, pixels.may_overshoot), count_words(pixels.words), {}};
  for (size_t word = 0; word < kWords; ++word)
    if (table.counts[word] > 0 && !is_padding(format, table.stored[word]))
      table.used.push_back(static_cast<uint16_t>(word));
  return table;
}

bool is_flat(const WordTable& table) {
  return std::all_of(table.used.begin(), table.used.end(), [&](uint16_t word) {
    return table.stored[word] == table.stored[table.used.front()];
  });
}

double look_up(const LookUpTable& table, double input) {
  const double index = std::clamp(std::floor(input + 0.5) - table.first, 0.0,
                                  static_cast<double>(table.entries.size() - 1));
  return table.entries[static_cast<size_t>(index)];
}

double modality_value(const GrayTransform& gray, int stored_value) {
  return gray.modality ? look_up(*gray.modality, stored_value)
                       : gray.slope * stored_value + gray.intercept;
}

// The values below and above which kPercentileShare of the pixels lie. Counted from both ends
// alike, so that an image and its negative get the same range.
std::pair<double, double> robust_range(const WordTable& table, const std::vector<double>& values) {
  std::vector<uint16_t> order = table.used;
  std::sort(order.begin(), order.end(),
            [&](uint16_t a, uint16_t b) { return values[a] < values[b]; });
  const double total =
      std::accumulate(order.begin(), order.end(), 0.0,
                      [&](double sum, uint16_t word) { return sum + table.counts[word]; });
  const auto cut = [&](auto begin, auto end) {
    double seen = 0;
    for (auto word = begin; word != end; ++word)
      if ((seen += table.counts[*word]) > kPercentileShare * total) return values[*word];
    return values[*std::prev(end)];
  };
  const double low = cut(order.begin(), order.end()), high = cut(order.rbegin(), order.rend());
  // A film of nearly one value: its extremes.
  if (high <= low) return {values[order.front()], values[order.back()]};
  return {low, high};
}

// The output that is white. The descriptor's third value says how entries are stored, not always
// how many bits they use (C.11.2.1.1 breaks here in practice): tables that never reach half of the
// stated range are scaled by their own bits, and entries beyond it count as they are.
double white_of(const LookUpTable& table, std::vector<std::string>& warnings) {
  const unsigned largest = *std::max_element(table.entries.begin(), table.entries.end());
  const double stated = std::ldexp(1.0, table.bits) - 1;
  const int used_bits = std::max(1, static_cast<int>(std::bit_width(largest)));
  if (used_bits >= table.bits) return std::max(stated, static_cast<double>(largest));
  warnings.push_back("voi_lut_narrower_than_declared");
  return std::ldexp(1.0, used_bits) - 1;
}

// Word -> brightness 0..1 before inversion; only used words are filled in.
std::vector<double> brightness(const WordTable& table, const GrayTransform& gray,
                               const std::vector<double>& values,
                               std::vector<std::string>& warnings) {
  std::vector<double> result(kWords, 0);
  // Whether the function tells the values apart that occur.
  const auto fill = [&](auto&& function) {
    for (const uint16_t word : table.used)
      result[word] = std::clamp(function(values[word]), 0.0, 1.0);
    return std::any_of(table.used.begin(), table.used.end(),
                       [&](uint16_t word) { return result[word] != result[table.used.front()]; });
  };
  for (const LookUpTable& voi : gray.voi) {
    std::vector<std::string> notes;
    const double white = white_of(voi, notes);
    if (!fill([&](double value) { return look_up(voi, value) / white; })) continue;
    warnings.insert(warnings.end(), notes.begin(), notes.end());
    return result;
  }
  if (!gray.voi.empty()) warnings.push_back("voi_lut_outside_data");
  for (const Window& window : gray.windows)
    if (fill([&](double value) { return apply_window(window, value); })) return result;
  if (!gray.windows.empty()) warnings.push_back("window_outside_data");
  const auto [low, high] = robust_range(table, values);
  const double range = high - low;
  fill([low = low, range](double value) { return range > 0 ? (value - low) / range : 0.5; });
  return result;
}

cv::Mat map_words(const cv::Mat& words, const std::vector<uint16_t>& table) {
  cv::Mat image(words.size(), CV_16UC1);
  std::transform(words.ptr<uint16_t>(), words.ptr<uint16_t>() + words.total(),
                 image.ptr<uint16_t>(), [&](uint16_t word) { return table[word]; });
  return image;
}

}  // namespace

double apply_window(const Window& window, double value) {
  switch (window.function) {
    case Window::Function::kSigmoid:
      return 1 / (1 + std::exp(-4 * (value - window.center) / window.width));
    case Window::Function::kLinearExact:
      return std::clamp((value - window.center) / window.width + 0.5, 0.0, 1.0);
    case Window::Function::kLinear:
      break;
  }
  const double center = window.center - 0.5, width = window.width - 1;
  if (value <= center - width / 2) return 0;
  if (value > center + width / 2) return 1;
  return (value - center) / width + 0.5;
}

Result<cv::Mat> gray_from_stored(const StoredPixels& stored, const PixelFormat& format,
                                 const GrayTransform& gray, std::vector<std::string>& warnings) {
  const WordTable table = tabulate(stored, format);
  if (table.used.empty() || is_flat(table)) return flat();
  std::vector<double> values(kWords, 0);
  for (const uint16_t word : table.used) values[word] = modality_value(gray, table.stored[word]);
  const std::vector<double> bright = brightness(table, gray, values, warnings);
  std::vector<uint16_t> map(kWords, 0);
  for (const uint16_t word : table.used) {
    const double shown = gray.is_inverse ? 1 - bright[word] : bright[word];
    map[word] = static_cast<uint16_t>(std::lround(shown * 65535));
  }
  return map_words(stored.words, map);
}

Result<cv::Mat> mimic_jpg_from_stored(const StoredPixels& stored, const PixelFormat& format,
                                      bool is_inverse) {
  PixelFormat unpadded = format;
  unpadded.padding_low.reset();  // its makers did not look at padding
  const WordTable table = tabulate(stored, unpadded);
  if (is_flat(table)) return flat();
  const auto [lowest, highest] = std::minmax_element(
      table.used.begin(), table.used.end(),
      [&](uint16_t a, uint16_t b) { return table.stored[a] < table.stored[b]; });
  const double low = table.stored[*lowest], range = table.stored[*highest] - low;
  std::vector<uint16_t> map(kWords, 0);
  for (const uint16_t word : table.used) {
    const auto byte =
        static_cast<uint16_t>((table.stored[word] - low) / range * 255);  // cut off, as there
    map[word] = is_inverse ? static_cast<uint16_t>(255 - byte) : byte;
  }
  cv::Mat bytes, equalized, image;
  map_words(stored.words, map).convertTo(bytes, CV_8U);
  cv::equalizeHist(bytes, equalized);
  equalized.convertTo(image, CV_16U, 257);
  return image;
}

}  // namespace radgen
