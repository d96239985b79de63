#include "radgen/core/geometry.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "radgen/core/box_iou.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

void expect_near(const Box& a, const Box& b) {
  EXPECT_NEAR(a.x, b.x, 1e-9);
  EXPECT_NEAR(a.y, b.y, 1e-9);
  EXPECT_NEAR(a.w, b.w, 1e-9);
  EXPECT_NEAR(a.h, b.h, 1e-9);
}

TEST(Box, IntersectsAndUnites) {
  const Box a{0, 0, 10, 10}, b{5, 5, 10, 10};
  EXPECT_EQ(intersect(a, b), (Box{5, 5, 5, 5}));
  EXPECT_DOUBLE_EQ(iou(a, b), 25.0 / 175.0);
  EXPECT_DOUBLE_EQ(iou(a, a), 1);
}

TEST(Box, DisjointAndTouchingBoxesShareNothing) {
  EXPECT_EQ(intersect({0, 0, 1, 1}, {5, 5, 1, 1}).area(), 0);
  EXPECT_EQ(intersect({0, 0, 1, 1}, {1, 0, 1, 1}).area(), 0);
  EXPECT_EQ(iou({0, 0, 1, 1}, {3, 3, 1, 1}), 0);
  EXPECT_EQ(iou({}, {}), 0);
}

TEST(Box, IsClippedToTheImage) {
  EXPECT_EQ(clip({-5, -5, 20, 8}, 10, 10), (Box{0, 0, 10, 3}));
  EXPECT_EQ(clip({50, 50, 5, 5}, 10, 10).area(), 0);
  EXPECT_EQ(clip({2, 3, 4, 5}, 10, 10), (Box{2, 3, 4, 5}));
}

TEST(Affine, InverseUndoesScaleShiftMirrorAndQuarterTurn) {
  const Affine transforms[] = {Affine::scale_shift(0.25, 0.5, 12, -7),
                               Affine::scale_shift(-1, 1, 100, 0),  // mirror of a 100 px wide film
                               Affine{{0, -1, 80, 1, 0, 0}},        // a quarter turn
                               Affine{{0, -1, 80, 1, 0, 0}}.then(Affine::scale_shift(3, 3, 1, 2))};
  const Box box{10, 20, 30, 40};
  for (const Affine& t : transforms) {
    expect_near(t.inverse().apply(t.apply(box)), box);
    expect_near(t.then(t.inverse()).apply(box), box);
  }
}

TEST(Affine, ThenAppliesInReadingOrder) {
  const Affine both = Affine::scale_shift(2, 2, 0, 0).then(Affine::scale_shift(1, 1, 5, 7));
  const auto p = both.apply(1, 1);
  EXPECT_DOUBLE_EQ(p[0], 7);
  EXPECT_DOUBLE_EQ(p[1], 9);
}

TEST(Affine, BoxOfAMirrorHasPositiveSides) {
  expect_near(Affine::scale_shift(-1, 1, 100, 0).apply(Box{10, 0, 20, 5}), {70, 0, 20, 5});
}

TEST(Affine, WithoutInverseIsRefused) {
  EXPECT_THROW(Affine::scale_shift(0, 1, 0, 0).inverse(), Error);
}

TEST(Geometry, SurvivesJson) {
  const Box box{1.5, 2, 3, 4.25};
  EXPECT_EQ(nlohmann::json::parse(nlohmann::json(box).dump()).get<Box>(), box);
  const Affine a = Affine::scale_shift(0.1, 0.3, 1, 2);
  EXPECT_EQ(nlohmann::json::parse(nlohmann::json(a).dump()).get<Affine>(), a);
  EXPECT_THROW(nlohmann::json::parse(R"({"x":1,"y":2,"w":3})").get<Box>(),
               nlohmann::json::exception);
}

TEST(UnionIou, CountsOverlapsOnce) {
  EXPECT_NEAR(union_iou({{0, 0, 2, 2}, {1, 0, 2, 2}}, {{0, 0, 3, 2}}), 1.0, 1e-12);
  EXPECT_NEAR(union_iou({{0, 0, 2, 2}}, {{1, 0, 2, 2}}), 2.0 / 6.0, 1e-12);
  EXPECT_EQ(union_iou({}, {{0, 0, 1, 1}}), 0.0);
}

}  // namespace
}  // namespace radgen
