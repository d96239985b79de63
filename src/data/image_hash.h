// A perceptual hash: images of the same film have hashes that differ in few of 256 bits, whatever
// their size, window, bit depth and compression.
//
//   const ImageHash hash = image_hash(prepared);      // CV_16UC1
//   if (hash_distance(hash, other) <= 32 && image_similarity(prepared, other_image) > 0.75) ...
//
// The signs, about their median, of the lowest 16 x 16 frequencies of the equalised image on 64 x
// 64 pixels (the DCT hash of Zauner 2010, larger). Chest films are alike, so that few bits alone
// prove nothing: image_similarity() compares the fine structure of two candidates. Measured:
// another size, gamma, window or bit depth 0 to 14 bits, a border of 2 % cut 22 to 30; the nearest
// two of 34 real films of different people 72, of 100 phantoms 48.
#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <string>

namespace radgen {

using ImageHash = std::array<uint64_t, 4>;

ImageHash image_hash(const cv::Mat& image);
int hash_distance(const ImageHash& a, const ImageHash& b);  // 0..256
std::string hash_hex(const ImageHash& hash);                // 64 hexadecimal digits
std::optional<ImageHash> hash_from_hex(const std::string& text);

// Correlation of what is finer than a twelfth of the image, -1..1; about 1 for one film in two
// editions; for films of different people .08 in the median, .43 at most.
double image_similarity(const cv::Mat& a, const cv::Mat& b);

}  // namespace radgen
