// Archives of torch.save: what LibTorch can read of them, and what it must not be trusted with.
#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "model/weight_files.h"
#include "radgen/core/error.h"

namespace radgen {
namespace {

using torch::Tensor;

// Module.state_dict() is an OrderedDict with an attribute "_metadata", and LibTorch's reader knows
// neither: it takes an OrderedDict for an unused part of a tensor and leaves None in its place. The
// pickle is changed so that a plain dictionary is made behind that None and both end in a tuple;
// the attribute, which stands last, is cut off. Other pickles stay as they are.
std::string with_plain_dictionary(const std::string& pickle) {
  static const std::string kStart(
      "\x80\x02"
      "ccollections\nOrderedDict\nq\0)R",
      31);
  static const std::string kMetadata("X\x09\0\0\0_metadata", 14);
  if (pickle.compare(0, kStart.size(), kStart) != 0 || pickle.back() != '.') return pickle;
  size_t end = pickle.size() - 1;
  const size_t at = pickle.rfind(kMetadata);
  if (at != std::string::npos && pickle[end - 1] == 'b') {
    // The attributes' dictionary and its place in the memo stand before: EMPTY_DICT and BINPUT, or
    // LONG_BINPUT.
    if (pickle[at - 3] == '}' && pickle[at - 2] == 'q') end = at - 3;
    if (pickle[at - 6] == '}' && pickle[at - 5] == 'r') end = at - 6;
  }
  return kStart + "}" + pickle.substr(kStart.size(), end - kStart.size()) +
         "\x86.";  // TUPLE2, STOP
}

// Reads within the file, whatever its headers say.
class BoundedReader final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BoundedReader(std::string_view bytes) : bytes_(bytes) {}
  size_t size() const override { return bytes_.size(); }
  size_t read(uint64_t at, void* to, size_t count, const char* /*what*/) const override {
    if (at >= bytes_.size()) return 0;
    const size_t taken = std::min(count, bytes_.size() - static_cast<size_t>(at));
    std::memcpy(to, bytes_.data() + at, taken);
    return taken;
  }

 private:
  std::string_view bytes_;
};

// A zip archive of torch.save, read by LibTorch: what was pickled, and how many bytes lie behind
// each storage.
struct Archive {
  c10::IValue top;
  std::map<const void*, size_t> bytes_at;

  bool is_program = false;  // of TorchScript: its weights are attributes of classes

  void unpickle(std::string_view bytes) {
    caffe2::serialize::PyTorchStreamReader reader(std::make_unique<BoundedReader>(bytes));
    is_program = reader.hasRecord("constants.pkl");
    const auto [data, size] = reader.getRecord("data.pkl");
    const std::string pickle = with_plain_dictionary({static_cast<const char*>(data.get()), size});
    if (!has_sound_lengths(pickle)) throw Error(ErrorCode::kData, "a length in the pickle is none");
    size_t done = 0;
    const auto next = [&](char* to, size_t count) {
      const size_t taken = std::min(count, pickle.size() - done);
      std::memcpy(to, pickle.data() + done, taken);
      done += taken;
      return taken;
    };
    const auto record = [&](const std::string& name) {
      auto [storage, length] = reader.getRecord("data/" + name);
      bytes_at[storage.get()] = length;
      return std::move(storage);
    };
    top = torch::jit::Unpickler(next, nullptr, nullptr, record, torch::kCPU).parse_ivalue();
  }

  // Whether all elements of the tensor lie inside the data that the archive has for it.
  bool holds(const Tensor& tensor) const {
    if (tensor.layout() != torch::kStrided || !tensor.device().is_cpu() || tensor.is_quantized())
      return false;
    if (tensor.numel() == 0) return true;
    int64_t last = tensor.storage_offset();
    if (last < 0) return false;
    for (int64_t i = 0; i < tensor.dim(); ++i) {
      if (tensor.size(i) < 1 || tensor.stride(i) < 0) return false;
      if (tensor.size(i) - 1 > 0 && tensor.stride(i) > kMostElements / (tensor.size(i) - 1))
        return false;
      last += (tensor.size(i) - 1) * tensor.stride(i);
      if (last > kMostElements) return false;
    }
    const auto found = bytes_at.find(tensor.storage().data());
    return found != bytes_at.end() && static_cast<uint64_t>(last + 1) * tensor.element_size() <=
                                          static_cast<uint64_t>(found->second);
  }

  static constexpr int64_t kMostElements = int64_t{1} << 40;
};

// The keys under which training programs keep the weights beside their own state.
bool is_name_of_weights(const std::string& key) {
  static const std::set<std::string> names{"state_dict", "model",  "model_state_dict",
                                           "module",     "net",    "network",
                                           "weights",    "params", "model_state"};
  return names.count(key) != 0;
}

// The dictionary of tensors in what was unpickled: itself, or one below it under such a key.
c10::optional<c10::IValue> find_dictionary(const c10::IValue& value, bool may_be_inside = true) {
  if (may_be_inside && value.isTuple() && value.toTupleRef().elements().size() == 2)
    return find_dictionary(value.toTupleRef().elements()[1], false);  // with_plain_dictionary()
  if (!value.isGenericDict()) return c10::nullopt;
  for (const auto& item : value.toGenericDict())
    if (item.key().isString() && item.value().isTensor()) return value;
  if (!may_be_inside) return c10::nullopt;
  for (const auto& item : value.toGenericDict()) {
    if (!item.key().isString()) continue;
    if (!is_name_of_weights(item.key().toStringRef())) continue;
    if (const auto inner = find_dictionary(item.value(), /*may_be_inside=*/false)) return inner;
  }
  return c10::nullopt;
}

// Little endian, `bytes` at most 4; nothing behind the end.
std::optional<uint64_t> number_at(std::string_view pickle, size_t at, size_t bytes) {
  if (at > pickle.size() || bytes > pickle.size() - at) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i)
    value |= uint64_t{static_cast<uint8_t>(pickle[at + i])} << 8 * i;
  return value;
}

// Bytes of an argument of fixed size.
std::optional<size_t> fixed_argument(char operation) {
  switch (operation) {
    case 'K':     // BININT1
    case 'q':     // BINPUT
    case 'h':     // BINGET
    case '\x80':  // PROTO
      return 1;
    case 'M':  // BININT2
      return 2;
    case 'J':  // BININT
    case 'j':  // LONG_BINGET
    case 'r':  // LONG_BINPUT
      return 4;
    case 'G':  // BINFLOAT
      return 8;
    default:
      return std::nullopt;
  }
}

// Bytes of the length before an argument that is counted.
std::optional<size_t> counted_argument(char operation) {
  switch (operation) {
    case 'U':     // SHORT_BINSTRING
    case '\x8a':  // LONG1
      return 1;
    case 'X':  // BINUNICODE
    case 'T':  // BINSTRING
      return 4;
    default:
      return std::nullopt;
  }
}

constexpr std::string_view kWithoutArgument = "(.N)t]}aesuRQb012\x81\x85\x86\x87\x88\x89";

}  // namespace

bool has_sound_lengths(std::string_view pickle) {
  size_t at = 0;
  while (at < pickle.size()) {
    const char operation = pickle[at++];
    if (operation == '.') return true;  // STOP
    if (operation == 'c') {             // GLOBAL: two lines
      for (int line = 0; line < 2; ++line) {
        const size_t end = pickle.find('\n', at);
        if (end == std::string_view::npos) return false;
        at = end + 1;
      }
    } else if (const auto size = fixed_argument(operation)) {
      if (*size > pickle.size() - at) return false;
      if (operation == 'r' && *number_at(pickle, at, 4) > pickle.size()) return false;
      at += *size;
    } else if (const auto width = counted_argument(operation)) {
      const auto length = number_at(pickle, at, *width);
      if (!length || *length > pickle.size() - at - *width) return false;
      at += *width + static_cast<size_t>(*length);
    } else if (kWithoutArgument.find(operation) == std::string_view::npos) {
      return true;
    }
  }
  return true;
}

TensorMap parse_pickled_weights(std::string_view bytes, const std::string& name) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::kData, fmt::format("{}: {}", name, what),
                "save its state_dict() once more by itself with torch.save (PyTorch 1.6 or later), "
                "or as safetensors");
  };
  if (bytes.substr(0, 2) != "PK") refuse("is no zip archive as torch.save writes");
  Archive archive;
  try {
    archive.unpickle(bytes);
  } catch (const std::exception&) {
    refuse(archive.is_program ? "is a TorchScript program, expected a dictionary of tensors"
                              : "holds something else than a dictionary of tensors, or is damaged");
  }
  const c10::optional<c10::IValue> dictionary = find_dictionary(archive.top);
  if (!dictionary) {
    refuse(archive.is_program ? "is a TorchScript program, expected a dictionary of tensors"
                              : "holds no dictionary of tensors");
  }
  TensorMap tensors;
  for (const auto& item : dictionary->toGenericDict()) {
    if (!item.key().isString() || !item.value().isTensor()) continue;
    const Tensor tensor = item.value().toTensor().detach();
    if (!archive.holds(tensor))
      refuse("'" + item.key().toStringRef() + "' is larger than its data");
    tensors[item.key().toStringRef()] =
        (tensor.is_floating_point() ? tensor.to(torch::kFloat) : tensor).contiguous().clone();
  }
  return tensors;
}

}  // namespace radgen
