#include "radgen/model/weights.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "model_test_support.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

std::string file_of(const std::string& header, const std::string& data = "") {
  const uint64_t size = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &size, 8);
  return bytes + header + data;
}

std::string what_refuses(const std::string& bytes) {
  try {
    parse_safetensors(bytes, "x.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kData);
    return error.what();
  }
  return "";
}

TEST(Weights, SavedModelLoadsBitForBit) {
  const auto path =
      std::filesystem::path(testing::TempDir()) / "radgen_weights_test" / "model.safetensors";
  GroundedModel a = tiny_model(tiny_config(), 1), b = tiny_model(tiny_config(), 2);
  save_weights(*a, path, {{"step", "7"}});
  WeightsMetadata metadata;
  const LoadReport report = load_weights(*b, path, true, &metadata);
  EXPECT_EQ(report.loaded, named_tensors(*a).size());  // parameters and buffers
  EXPECT_EQ(metadata.at("step"), "7");
  for (size_t i = 0; i < a->parameters().size(); ++i)
    EXPECT_TRUE(torch::equal(a->parameters()[i], b->parameters()[i]));
  std::filesystem::remove_all(path.parent_path());
}

TEST(Weights, MissingUnexpectedAndMisshapenTensorsAreNamed) {
  GroundedModel model = tiny_model();
  TensorMap tensors = named_tensors(*model);
  const Tensor bias = tensors.at("projection.bias").clone();
  tensors.erase("encoder.norm.weight");
  tensors["stranger"] = torch::zeros({1});
  LoadReport report = load_tensors(*model, tensors, "file", /*is_strict=*/false);
  EXPECT_EQ(report.missing, std::vector<std::string>{"encoder.norm.weight"});
  EXPECT_EQ(report.unexpected, std::vector<std::string>{"stranger"});
  tensors["projection.bias"] = torch::zeros({5});
  try {
    load_tensors(*model, tensors, "file");
    FAIL() << "no error";
  } catch (const Error& error) {
    for (const char* name : {"encoder.norm.weight", "stranger", "projection.bias"})
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << name;
  }
  EXPECT_THROW(load_tensors(*model, tensors, "file", false), Error);
  EXPECT_TRUE(torch::equal(named_tensors(*model).at("projection.bias"), bias));
}

TEST(Safetensors, HalfPrecisionIsWidened) {
  // 1.5 as F16 is 3E00, -2 as BF16 is C000, little-endian.
  const TensorMap tensors = parse_safetensors(
      file_of(
          R"({"b":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})",
          std::string("\x00\x3E\x00\xC0", 4)),
      "x");
  EXPECT_EQ(tensors.at("h").scalar_type(), torch::kFloat);
  EXPECT_EQ(tensors.at("h").item<float>(), 1.5F);
  EXPECT_EQ(tensors.at("b").item<float>(), -2.0F);
}

TEST(Safetensors, RoundTripKeepsTypesShapesAndEmptyTensors) {
  const TensorMap tensors{{"f", torch::randn({2, 3})},
                          {"i", torch::arange(4)},
                          {"none", torch::zeros({0, 5})},
                          {"scalar", torch::tensor(2.5F)},
                          {"flags", torch::tensor({true, false})}};
  const TensorMap read = parse_safetensors(format_safetensors(tensors), "x");
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors)
    EXPECT_TRUE(torch::equal(tensor, read.at(name))) << name;
}

TEST(Safetensors, ForeignBytesAreRefusedWithTheReason) {
  EXPECT_NE(what_refuses(""), "");
  EXPECT_NE(what_refuses("1234567"), "");
  EXPECT_NE(what_refuses(std::string(8, '\xFF')).find("announced"), std::string::npos);
  EXPECT_NE(what_refuses(file_of("{")), "");
  EXPECT_NE(what_refuses(file_of("[]")), "");
  EXPECT_NE(what_refuses(file_of(std::string(100000, '['))), "");
  const auto tensor = [](const std::string& body) {
    return file_of(R"({"t":{)" + body + "}}", std::string(8, 'x'));
  };
  EXPECT_EQ(what_refuses(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])")), "");
  EXPECT_NE(what_refuses(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])")),
            "");  // a hole
  for (const char* body :
       {R"("dtype":"F32","shape":[2])", R"("dtype":"Q4","shape":[2],"data_offsets":[0,8])",
        R"("dtype":7,"shape":[2],"data_offsets":[0,8])",
        R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])",
        R"("dtype":"F32","shape":[3],"data_offsets":[0,8])",
        R"("dtype":"F32","shape":[2],"data_offsets":[0,12])",
        R"("dtype":"F32","shape":[2],"data_offsets":[8,0])",
        R"("dtype":"F32","shape":[1],"data_offsets":[4,8])",
        R"("dtype":"F32","shape":"a","data_offsets":[0,8])",
        R"("dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8])",
        R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8])",
        R"("dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0])"}) {
    EXPECT_NE(what_refuses(tensor(body)).find("'t'"), std::string::npos) << body;
  }
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string bytes =
      format_safetensors({{"a", torch::ones({3})}, {"b", torch::ones({2, 2})}});
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(what_refuses(bytes.substr(0, size)), "") << size;
}

}  // namespace
}  // namespace radgen
