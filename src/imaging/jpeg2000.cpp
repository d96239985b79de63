#include "imaging/jpeg2000.h"

#include <fmt/core.h>
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace radgen {
namespace {

// OpenJPEG needs up to 12 bytes a pixel while it decodes; this keeps a film below 1 GiB.
constexpr size_t kMaxPixels = 40'000'000;

Failure corrupt_stream(const std::string& what) {
  return {"corrupt_compressed_data", "the JPEG 2000 code stream " + what};
}

struct MemoryReader {
  std::string_view bytes;
  size_t at = 0;
};

OPJ_SIZE_T read_bytes(void* buffer, OPJ_SIZE_T count, void* user) {
  auto& reader = *static_cast<MemoryReader*>(user);
  if (reader.at >= reader.bytes.size()) return static_cast<OPJ_SIZE_T>(-1);
  const size_t n = std::min(static_cast<size_t>(count), reader.bytes.size() - reader.at);
  std::memcpy(buffer, reader.bytes.data() + reader.at, n);
  reader.at += n;
  return n;
}

OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void* user) {
  auto& reader = *static_cast<MemoryReader*>(user);
  if (count < 0) return -1;
  const size_t n = std::min(static_cast<size_t>(count), reader.bytes.size() - reader.at);
  reader.at += n;
  return static_cast<OPJ_OFF_T>(n);
}

OPJ_BOOL seek_to(OPJ_OFF_T position, void* user) {
  auto& reader = *static_cast<MemoryReader*>(user);
  if (position < 0 || static_cast<size_t>(position) > reader.bytes.size()) return OPJ_FALSE;
  reader.at = static_cast<size_t>(position);
  return OPJ_TRUE;
}

void count_error(const char*, void* user) { ++*static_cast<int*>(user); }
void ignore(const char*, void*) {}

struct Decompressor {
  explicit Decompressor(OPJ_CODEC_FORMAT kind) : handle(opj_create_decompress(kind)) {}
  ~Decompressor() { opj_destroy_codec(handle); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  opj_codec_t* handle;
};

using StreamPointer = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using ImagePointer = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

StreamPointer memory_stream(MemoryReader& reader) {
  StreamPointer stream(opj_stream_default_create(OPJ_TRUE), opj_stream_destroy);
  opj_stream_set_user_data(stream.get(), &reader, nullptr);
  opj_stream_set_user_data_length(stream.get(), reader.bytes.size());
  opj_stream_set_read_function(stream.get(), read_bytes);
  opj_stream_set_skip_function(stream.get(), skip_bytes);
  opj_stream_set_seek_function(stream.get(), seek_to);
  return stream;
}

std::optional<Failure> check_component(const opj_image_t& image, const PixelFormat& format) {
  if (image.numcomps != 1)
    return Failure{"not_grayscale", fmt::format("{} components, expected one", image.numcomps)};
  const opj_image_comp_t& component = image.comps[0];
  const uint64_t width = image.x1 - image.x0, height = image.y1 - image.y0;
  if (width != static_cast<uint64_t>(format.columns) ||
      height != static_cast<uint64_t>(format.rows) || component.dx != 1 || component.dy != 1)
    return corrupt_stream(fmt::format("holds {} x {} pixels, the header says {} x {}", width,
                                      height, format.columns, format.rows));
  if (component.prec < 1 || component.prec > 16)
    return corrupt_stream(fmt::format("has {} bits, expected 1 to 16", component.prec));
  return std::nullopt;
}

// The bits of a sample as a word of the header's signedness: those of `prec` bits are extended by
// their sign when the header says that values are signed.
cv::Mat to_words(const opj_image_comp_t& component, const PixelFormat& format) {
  cv::Mat words(format.rows, format.columns, CV_16UC1);
  const int precision = static_cast<int>(component.prec);
  const int mask = (1 << precision) - 1, sign = 1 << (precision - 1);
  const size_t count = format.pixel_count();
  auto* out = words.ptr<uint16_t>();
  for (size_t i = 0; i < count; ++i) {
    int bits = component.data[i] & mask;
    if (format.is_signed) bits = (bits ^ sign) - sign;
    out[i] = static_cast<uint16_t>(bits);
  }
  return words;
}

}  // namespace

Result<Jpeg2000Pixels> decode_jpeg2000(std::string_view codestream, const PixelFormat& format) {
  if (format.pixel_count() > kMaxPixels)
    return Failure{"too_large", fmt::format("{} pixels in JPEG 2000, at most {} are read",
                                            format.pixel_count(), kMaxPixels)};
  const bool is_boxed = codestream.size() > 12 && codestream.substr(4, 4) == "jP  ";
  if (!is_boxed && !codestream.starts_with("\xFF\x4F\xFF\x51"))
    return corrupt_stream("does not begin with its marker");
  Decompressor codec(is_boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
  int errors = 0;
  opj_set_error_handler(codec.handle, count_error, &errors);
  opj_set_warning_handler(codec.handle, ignore, nullptr);
  opj_set_info_handler(codec.handle, ignore, nullptr);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!opj_setup_decoder(codec.handle, &parameters) ||
      !opj_decoder_set_strict_mode(codec.handle, OPJ_TRUE))
    return Failure{"corrupt_compressed_data", "OpenJPEG cannot be set up"};

  MemoryReader reader{codestream};
  const StreamPointer stream = memory_stream(reader);
  opj_image_t* raw_image = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.handle, &raw_image);
  const ImagePointer image(raw_image, opj_image_destroy);
  if (!has_header || !image) return corrupt_stream("has a damaged header");
  if (auto failure = check_component(*image, format)) return *failure;
  const bool is_decoded = opj_decode(codec.handle, stream.get(), image.get()) &&
                          opj_end_decompress(codec.handle, stream.get());
  const opj_image_comp_t& component = image->comps[0];
  if (!is_decoded || errors > 0 || !component.data) return corrupt_stream("is cut or damaged");
  if (component.w != static_cast<OPJ_UINT32>(format.columns) ||
      component.h != static_cast<OPJ_UINT32>(format.rows))
    return corrupt_stream("decodes to another size than it says");
  return Jpeg2000Pixels{to_words(component, format), (component.sgnd != 0) != format.is_signed};
}

}  // namespace radgen
