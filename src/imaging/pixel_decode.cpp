#include "imaging/pixel_decode.h"

// DCMTK's configuration has to come first.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>

#include "imaging/dcmtk_setup.h"
#include "imaging/jpeg2000.h"
#include "imaging/jpeg_markers.h"
#include "imaging/rle.h"

namespace radgen {
namespace {

enum class Codec { kNative, kRle, kJpeg, kJpegLs, kJpeg2000 };

struct Syntax {
  std::string_view uid;
  Codec codec;
  E_TransferSyntax dcmtk;
  bool is_lossy;
};

constexpr std::array<Syntax, 14> kSyntaxes = {{
    {"1.2.840.10008.1.2", Codec::kNative, EXS_LittleEndianImplicit, false},
    {"1.2.840.10008.1.2.1", Codec::kNative, EXS_LittleEndianExplicit, false},
    {"1.2.840.10008.1.2.1.99", Codec::kNative, EXS_DeflatedLittleEndianExplicit, false},
    {"1.2.840.10008.1.2.2", Codec::kNative, EXS_BigEndianExplicit, false},
    {"1.2.840.10008.1.2.5", Codec::kRle, EXS_RLELossless, false},
    {"1.2.840.10008.1.2.4.50", Codec::kJpeg, EXS_JPEGProcess1, true},
    {"1.2.840.10008.1.2.4.51", Codec::kJpeg, EXS_JPEGProcess2_4, true},
    {"1.2.840.10008.1.2.4.53", Codec::kJpeg, EXS_JPEGProcess6_8, true},
    {"1.2.840.10008.1.2.4.57", Codec::kJpeg, EXS_JPEGProcess14, false},
    {"1.2.840.10008.1.2.4.70", Codec::kJpeg, EXS_JPEGProcess14SV1, false},
    {"1.2.840.10008.1.2.4.80", Codec::kJpegLs, EXS_JPEGLSLossless, false},
    {"1.2.840.10008.1.2.4.81", Codec::kJpegLs, EXS_JPEGLSLossy, true},
    {"1.2.840.10008.1.2.4.90", Codec::kJpeg2000, EXS_JPEG2000LosslessOnly, false},
    {"1.2.840.10008.1.2.4.91", Codec::kJpeg2000, EXS_JPEG2000, true},
}};

Failure corrupt(const std::string& message) { return {"corrupt_compressed_data", message}; }

cv::Mat widen(const uint8_t* bytes, const PixelFormat& format) {
  const cv::Mat narrow(format.rows, format.columns, CV_8UC1, const_cast<uint8_t*>(bytes));
  cv::Mat words;
  narrow.convertTo(words, CV_16U);
  return words;
}

// PS3.5 8.1.1 and A.1 to A.3.
Result<StoredPixels> decode_native(const DicomOutline& outline, const PixelFormat& format) {
  const std::string_view bytes = outline.pixel_data.value;
  const size_t cell_bytes = static_cast<size_t>(format.bits_allocated) / 8;
  const size_t needed = format.pixel_count() * cell_bytes;
  if (bytes.size() < needed)
    return Failure{
        "truncated_pixel_data",
        fmt::format("pixel data holds {} bytes, {} x {} pixels of {} bits need {}", bytes.size(),
                    format.columns, format.rows, format.bits_allocated, needed)};
  StoredPixels stored;
  // One byte more makes the length even.
  if (bytes.size() > needed + 1) stored.warnings.push_back("pixel_data_too_long");
  const bool is_big = outline.encoding == DicomEncoding::kExplicitBig;
  const auto* source = reinterpret_cast<const uint8_t*>(bytes.data());
  if (cell_bytes == 2) {
    stored.words.create(format.rows, format.columns, CV_16UC1);
    std::memcpy(stored.words.data, source, needed);
    if (is_big) {
      auto* words = stored.words.ptr<uint16_t>();
      std::transform(words, words + format.pixel_count(), words,
                     [](uint16_t w) { return __builtin_bswap16(w); });
    }
  } else if (is_big && outline.pixel_data.vr == "OW") {
    // Two 8-bit pixels in a word: the word's low byte is the first one (PS3.5 annex D).
    std::string swapped(bytes.substr(0, bytes.size() / 2 * 2));
    for (size_t i = 0; i + 1 < swapped.size(); i += 2) std::swap(swapped[i], swapped[i + 1]);
    if (swapped.size() < needed) swapped.push_back(bytes.back());
    stored.words = widen(reinterpret_cast<const uint8_t*>(swapped.data()), format);
  } else {
    stored.words = widen(source, format);
  }
  return stored;
}

// The code stream's own frame header must say what the DICOM header says, and its end must be
// there.
std::optional<Failure> check_jpeg(std::string_view codestream, const PixelFormat& format) {
  const std::optional<JpegFrame> frame = find_jpeg_frame(codestream);
  if (!frame) return corrupt("the JPEG stream has no frame header");
  if (frame->components != 1)
    return Failure{"not_grayscale", fmt::format("{} components, expected one", frame->components)};
  if (frame->width != format.columns || frame->height != format.rows)
    return corrupt(fmt::format("the JPEG stream holds {} x {} pixels, the header says {} x {}",
                               frame->width, frame->height, format.columns, format.rows));
  if (frame->precision < 2 || frame->precision > format.bits_allocated)
    return corrupt(fmt::format("the JPEG stream has {} bits, the header allocates {}",
                               frame->precision, format.bits_allocated));
  if (!ends_with_jpeg_end(codestream))
    return Failure{"truncated_pixel_data", "the JPEG stream has no end marker: it was cut"};
  if (!frame->is_jpeg_ls && !has_sound_huffman_tables(codestream))
    return corrupt("a Huffman table of the JPEG stream cannot be what an encoder wrote");
  return std::nullopt;
}

// A data set of the attributes that DCMTK's decoders ask for.
void describe(DcmDataset& data_set, const PixelFormat& format) {
  data_set.putAndInsertUint16(DCM_SamplesPerPixel, 1);
  data_set.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  data_set.putAndInsertUint16(DCM_Rows, static_cast<Uint16>(format.rows));
  data_set.putAndInsertUint16(DCM_Columns, static_cast<Uint16>(format.columns));
  data_set.putAndInsertUint16(DCM_BitsAllocated, static_cast<Uint16>(format.bits_allocated));
  data_set.putAndInsertUint16(DCM_BitsStored, static_cast<Uint16>(format.bits_stored));
  data_set.putAndInsertUint16(DCM_HighBit, static_cast<Uint16>(format.high_bit));
  data_set.putAndInsertUint16(DCM_PixelRepresentation, format.is_signed ? 1 : 0);
  data_set.putAndInsertString(DCM_NumberOfFrames, "1");
}

// Decodes one frame; `sample_bytes` is 1 or 2 as the code stream's precision demands.
Result<StoredPixels> decode_by_dcmtk(const std::string& codestream, const Syntax& syntax,
                                     const PixelFormat& format, int sample_bytes) {
  set_up_dcmtk();
  DcmDataset data_set;
  // Described by the code stream's own sample size: an 8-bit stream may stand under 16 allocated
  // bits.
  PixelFormat coded = format;
  coded.bits_allocated = sample_bytes * 8;
  coded.bits_stored = std::min(format.bits_stored, coded.bits_allocated);
  coded.high_bit = std::min(format.high_bit, coded.bits_allocated - 1);
  describe(data_set, coded);
  auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelData, EVR_OB));
  auto offset_table = std::make_unique<DcmPixelItem>(DcmTag(DCM_Item, EVR_OB));
  auto fragment = std::make_unique<DcmPixelItem>(DcmTag(DCM_Item, EVR_OB));
  if (fragment
          ->putUint8Array(reinterpret_cast<const Uint8*>(codestream.data()),
                          static_cast<unsigned long>(codestream.size()))
          .bad() ||
      sequence->insert(offset_table.get()).bad())
    return corrupt("the compressed pixel data cannot be taken over");
  (void)offset_table.release();
  if (sequence->insert(fragment.get()).bad())
    return corrupt("the compressed pixel data cannot be taken over");
  (void)fragment.release();
  DcmPixelData pixel_data(DCM_PixelData);
  pixel_data.putOriginalRepresentation(syntax.dcmtk, nullptr, sequence.release());

  // A little room: decoders round lengths up to even ones.
  std::vector<uint8_t> buffer(format.pixel_count() * static_cast<size_t>(sample_bytes) + 16);
  Uint32 start_fragment = 0;
  OFString color_model;
  const DecoderComplaints complaints;
  const OFCondition status = pixel_data.getUncompressedFrame(
      &data_set, 0, start_fragment, buffer.data(), static_cast<Uint32>(buffer.size()), color_model);
  if (status.bad() || complaints.count() > 0)
    return corrupt("the compressed pixel data is cut or damaged");
  StoredPixels stored;
  if (sample_bytes == 1) {
    stored.words = widen(buffer.data(), format);
  } else {
    stored.words.create(format.rows, format.columns, CV_16UC1);
    std::memcpy(stored.words.data, buffer.data(), format.pixel_count() * 2);
  }
  stored.may_overshoot = syntax.is_lossy && !format.is_signed;
  return stored;
}

Result<StoredPixels> decode_compressed(const std::string& codestream, const Syntax& syntax,
                                       const PixelFormat& format) {
  switch (syntax.codec) {
    case Codec::kRle: {
      // Our own: DCMTK 3.6.7's reads outside of its buffer on segment offsets that lie.
      Result<cv::Mat> words = decode_rle(codestream, format);
      if (!words) return words.failure();
      return StoredPixels{*words, false, {}};
    }
    case Codec::kJpeg2000: {
      Result<Jpeg2000Pixels> pixels = decode_jpeg2000(codestream, format);
      if (!pixels) return pixels.failure();
      StoredPixels stored;
      stored.words = pixels->words;
      stored.may_overshoot = syntax.is_lossy && !format.is_signed;
      if (pixels->has_sign_mismatch) stored.warnings.push_back("jpeg2000_sign_mismatch");
      return stored;
    }
    default:
      break;
  }
  if (auto failure = check_jpeg(codestream, format)) return *failure;
  const int sample_bytes = find_jpeg_frame(codestream)->precision > 8 ? 2 : 1;
  return decode_by_dcmtk(codestream, syntax, format, sample_bytes);
}

}  // namespace

Result<StoredPixels> decode_pixels(const DicomOutline& outline, const PixelFormat& format) {
  const auto syntax = std::find_if(kSyntaxes.begin(), kSyntaxes.end(), [&](const Syntax& s) {
    return s.uid == outline.transfer_syntax;
  });
  if (syntax == kSyntaxes.end())
    return Failure{"unsupported_transfer_syntax",
                   "the pixel data is in a transfer syntax that cannot be read"};
  const bool is_native = syntax->codec == Codec::kNative;
  if (is_native && outline.is_encapsulated)
    return Failure{"unsupported_transfer_syntax",
                   "compressed pixel data under an uncompressed transfer syntax"};
  if (is_native) return decode_native(outline, format);
  if (!outline.is_encapsulated)
    return corrupt("uncompressed pixel data under a compressed transfer syntax");
  if (outline.fragments.empty())
    return Failure{"truncated_pixel_data", "the compressed pixel data is empty"};
  std::string codestream;
  for (const std::string_view fragment : outline.fragments) codestream.append(fragment);
  return decode_compressed(codestream, *syntax, format);
}

}  // namespace radgen
