#include "radgen/batches/dataset.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/small_mimic.h"
#include "data/temporary_folder.h"
#include "radgen/batches/loader.h"
#include "radgen/core/error.h"
#include "radgen/core/random.h"
#include "radgen/data/prepare.h"
#include "radgen/report/prompt.h"

namespace radgen {
namespace {

// One prepared dataset for all tests here: normal studies and one with a left effusion and its box.
class DatasetTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new TemporaryFolder();
    SmallMimic set(root_->path() / "in");
    set.add_normals(20, "train");
    set.add({.patient = "10000001",
             .study = "50000001",
             .dicom = "boxed",
             .split = "validate",
             .bright = Box{200, 100, 60, 80},
             .boxes = {{"Pleural Effusion", "small left pleural effusion"}}},
            kEffusionReport);
    set.add({.patient = "10000002", .study = "50000002", .dicom = "plain", .split = "validate"},
            kNormalReport);
    set.add({.patient = "10000003",
             .study = "50000003",
             .dicom = "examined",
             .split = "test_shift",
             .bright = Box{200, 100, 60, 80},
             .boxes = {{"Pleural Effusion", "small left pleural effusion"}}},
            kEffusionReport);
    set.write_tables();
    write_file_atomic(
        root_->path() / "in/chest-imagenome/silver_dataset/scene_graph/examined_SceneGraph.json",
        R"({"attributes": [], "objects": [
          {"bbox_name": "cardiac silhouette", "original_x1": 200, "original_y1": 100,
           "original_x2": 260, "original_y2": 180},
          {"bbox_name": "left lung", "original_x1": 900, "original_y1": 900,
           "original_x2": 990, "original_y2": 990}]})");
    PrepareConfig config;
    config.preparation.size_px = 400;
    config.vocabulary_size = 150;
    prepare_dataset(config, *open_source("mimic-cxr", {.input = set.folder()}),
                    root_->path() / "out", {.threads = 2});
    tokenizer_ = std::make_shared<Tokenizer>(root_->path() / "out" / "tokenizer.model");
  }
  static void TearDownTestSuite() {
    tokenizer_.reset();
    delete root_;
    root_ = nullptr;
  }
  static DatasetConfig config() {
    DatasetConfig c;
    c.model_input.width_px = 208;
    c.model_input.height_px = 256;
    return c;
  }
  static fs::path folder() { return root_->path() / "out"; }
  static Dataset validate(const DatasetConfig& c) {
    return Dataset(folder(), "validate", tokenizer_, c);
  }
  static size_t index_of(const Dataset& dataset, const std::string& image_id) {
    for (size_t i = 0; i < dataset.size(); ++i) {
      if (dataset.entry(i).image_id == image_id) return i;
    }
    throw std::runtime_error("no such study");
  }
  static TemporaryFolder* root_;
  static std::shared_ptr<const Tokenizer> tokenizer_;
};
TemporaryFolder* DatasetTest::root_ = nullptr;
std::shared_ptr<const Tokenizer> DatasetTest::tokenizer_;

TEST_F(DatasetTest, EverythingStandsAtThePositionThatPredictsTheToken) {
  DatasetConfig c = config();
  c.prompt_max_tokens = 24;
  const Dataset dataset = validate(c);
  const size_t i = index_of(dataset, "boxed");
  const ManifestEntry& entry = dataset.entry(i);
  const std::vector<Token> words = tokenizer_->encode(entry.text());
  const auto prompt = static_cast<int64_t>(
      prompt_ids(*tokenizer_, {entry.age, entry.sex, entry.indication}, 24).size());
  ASSERT_GT(prompt, 0);

  const Batch batch = collate({dataset.sample(i), dataset.sample(1 - i)});
  const int64_t bos = prompt, eos = prompt + 1 + static_cast<int64_t>(words.size()),
                width = batch.text_ids.size(1);
  EXPECT_EQ(batch.prompt_length[0].item<int64_t>(), prompt);
  EXPECT_EQ(batch.text_ids[0][bos].item<int64_t>(), kBosId);
  EXPECT_EQ(batch.text_ids[0][eos].item<int64_t>(), kEosId);
  ASSERT_EQ(width, eos + 1);
  const auto ids = batch.text_ids.accessor<int64_t, 2>();
  const auto targets = batch.targets.accessor<int64_t, 2>();
  const auto counts = batch.text_mask.accessor<bool, 2>();
  const auto grounded = batch.grounding_tokens.accessor<bool, 2>();
  const auto positive = batch.positive_tokens.accessor<bool, 2>();
  const size_t effusion = entry.text().find("effusion"), second = entry.text().rfind("effusion");
  size_t grounded_words = 0;
  for (int64_t t = 0; t < width; ++t) {
    EXPECT_EQ(targets[0][t], t + 1 < width ? ids[0][t + 1] : kPadId);
    EXPECT_EQ(counts[0][t], t >= bos && t < eos) << t;
    EXPECT_EQ(grounded[0][t], batch.grounding_masks[0][t].sum().item<float>() > 0);
    EXPECT_EQ(grounded[0][t], positive[0][t]);  // the one positive finding is the one with the box
    const int64_t w = t - bos;                  // the word that position t predicts
    const bool is_word = w >= 0 && w < static_cast<int64_t>(words.size());
    if (!is_word) {
      EXPECT_FALSE(grounded[0][t]);
      continue;
    }
    const Token& word = words[static_cast<size_t>(w)];
    EXPECT_EQ(targets[0][t], word.id);
    for (const size_t place : {effusion, second}) {
      const bool overlaps = word.begin < place + 8 && place < word.end;
      EXPECT_TRUE(grounded[0][t] || !overlaps) << t;
    }
    if (entry.text().substr(word.begin, word.end - word.begin).find("heart") != std::string::npos) {
      EXPECT_FALSE(grounded[0][t]);
    }
    grounded_words += grounded[0][t] ? 1 : 0;
  }
  EXPECT_GT(grounded_words, 0u);
  EXPECT_LT(grounded_words, words.size() / 2);
  EXPECT_EQ(batch.grounding_masks[1].abs().sum().item<float>(), 0);  // no boxes there
  EXPECT_FALSE(batch.grounding_tokens[1].any().item<bool>());
}

TEST_F(DatasetTest, TheMaskCoversTheBrightPixels) {
  const Dataset dataset = validate(config());
  const size_t i = index_of(dataset, "boxed");
  // 320 x 400 in 208 x 256: scale .64 (rounded to whole pixels), 1 px of padding left and right.
  const auto fitted = dataset.model_input(i);
  const Box in_input = fitted.image_to_input.apply(dataset.entry(i).boxes.at(0).box);
  const cv::Point2d middle = bright_middle(fitted.pixels);
  EXPECT_NEAR(in_input.x + in_input.w / 2, middle.x, 0.6);
  EXPECT_NEAR(in_input.y + in_input.h / 2, middle.y, 0.6);

  AugmentConfig augment;
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    const Sample sample = dataset.sample(i, {&augment, 11, epoch});
    const auto n = dataset.grid().size();
    const auto* mask =
        sample.patch_labels.data() + static_cast<size_t>(Finding::kPleuralEffusion) * n;
    double sum = 0, x = 0, y = 0;
    for (size_t p = 0; p < n; ++p) {
      sum += mask[p];
      x += mask[p] * 16 * (static_cast<double>(p % 13) + 0.5);
      y += mask[p] * 16 * (static_cast<double>(p / 13) + 0.5);
    }
    const cv::Point2d bright = bright_middle(sample.image);
    EXPECT_NEAR(x / sum, bright.x, 4);  // a quarter of a patch: the grid's own coarseness
    EXPECT_NEAR(y / sum, bright.y, 4);
  }
}

// The heart's box is the bright rectangle: both masks must lie on it, augmented or not.
TEST_F(DatasetTest, WordsThatRuleSomethingOutLookAtTheAnatomyThatWasExamined) {
  const Dataset dataset(folder(), "test_shift", tokenizer_, config());
  const ManifestEntry& entry = dataset.entry(0);
  ASSERT_EQ(entry.regions.size(), 1u);  // the other place lies outside the image
  EXPECT_EQ(dataset.counts().studies_with_regions, 1u);
  EXPECT_EQ(dataset.counts().examined_phrases, 1u);
  const std::vector<Token> words = tokenizer_->encode(entry.text());
  const size_t heart = entry.text().find("heart size");
  AugmentConfig augment;
  for (const AugmentConfig* varied :
       {static_cast<const AugmentConfig*>(nullptr), static_cast<const AugmentConfig*>(&augment)}) {
    const Batch batch = collate({dataset.sample(0, {varied, 5, 1})});
    int64_t examined = 0, finding = 0;
    for (size_t w = 0; w < words.size(); ++w) {
      const auto t = static_cast<int64_t>(w);  // no prompt: bos predicts the first word
      const bool is_heart = words[w].begin < heart + 10 && heart < words[w].end;
      const bool is_examined = batch.examined_tokens[0][t].item<bool>();
      EXPECT_EQ(is_examined, is_heart) << w;
      EXPECT_FALSE(is_examined && batch.grounding_tokens[0][t].item<bool>());
      EXPECT_EQ(batch.grounding_masks[0][t].sum().item<float>() > 0,
                is_examined || batch.grounding_tokens[0][t].item<bool>());
      if (is_examined) examined = t;
      if (batch.grounding_tokens[0][t].item<bool>()) finding = t;
    }
    ASSERT_GT(examined, 0);
    ASSERT_GT(finding, 0);
    EXPECT_TRUE(
        torch::equal(batch.grounding_masks[0][examined], batch.grounding_masks[0][finding]));
  }
}

TEST_F(DatasetTest, SentenceModeSupervisesTheWholeSentence) {
  DatasetConfig c = config();
  const auto grounded = [&](const DatasetConfig& config) {
    const Dataset dataset = validate(config);
    const Batch batch = collate({dataset.sample(index_of(dataset, "boxed"))});
    return batch.grounding_tokens.sum().item<int64_t>();
  };
  const int64_t words = grounded(c);
  c.grounding_tokens = "sentence";
  EXPECT_GT(grounded(c), words);
}

TEST_F(DatasetTest, LabelsFollowThePolicies) {
  const Dataset dataset = validate(config());
  const size_t i = index_of(dataset, "boxed");
  const Sample sample = dataset.sample(i);
  const auto at = [](Finding finding) { return static_cast<size_t>(finding); };
  EXPECT_EQ(sample.labels[at(Finding::kPleuralEffusion)], 1);
  EXPECT_EQ(sample.labels[at(Finding::kPneumothorax)], 0);
  EXPECT_EQ(sample.labels[at(Finding::kFracture)], 0);
  EXPECT_TRUE(sample.has_boxes[at(Finding::kPleuralEffusion)]);
  EXPECT_TRUE(sample.has_boxes[at(Finding::kFracture)]);  // annotated, and not called: nowhere
  EXPECT_FALSE(sample.has_boxes[at(Finding::kNoFinding)]);
  DatasetConfig c = config();
  c.absent_labels = "ignore";
  EXPECT_TRUE(std::isnan(validate(c).sample(i).labels[at(Finding::kFracture)]));
  const Sample plain = dataset.sample(1 - i);
  EXPECT_EQ(std::count(plain.has_boxes.begin(), plain.has_boxes.end(), 1), 0);
}

TEST_F(DatasetTest, TheCacheChangesNothing) {
  DatasetConfig c = config();
  const Dataset cached = validate(c);
  c.cache_mib = 0;
  const Dataset uncached = validate(c);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(cv::norm(cached.sample(0).image, uncached.sample(0).image, cv::NORM_INF), 0);
  }
}

TEST_F(DatasetTest, CutsLongTextsWithoutEos) {
  DatasetConfig c = config();
  c.max_tokens = 10;
  const Dataset dataset = validate(c);
  const TextTargets& text = dataset.text(0);
  EXPECT_EQ(text.ids.size(), 10u);
  EXPECT_TRUE(text.is_cut);
  EXPECT_NE(text.ids.back(), kEosId);
  EXPECT_EQ(dataset.counts().cut_texts, dataset.size());
}

TEST_F(DatasetTest, RefusesWhatCannotWork) {
  EXPECT_THROW(Dataset(folder(), "nowhere", tokenizer_, config()), Error);
  EXPECT_THROW(Dataset(folder() / "gone", "train", tokenizer_, config()), Error);
  DatasetConfig c = config();
  c.patch_px = 15;
  EXPECT_THROW(validate(c), Error);
  c = config();
  c.model_input.preparation.photometric = "mimic-jpg";
  EXPECT_THROW(validate(c), Error);
}

// ---- loader

class LoaderTest : public DatasetTest {
 protected:
  static std::string fingerprint(const Batch& batch) {
    std::string text = fmt::format("{} {}:", batch.epoch, batch.index_in_epoch);
    for (const size_t i : batch.indices) text += fmt::format(" {}", i);
    return text + fmt::format(" {:.6f}", batch.image.abs().sum().item<float>());
  }
  static std::vector<std::string> take(const Dataset& dataset, int threads, LoaderPosition start,
                                       int count) {
    const AugmentConfig augment;
    const BatchSampler sampler(dataset.lengths(),
                               {.batch_size = 6, .bucket_batches = 2, .seed = 5});
    BatchLoader loader(dataset, sampler,
                       {.threads = threads, .prefetch = 2, .augment = &augment, .seed = 5}, start);
    std::vector<std::string> prints;
    for (int i = 0; i < count; ++i) prints.push_back(fingerprint(*loader.next()));
    return prints;
  }
};

TEST_F(LoaderTest, GivesTheSameBatchesForEveryNumberOfThreadsAndFromEveryPosition) {
  const Dataset dataset(folder(), "train", tokenizer_, config());
  const auto all = take(dataset, 1, {}, 9);  // 20 studies, 4 batches an epoch
  EXPECT_EQ(take(dataset, 3, {}, 9), all);
  const auto later = take(dataset, 2, {1, 2}, 3);
  EXPECT_EQ(later, (std::vector<std::string>(all.begin() + 6, all.end())));
  EXPECT_NE(all[0], all[4]);  // another epoch, another order and augmentation
}

TEST_F(LoaderTest, PositionIsThatOfTheNextBatchAndOnePassEnds) {
  const Dataset dataset(folder(), "train", tokenizer_, config());
  const BatchSampler sampler(dataset.lengths(), {.batch_size = 6, .is_shuffled = false});
  BatchLoader loader(dataset, sampler, {.threads = 2, .repeats = false});
  std::vector<size_t> seen;
  int64_t count = 0;
  while (const auto batch = loader.next()) {
    seen.insert(seen.end(), batch->indices.begin(), batch->indices.end());
    EXPECT_EQ(batch->index_in_epoch, count++);
    EXPECT_EQ(loader.position(), (count == 4 ? LoaderPosition{1, 0} : LoaderPosition{0, count}));
  }
  EXPECT_EQ(count, 4);
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_FALSE(loader.next());
}

TEST_F(LoaderTest, AMissingImageIsAnErrorAndNotAHang) {
  const TemporaryFolder copy;
  fs::copy(folder(), copy.path(), fs::copy_options::recursive);
  const Dataset dataset(copy.path(), "train", tokenizer_, config());
  fs::remove(copy.path() / dataset.entry(3).image);
  const BatchSampler sampler(dataset.lengths(), {.batch_size = 20});
  BatchLoader loader(dataset, sampler, {.threads = 1, .repeats = false});
  EXPECT_THROW(loader.next(), Error);
}

}  // namespace
}  // namespace radgen
