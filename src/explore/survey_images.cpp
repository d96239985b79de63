#include <cmath>
#include <opencv2/core.hpp>

#include "radgen/core/parallel.h"
#include "radgen/explore/survey.h"
#include "radgen/imaging/image.h"

namespace radgen::explore {
namespace {

struct GreyFacts {
  bool is_read = false;
  double mean = 0, deviation = 0, black = 0, white = 0;
  std::vector<double> histogram;
};

GreyFacts grey_of(const std::filesystem::path& path, size_t bins) {
  GreyFacts facts;
  const auto image = read_png16(path);
  if (!image || image->empty()) return facts;
  std::vector<size_t> counts(bins, 0);
  double sum = 0, squares = 0;
  size_t black = 0, white = 0;
  for (int y = 0; y < image->rows; ++y) {
    const auto* row = image->ptr<uint16_t>(y);
    for (int x = 0; x < image->cols; ++x) {
      const double v = row[x] / 65535.0;
      sum += v;
      squares += v * v;
      black += row[x] == 0;
      white += row[x] == 65535;
      ++counts[static_cast<size_t>(row[x]) * bins / 65536];
    }
  }
  const auto n = static_cast<double>(image->total());
  facts.is_read = true;
  facts.mean = sum / n;
  facts.deviation = std::sqrt(std::max(0.0, squares / n - facts.mean * facts.mean));
  facts.black = static_cast<double>(black) / n;
  facts.white = static_cast<double>(white) / n;
  for (size_t count : counts) facts.histogram.push_back(static_cast<double>(count) / n);
  return facts;
}

}  // namespace

void survey_images(const std::vector<ManifestEntry>& entries, const std::filesystem::path& data_dir,
                   const ImageOptions& options, Survey& survey) {
  ImageSurvey& out = survey.images;
  std::vector<size_t> with_image;
  for (size_t i = 0; i < entries.size(); ++i) {
    const ManifestEntry& entry = entries[i];
    if (entry.image.empty()) continue;
    with_image.push_back(i);
    out.widths.push_back(entry.width);
    out.heights.push_back(entry.height);
    if (entry.pixel_spacing_mm > 0) out.spacing_mm.push_back(entry.pixel_spacing_mm);
    ++out.photometric[entry.photometric];
    if (entry.source_columns > 0) {
      ++out.source_sizes[std::to_string(entry.source_columns) + " x " +
                         std::to_string(entry.source_rows)];
    }
  }
  const size_t count = std::min(options.max_images, with_image.size());
  std::vector<GreyFacts> facts(count);
  parallel_for(count, options.threads, [&](size_t i) {
    const ManifestEntry& entry = entries[with_image[i * with_image.size() / count]];
    facts[i] = grey_of(data_dir / entry.image, out.histogram.size());
  });
  for (const GreyFacts& one : facts) {
    if (!one.is_read) {
      ++out.unreadable;
      continue;
    }
    ++out.read;
    out.means.push_back(one.mean);
    out.deviations.push_back(one.deviation);
    out.black_share += one.black;
    out.white_share += one.white;
    for (size_t k = 0; k < out.histogram.size(); ++k) out.histogram[k] += one.histogram[k];
  }
  if (out.read == 0) return;
  const auto n = static_cast<double>(out.read);
  out.black_share /= n;
  out.white_share /= n;
  for (double& share : out.histogram) share /= n;
}

}  // namespace radgen::explore
