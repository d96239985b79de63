// Writers and readers that only tests need: JPEG 2000 by OpenJPEG, and PNG as libpng reads it
// without any conversion, so that what the project writes is not read by its own code.
#pragma once

#include <gtest/gtest.h>
#include <openjpeg.h>
#include <png.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>
#include <vector>

namespace radgen::testing {

struct MemoryFile {
  std::string bytes;
  size_t at = 0;
};

// Lossless, in its JP2 container.
inline std::string jp2_of(const cv::Mat& words) {
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = static_cast<OPJ_UINT32>(words.cols);
  component.h = static_cast<OPJ_UINT32>(words.rows);
  component.prec = 16;
  opj_image_t* image = opj_image_create(1, &component, OPJ_CLRSPC_GRAY);
  image->x1 = component.w;
  image->y1 = component.h;
  for (int y = 0; y < words.rows; ++y)
    for (int x = 0; x < words.cols; ++x)
      image->comps[0].data[y * words.cols + x] = words.at<uint16_t>(y, x);
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.numresolution = 4;
  parameters.cp_disto_alloc = 1;
  MemoryFile file;
  opj_stream_t* stream = opj_stream_default_create(OPJ_FALSE);
  opj_stream_set_user_data(stream, &file, nullptr);
  opj_stream_set_write_function(stream, [](void* buffer, OPJ_SIZE_T count, void* user) {
    auto& to = *static_cast<MemoryFile*>(user);
    to.bytes.resize(std::max(to.bytes.size(), to.at + count));
    std::memcpy(to.bytes.data() + to.at, buffer, count);
    to.at += count;
    return count;
  });
  opj_stream_set_skip_function(stream, [](OPJ_OFF_T count, void* user) {
    static_cast<MemoryFile*>(user)->at += static_cast<size_t>(count);
    return count;
  });
  opj_stream_set_seek_function(stream, [](OPJ_OFF_T at, void* user) -> OPJ_BOOL {
    static_cast<MemoryFile*>(user)->at = static_cast<size_t>(at);
    return OPJ_TRUE;
  });
  opj_codec_t* codec = opj_create_compress(OPJ_CODEC_JP2);
  EXPECT_TRUE(opj_setup_encoder(codec, &parameters, image));
  EXPECT_TRUE(opj_start_compress(codec, image, stream));
  EXPECT_TRUE(opj_encode(codec, stream));
  EXPECT_TRUE(opj_end_compress(codec, stream));
  opj_destroy_codec(codec);
  opj_stream_destroy(stream);
  opj_image_destroy(image);
  return file.bytes;
}

// CV_8UC1, CV_16UC1 or CV_8UC3 (BGR), as the file holds them.
inline cv::Mat png_as_it_is(const std::string& png) {
  MemoryFile file{png};
  png_structp reader = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(reader);
  png_set_read_fn(reader, &file, [](png_structp from, png_bytep out, size_t count) {
    auto& source = *static_cast<MemoryFile*>(png_get_io_ptr(from));
    if (count > source.bytes.size() - source.at) png_error(from, "too short");
    std::memcpy(out, source.bytes.data() + source.at, count);
    source.at += count;
  });
  const int swap = std::endian::native == std::endian::little ? PNG_TRANSFORM_SWAP_ENDIAN : 0;
  png_read_png(reader, info, swap, nullptr);
  const bool is_deep = png_get_bit_depth(reader, info) == 16;
  const int type = CV_MAKETYPE(is_deep ? CV_16U : CV_8U, png_get_channels(reader, info));
  cv::Mat read(static_cast<int>(png_get_image_height(reader, info)),
               static_cast<int>(png_get_image_width(reader, info)), type);
  png_bytepp rows = png_get_rows(reader, info);
  for (int y = 0; y < read.rows; ++y)
    std::memcpy(read.ptr(y), rows[y], png_get_rowbytes(reader, info));
  png_destroy_read_struct(&reader, &info, nullptr);
  if (read.channels() == 3) cv::cvtColor(read, read, cv::COLOR_RGB2BGR);
  return read;
}

}  // namespace radgen::testing
