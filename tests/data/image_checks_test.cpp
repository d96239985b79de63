// What is found out about images: quality flags, the hash, duplicates.
#include <gtest/gtest.h>

#include <iostream>
#include <opencv2/imgproc.hpp>

#include "data/duplicates.h"
#include "data/image_hash.h"
#include "data/quality_flags.h"
#include "data/temporary_folder.h"
#include "radgen/core/files.h"
#include "radgen/core/random.h"
#include "radgen/data/manifest.h"
#include "radgen/imaging/image.h"

namespace radgen {
namespace {

// Soft blobs, another arrangement for each seed.
cv::Mat blobs(uint64_t seed, cv::Size size = {400, 480}) {
  Random random(seed);
  cv::Mat image(size, CV_32F, cv::Scalar(0.2));
  for (int i = 0; i < 60; ++i) {
    const cv::Point at(static_cast<int>(random.uniform(0, size.width)),
                       static_cast<int>(random.uniform(0, size.height)));
    const double radius = random.uniform(0.01, 0.15) * size.width;
    cv::circle(image, at, static_cast<int>(radius), cv::Scalar(random.uniform()), cv::FILLED);
  }
  cv::GaussianBlur(image, image, cv::Size(), 3);
  cv::Mat result;
  image.convertTo(result, CV_16U, 65535);
  return result;
}

bool has(const std::vector<std::string>& flags, const std::string& flag) {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

TEST(QualityFlags, SayWhatIsOdd) {
  Film film;
  film.pixels = cv::Mat(300, 300, CV_16UC1, cv::Scalar(30000));
  EXPECT_TRUE(has(quality_flags(film), "blank"));
  film.pixels = blobs(1);
  EXPECT_TRUE(has(quality_flags(film), "not_frontal_guess"));
  EXPECT_FALSE(has(quality_flags(film), "saturated"));
  film.pixels.rowRange(0, 200).setTo(65535);
  EXPECT_TRUE(has(quality_flags(film), "saturated"));
  film.pixels = blobs(1, {50, 100});
  EXPECT_EQ(quality_flags(film), (std::vector<std::string>{"tiny"}));
  film.pixels = blobs(1);
  film.tags.view_position = "LL";
  EXPECT_TRUE(has(quality_flags(film), "lateral_guess"));
  cv::Mat noise(400, 400, CV_16UC1);
  cv::randu(noise, 0, 65535);
  film.pixels = noise;
  EXPECT_TRUE(has(quality_flags(film), "noise"));
}

TEST(ImageHash, IsNearForOneFilmInTwoEditionsAndFarForTwo) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const cv::Mat film = blobs(seed);
    cv::Mat small, narrow, eight, gamma;
    cv::resize(film, small, cv::Size(150, 180), 0, 0, cv::INTER_AREA);
    film.convertTo(narrow, CV_16U, 0.3, 9000);  // another window
    film.convertTo(eight, CV_8U, 1.0 / 257);
    eight.convertTo(eight, CV_16U, 257);
    film.convertTo(gamma, CV_32F, 1.0 / 65535);
    cv::pow(gamma, 0.6, gamma);
    gamma.convertTo(gamma, CV_16U, 65535);
    for (const cv::Mat& edition : {small, narrow, eight, gamma}) {
      EXPECT_LE(hash_distance(image_hash(film), image_hash(edition)), 16);
      EXPECT_GT(image_similarity(film, edition), 0.9);
    }
    const cv::Mat other = blobs(seed + 100);
    EXPECT_GE(hash_distance(image_hash(film), image_hash(other)), 60);
    EXPECT_LT(image_similarity(film, other), 0.5);
  }
}

TEST(ImageHash, ReadsBackFromItsText) {
  const ImageHash hash = image_hash(blobs(1));
  EXPECT_EQ(hash_from_hex(hash_hex(hash)), hash);
  EXPECT_FALSE(hash_from_hex("12"));
  EXPECT_FALSE(hash_from_hex(std::string(64, 'x')));
}

TEST(Duplicates, AreFoundWithinAndAcrossSplits) {
  const TemporaryFolder folder;
  std::string manifest;
  const auto add = [&](const std::string& id, const std::string& split, const cv::Mat& image,
                       const std::string& sha256) {
    ManifestEntry entry;
    entry.study_id = entry.image_id = entry.patient_id = id;
    entry.split = split;
    entry.image = "images/" + id + ".png";
    entry.width = image.cols;
    entry.height = image.rows;
    entry.hash = hash_hex(image_hash(image));
    entry.source_sha256 = sha256;
    write_png(folder.path() / entry.image, image);
    manifest += manifest_entry_to_json(entry).dump() + "\n";
  };
  cv::Mat smaller;
  cv::resize(blobs(2), smaller, cv::Size(200, 240), 0, 0, cv::INTER_AREA);
  add("a", "train", blobs(1), "01");
  add("b", "train", blobs(1), "01");
  add("c", "train", blobs(2), "02");
  add("d", "test", smaller, "03");
  add("e", "test", blobs(1), "01");
  add("f", "validate", blobs(3), "04");
  add("g", "train", blobs(4), "05");
  write_file_atomic(folder.path() / "manifest.jsonl", manifest);
  const DuplicateCounts counts = find_duplicates(folder.path(), 24, 2);
  EXPECT_EQ(counts.equal, 2u);
  EXPECT_EQ(counts.equal_across_splits, 1u);
  EXPECT_EQ(counts.near_across_splits, 1u);
  std::vector<std::string> lines;
  read_jsonl(folder.path() / "duplicates.jsonl", [&](const nlohmann::json& line, size_t) {
    lines.push_back(line["kind"].get<std::string>() + line["a"].get<std::string>() +
                    line["b"].get<std::string>());
  });
  EXPECT_EQ(lines, (std::vector<std::string>{"equalab", "equalae", "neardc"}));
  EXPECT_EQ(find_duplicates(folder.path(), 0, 1).near_across_splits, 0u);
}

}  // namespace
}  // namespace radgen
