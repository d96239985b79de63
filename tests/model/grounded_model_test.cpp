#include "radgen/model/grounded_model.h"

#include <gtest/gtest.h>

#include "gradient_check.h"
#include "model_test_support.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

TEST(GroundedModel, ShapesAreThoseOfTheDesign) {
  const ModelConfig config = tiny_config();
  GroundedModel model = tiny_model(config);
  const ForwardInput input = tiny_input(config);
  const ForwardOutput out = model->forward(input.image, input.text_ids, input.grounding_masks);
  EXPECT_EQ(out.logits.sizes(), (std::vector<int64_t>{2, 8, 20}));
  EXPECT_EQ(out.attention.sizes(), (std::vector<int64_t>{2, 3, 8, 12}));
  EXPECT_EQ(out.null_attention.sizes(), (std::vector<int64_t>{2, 3, 8}));
  EXPECT_EQ(out.grid, (PatchGrid{3, 4}));
  EXPECT_LT(largest_difference(out.attention.sum(-1) + out.null_attention, torch::ones({2, 3, 8})),
            1e-5);
  EXPECT_TRUE(out.losses.grounding.defined());
}

TEST(GroundedModel, TotalIsTheWeightedSum) {
  ModelConfig config = tiny_config();
  config.loss.lambda_labels = .5;
  config.loss.lambda_patches = .25;
  const Losses l = tiny_model(config)->forward(tiny_input(config)).losses;
  EXPECT_NEAR(l.total.item<double>(),
              (l.text + .1 * l.grounding + .01 * l.entropy + .5 * l.labels + .25 * l.patches)
                  .item<double>(),
              1e-5);
}

TEST(GroundedModel, ExaminedWordsHaveAWeightOfTheirOwn) {
  ModelConfig config = tiny_config();
  config.loss.lambda_examined = 0.7;
  GroundedModel model = tiny_model(config);
  ForwardInput input = tiny_input(config);
  const Losses plain = model->forward(input).losses;
  EXPECT_FALSE(plain.examined.defined());
  input.grounding_masks[0][4].narrow(0, 5, 4).fill_(1);
  input.examined_tokens = torch::zeros({2, 8}, torch::kBool);
  input.examined_tokens[0][4] = true;
  const Losses l = model->forward(input).losses;
  EXPECT_NEAR(l.grounding.item<double>(), plain.grounding.item<double>(), 1e-6);
  EXPECT_GT(l.examined.item<double>(), 0);
  EXPECT_NEAR((l.total - plain.total).item<double>(), 0.7 * l.examined.item<double>(), 1e-5);
}

TEST(GroundedModel, GradientsMatchDifferencesInDouble) {
  for (const char* layers : {"last", "mean"}) {
    ModelConfig config = tiny_config();
    config.decoder.grounding_layers = layers;
    config.decoder.cross_positions = true;
    config.decoder.tie_embeddings = std::string(layers) == "mean";
    config.loss.lambda_labels = config.loss.lambda_patches = .5;
    GroundedModel model = tiny_model(config);
    model->to(torch::kDouble);
    ForwardInput input = tiny_input(config);
    input.image = input.image.to(torch::kDouble);
    expect_gradients_match(
        model->parameters(), [&] { return model->forward(input).losses.total; }, 2e-5, 3);
  }
}

TEST(GroundedModel, BatchLossIsTheMeanOfItsStudiesAlone) {
  const ModelConfig config = tiny_config();
  GroundedModel model = tiny_model(config);
  const ForwardInput both = tiny_input(config);
  double mean = 0;
  for (int64_t b = 0; b < 2; ++b) {
    ForwardInput one;
    one.image = both.image.narrow(0, b, 1);
    one.text_ids = both.text_ids.narrow(0, b, 1);
    one.grounding_masks = both.grounding_masks.narrow(0, b, 1);
    mean += model->forward(one).losses.total.item<double>() / 2;
  }
  EXPECT_NEAR(model->forward(both).losses.total.item<double>(), mean, 1e-5);
}

TEST(GroundedModel, LaterTokensAndPaddingDoNotReachEarlierOnes) {
  const ModelConfig config = tiny_config();
  GroundedModel model = tiny_model(config);
  ForwardInput input = tiny_input(config);
  const Tensor before = model->forward(input).logits;
  input.text_ids = input.text_ids.clone();
  input.text_ids.narrow(1, 5, 3).fill_(17);
  const Tensor after = model->forward(input).logits;
  EXPECT_LT(largest_difference(before.narrow(1, 0, 5), after.narrow(1, 0, 5)), 1e-6);
  EXPECT_GT(largest_difference(before.narrow(1, 5, 3), after.narrow(1, 5, 3)), 1e-3);
}

TEST(GroundedModel, PaddedPatchesReceiveNoAttention) {
  const ModelConfig config = tiny_config();
  ForwardInput input = tiny_input(config);
  input.patch_attend_mask = torch::ones({2, 12}, torch::kBool);
  input.patch_attend_mask[0].narrow(0, 8, 4).fill_(false);
  const ForwardOutput out = tiny_model(config)->forward(input);
  EXPECT_EQ(out.attention[0].narrow(-1, 8, 4).abs().max().item<float>(), 0);
  EXPECT_GT(out.attention[1].narrow(-1, 8, 4).min().item<float>(), 0);
  EXPECT_TRUE(std::isfinite(out.losses.total.item<float>()));
}

TEST(DefaultTextMask, LeavesOutPromptPaddingAndTheLastPosition) {
  const Tensor ids = tiny_input(tiny_config()).text_ids;
  const Tensor expected =
      torch::tensor({0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0}).view({2, 8}).to(torch::kBool);
  EXPECT_TRUE(torch::equal(default_text_mask(ids, {}, 0, 2), expected));
  EXPECT_TRUE(torch::equal(default_text_mask(ids, torch::tensor({2, 0}), 0, 2), expected));
}

TEST(GroundedModel, SameSeedGivesTheSameWeights) {
  torch::manual_seed(3);
  GroundedModel a(tiny_config());
  torch::manual_seed(3);
  GroundedModel b(tiny_config());
  for (size_t i = 0; i < a->parameters().size(); ++i)
    EXPECT_TRUE(torch::equal(a->parameters()[i], b->parameters()[i]));
}

TEST(GroundedModel, WrongShapesAreRefusedByName) {
  const ModelConfig config = tiny_config();
  ForwardInput input = tiny_input(config);
  input.grounding_masks = torch::zeros({2, 8, 13});
  try {
    tiny_model(config)->forward(input);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("grounding_masks"), std::string::npos);
  }
}

TEST(ModelConfigCheck, ReportsEveryProblemAtOnce) {
  ModelConfig config = tiny_config();
  config.encoder.heads = 5;
  config.decoder.vocabulary_size = 0;
  config.encoder.image_width_px = 15;
  try {
    check(config);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kConfig);
    for (const char* key : {"encoder.heads", "vocabulary_size", "image_width_px"})
      EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << key;
  }
}

TEST(VitEncoder, OtherSizesAndSidesWork) {
  for (const char* stem : {"conv", "patch"}) {
    ModelConfig config = tiny_config();
    config.encoder.stem = stem;
    VitEncoder encoder(config.encoder);
    const EncodedPatches seen = encoder->forward(torch::randn({1, 1, 20, 8}));
    EXPECT_EQ(seen.grid, (PatchGrid{5, 2})) << stem;
    EXPECT_EQ(seen.patches.sizes(), (std::vector<int64_t>{1, 10, 16})) << stem;
    EXPECT_EQ(seen.cls.sizes(), (std::vector<int64_t>{1, 16})) << stem;
    EXPECT_THROW(encoder->forward(torch::randn({1, 1, 18, 8})), Error);
  }
}

TEST(VitEncoder, PatchesAreCountedRowByRow) {
  ModelConfig config = tiny_config();
  config.encoder.stem = "patch";
  config.encoder.layers = 0;
  VitEncoder encoder(config.encoder);
  Tensor image = torch::zeros({1, 1, 12, 16});
  const Tensor before = encoder->forward(image).patches;
  image.narrow(2, 4, 4).narrow(3, 8, 4).fill_(1);  // row 1, column 2
  const Tensor changed = (encoder->forward(image).patches - before).abs().sum(-1)[0] > 1e-6;
  EXPECT_EQ(changed.nonzero().item<int64_t>(), 1 * 4 + 2);
}

TEST(InterpolatePositions, SameGridIsExactAndConstantsStay) {
  const Tensor positions = torch::randn({1, 12, 4});
  EXPECT_TRUE(torch::equal(interpolate_positions(positions, {3, 4}, {3, 4}), positions));
  const Tensor flat = interpolate_positions(torch::full({1, 12, 4}, 2.5), {3, 4}, {7, 5});
  EXPECT_EQ(flat.size(1), 35);
  EXPECT_LT((flat - 2.5).abs().max().item<float>(), 1e-5);
}

}  // namespace
}  // namespace radgen
