#include "radgen/model/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "radgen/core/error.h"
#include "radgen/core/files.h"

namespace radgen {

static_assert(std::endian::native == std::endian::little, "safetensors are copied byte by byte");

using torch::Tensor;

namespace {

struct Element {
  const char* name;
  torch::ScalarType type;
};
constexpr Element kElements[] = {{"F32", torch::kFloat},     {"F16", torch::kHalf},
                                 {"BF16", torch::kBFloat16}, {"F64", torch::kDouble},
                                 {"I64", torch::kLong},      {"I32", torch::kInt},
                                 {"U8", torch::kByte},       {"BOOL", torch::kBool}};

[[noreturn]] void malformed(const std::string& name, const std::string& what) {
  throw Error(ErrorCode::kData, fmt::format("{}: not a valid safetensors file: {}", name, what),
              "copy or download the file again");
}

constexpr uint64_t kMostElements = uint64_t{1} << 48;

// A tensor as the header describes it, checked against the file.
struct Entry {
  std::string name;
  torch::ScalarType type = torch::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // bytes after the header
};

Entry parse_entry(const std::string& tensor, const nlohmann::json& json, uint64_t data_bytes,
                  const std::string& file) {
  auto refuse = [&](const std::string& what) {
    malformed(file, fmt::format("tensor '{}': {}", tensor, what));
  };
  if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets"))
    refuse("expected dtype, shape and data_offsets");
  Entry entry;
  entry.name = tensor;
  const nlohmann::json& dtype = json["dtype"];
  const Element* element = nullptr;
  for (const Element& candidate : kElements)
    if (dtype.is_string() && dtype.get_ref<const std::string&>() == candidate.name)
      element = &candidate;
  if (element == nullptr) refuse("element type " + dtype.dump() + " is not supported");
  entry.type = element->type;
  const nlohmann::json &shape = json["shape"], &offsets = json["data_offsets"];
  if (!shape.is_array() || shape.size() > 16) refuse("shape is not a list of at most 16 sizes");
  uint64_t bytes = c10::elementSize(entry.type), extent = 1;
  for (const nlohmann::json& size : shape) {
    if (!size.is_number_unsigned()) refuse("a size in shape is no natural number");
    const auto value = size.get<uint64_t>();
    // Bounded with sizes of 0 left out, so that neither bytes nor strides overflow.
    if (value > kMostElements / extent) refuse("shape has too many elements");
    extent *= std::max<uint64_t>(value, 1);
    bytes *= value;
    entry.shape.push_back(static_cast<int64_t>(value));
  }
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned())
    refuse("data_offsets are not two natural numbers");
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  if (entry.begin > entry.end || entry.end > data_bytes)
    refuse(fmt::format("data_offsets {}..{} lie outside the {} bytes of data", entry.begin,
                       entry.end, data_bytes));
  if (entry.end - entry.begin != bytes)
    refuse(
        fmt::format("{} bytes of data, shape and dtype need {}", entry.end - entry.begin, bytes));
  return entry;
}

// The format wants the tensors to cover the data without holes or overlaps.
void check_coverage(std::vector<Entry>& entries, uint64_t data_bytes, const std::string& file) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != covered)
      malformed(file, fmt::format("tensor '{}' begins at byte {}, expected {}", entry.name,
                                  entry.begin, covered));
    covered = entry.end;
  }
  if (covered != data_bytes)
    malformed(file,
              fmt::format("the tensors end at byte {} of {} bytes of data", covered, data_bytes));
}

std::vector<Entry> parse_header(std::string_view header, uint64_t data_bytes,
                                const std::string& file, WeightsMetadata* metadata) {
  const nlohmann::json json =
      nlohmann::json::parse(header.begin(), header.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) malformed(file, "the header is no JSON object");
  std::vector<Entry> entries;
  for (const auto& [key, value] : json.items()) {
    if (key != "__metadata__") {
      entries.push_back(parse_entry(key, value, data_bytes, file));
      continue;
    }
    if (!value.is_object()) malformed(file, "__metadata__ is no object");
    for (const auto& [name, text] : value.items()) {
      if (!text.is_string()) malformed(file, fmt::format("__metadata__.{} is no text", name));
      if (metadata != nullptr) (*metadata)[name] = text.get<std::string>();
    }
  }
  check_coverage(entries, data_bytes, file);
  return entries;
}

const char* element_name(torch::ScalarType type, const std::string& tensor) {
  for (const Element& element : kElements)
    if (element.type == type) return element.name;
  throw Error(ErrorCode::kInternal,
              "tensor '" + tensor + "' has an element type that safetensors files cannot hold");
}

// What is written: on the CPU, contiguous, floats as F32.
Tensor storable(const Tensor& tensor) {
  Tensor plain = tensor.detach().to(torch::kCPU);
  if (plain.is_floating_point()) plain = plain.to(torch::kFloat);
  return plain.contiguous();
}

}  // namespace

std::string shape_text(const Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes(), ", "));
}

TensorMap parse_safetensors(std::string_view bytes, const std::string& name,
                            WeightsMetadata* metadata) {
  if (bytes.size() < 8) malformed(name, fmt::format("{} bytes, a header needs 8", bytes.size()));
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  if (header_bytes > kSafetensorsHeaderLimitBytes || header_bytes > bytes.size() - 8)
    malformed(name, fmt::format("a header of {} bytes is announced, {} bytes follow", header_bytes,
                                bytes.size() - 8));
  const std::string_view data = bytes.substr(8 + header_bytes);
  TensorMap tensors;
  for (const Entry& entry :
       parse_header(bytes.substr(8, header_bytes), data.size(), name, metadata)) {
    Tensor tensor = torch::empty(entry.shape, torch::dtype(entry.type));
    if (entry.end > entry.begin)
      std::memcpy(tensor.data_ptr(), data.data() + entry.begin, entry.end - entry.begin);
    const bool is_narrow = entry.type == torch::kHalf || entry.type == torch::kBFloat16;
    tensors[entry.name] = is_narrow ? tensor.to(torch::kFloat) : tensor;
  }
  return tensors;
}

TensorMap read_safetensors(const std::filesystem::path& path, WeightsMetadata* metadata) {
  return parse_safetensors(read_file(path), path.string(), metadata);
}

std::string format_safetensors(const TensorMap& tensors, const WeightsMetadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::vector<Tensor> plain;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    plain.push_back(storable(tensor));
    const uint64_t end = offset + plain.back().nbytes();
    header[name] = {{"dtype", element_name(plain.back().scalar_type(), name)},
                    {"shape", plain.back().sizes().vec()},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // data begins at a multiple of 8
  const uint64_t header_bytes = text.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &header_bytes, 8);
  bytes.reserve(8 + header_bytes + offset);
  bytes += text;
  for (const Tensor& tensor : plain)
    bytes.append(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const WeightsMetadata& metadata) {
  write_file_atomic(path, format_safetensors(tensors, metadata));
}

TensorMap named_tensors(const torch::nn::Module& module) {
  TensorMap tensors;
  for (const auto& item : module.named_parameters()) tensors[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) tensors[item.key()] = item.value();
  return tensors;
}

void save_weights(const torch::nn::Module& module, const std::filesystem::path& path,
                  const WeightsMetadata& metadata) {
  write_safetensors(path, named_tensors(module), metadata);
}

LoadReport load_tensors(torch::nn::Module& module, const TensorMap& tensors,
                        const std::string& name, bool is_strict) {
  LoadReport report;
  std::vector<std::string> problems;
  const TensorMap own = named_tensors(module);
  for (const auto& [key, tensor] : own) {
    const auto found = tensors.find(key);
    if (found == tensors.end()) {
      report.missing.push_back(key);
      if (is_strict) problems.push_back(fmt::format("'{}' {} is missing", key, shape_text(tensor)));
    } else if (found->second.sizes() != tensor.sizes()) {
      problems.push_back(fmt::format("'{}' has shape {}, expected {}", key,
                                     shape_text(found->second), shape_text(tensor)));
    } else if (found->second.is_floating_point() != tensor.is_floating_point()) {
      problems.push_back(fmt::format("'{}' holds {}, expected {}", key,
                                     c10::toString(found->second.scalar_type()),
                                     c10::toString(tensor.scalar_type())));
    }
  }
  for (const auto& item : tensors) {
    if (own.count(item.first) != 0) continue;
    report.unexpected.push_back(item.first);
    if (is_strict) problems.push_back(fmt::format("'{}' is not known to this model", item.first));
  }
  if (!problems.empty()) {
    constexpr size_t kShown = 10;
    std::string message =
        fmt::format("{}: the weights do not fit the model ({} problems):", name, problems.size());
    for (size_t i = 0; i < std::min(kShown, problems.size()); ++i) message += "\n  " + problems[i];
    if (problems.size() > kShown) message += "\n  ...";
    throw Error(ErrorCode::kData, message,
                "use the weights and the config.json of one and the same model folder");
  }
  torch::NoGradGuard no_grad;
  for (const auto& [key, tensor] : own) {
    const auto found = tensors.find(key);
    if (found == tensors.end()) continue;
    Tensor target = tensor;
    target.copy_(found->second);
    ++report.loaded;
  }
  return report;
}

LoadReport load_weights(torch::nn::Module& module, const std::filesystem::path& path,
                        bool is_strict, WeightsMetadata* metadata) {
  return load_tensors(module, read_safetensors(path, metadata), path.string(), is_strict);
}

}  // namespace radgen
