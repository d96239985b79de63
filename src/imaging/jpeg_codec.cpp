#include "imaging/jpeg_codec.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <vector>

// libjpeg's headers need <cstdio> in front of them.
#include <jerror.h>
#include <jpeglib.h>

#include "radgen/core/error.h"

namespace radgen {
namespace {

// A progressive stream keeps its coefficients in memory, and each of its scans is a pass over them.
constexpr long kMaxWorkingBytes = 640L << 20;
constexpr int kMaxScans = 200;

// libjpeg leaves by longjmp: nothing that has a destructor may live in the functions that call it.
struct JpegErrors {
  jpeg_error_mgr manager{};
  std::jmp_buf back{};
  int damages = 0;
};

JpegErrors& errors_of(j_common_ptr info) { return *reinterpret_cast<JpegErrors*>(info->err); }

[[noreturn]] void leave(j_common_ptr info) { std::longjmp(errors_of(info).back, 1); }

// Warnings of data that cannot be what was encoded; others (odd but harmless markers) do not count.
void note_damage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
      ++errors_of(info).damages;
      break;
    default:
      break;
  }
}

void keep_silent(j_common_ptr) {}

jpeg_error_mgr* set_up(JpegErrors& errors) {
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = leave;
  errors.manager.emit_message = note_damage;
  errors.manager.output_message = keep_silent;
  return &errors.manager;
}

struct JpegReader {
  JpegReader() { info.err = set_up(errors); }
  ~JpegReader() { jpeg_destroy_decompress(&info); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  JpegErrors errors;
  jpeg_progress_mgr progress{};
  jpeg_decompress_struct info{};
};

void count_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) leave(info);
}

bool start_reading(JpegReader& reader, std::string_view jpeg) {
  if (setjmp(reader.errors.back)) return false;
  jpeg_create_decompress(&reader.info);
  reader.info.mem->max_memory_to_use = kMaxWorkingBytes;
  reader.progress.progress_monitor = count_scans;
  reader.info.progress = &reader.progress;
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(jpeg.data()),
               static_cast<unsigned long>(jpeg.size()));
  jpeg_read_header(&reader.info, TRUE);
  reader.info.out_color_space = reader.info.num_components == 4 ? JCS_CMYK : JCS_GRAYSCALE;
  jpeg_start_decompress(&reader.info);
  return true;
}

bool read_row(JpegReader& reader, unsigned char* row) {
  if (setjmp(reader.errors.back)) return false;
  return jpeg_read_scanlines(&reader.info, &row, 1) == 1;
}

bool finish_reading(JpegReader& reader) {
  if (setjmp(reader.errors.back)) return false;
  return jpeg_finish_decompress(&reader.info) && reader.errors.damages == 0;
}

// Adobe writes four inks inverted: 255 is none.
unsigned char gray_of_inks(const unsigned char* inks) {
  const auto light = [&](int i) { return inks[3] * inks[i] / 255.0; };
  return cv::saturate_cast<unsigned char>(0.299 * light(0) + 0.587 * light(1) + 0.114 * light(2));
}

struct JpegWriter {
  JpegWriter() { info.err = set_up(errors); }
  ~JpegWriter() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;
  JpegErrors errors;
  jpeg_compress_struct info{};
  unsigned char* bytes = nullptr;
  unsigned long count = 0;
};

bool write_all(JpegWriter& writer, const cv::Mat& pixels, int quality) {
  if (setjmp(writer.errors.back)) return false;
  jpeg_create_compress(&writer.info);
  jpeg_mem_dest(&writer.info, &writer.bytes, &writer.count);
  writer.info.image_width = static_cast<JDIMENSION>(pixels.cols);
  writer.info.image_height = static_cast<JDIMENSION>(pixels.rows);
  writer.info.input_components = pixels.channels();
  writer.info.in_color_space = pixels.channels() == 3 ? JCS_EXT_BGR : JCS_GRAYSCALE;
  jpeg_set_defaults(&writer.info);
  jpeg_set_quality(&writer.info, quality, TRUE);
  jpeg_start_compress(&writer.info, TRUE);
  while (writer.info.next_scanline < writer.info.image_height) {
    auto* row = const_cast<unsigned char*>(pixels.ptr(static_cast<int>(writer.info.next_scanline)));
    jpeg_write_scanlines(&writer.info, &row, 1);
  }
  jpeg_finish_compress(&writer.info);
  return true;
}

}  // namespace

std::optional<cv::Mat> decode_jpeg(std::string_view jpeg) {
  JpegReader reader;
  if (!start_reading(reader, jpeg)) return std::nullopt;
  const auto width = static_cast<int>(reader.info.output_width);
  const auto height = static_cast<int>(reader.info.output_height);
  const int components = reader.info.output_components;
  if (components != 1 && components != 4) return std::nullopt;
  cv::Mat gray(height, width, CV_8UC1);
  std::vector<unsigned char> inks(components == 4 ? 4 * static_cast<size_t>(width) : 0);
  for (int y = 0; y < height; ++y) {
    if (!read_row(reader, inks.empty() ? gray.ptr(y) : inks.data())) return std::nullopt;
    for (size_t x = 0; 4 * x < inks.size(); ++x)
      gray.at<unsigned char>(y, static_cast<int>(x)) = gray_of_inks(inks.data() + 4 * x);
  }
  if (!finish_reading(reader)) return std::nullopt;
  return gray;
}

std::string encode_jpeg_8bit(const cv::Mat& pixels, int quality) {
  RADGEN_CHECK(pixels.type() == CV_8UC1 || pixels.type() == CV_8UC3,
               "JPEG holds 8 bits of grey or BGR");
  JpegWriter writer;
  if (!write_all(writer, pixels, quality))
    throw Error(ErrorCode::kInternal, "a picture could not be encoded as JPEG");
  return {reinterpret_cast<const char*>(writer.bytes), writer.count};
}

}  // namespace radgen
