// How a raster image is to be turned before it is looked at: the EXIF Orientation that cameras,
// phones and scanners write (CIPA DC-008 4.6.5.1.6; tag 0x0112 of the first directory).
#pragma once

#include <string_view>

#include "imaging/orientation.h"

namespace radgen {

// `tiff`: an Exif segment without its name, or a PNG's eXIf chunk. 1 (as stored) to 8; 1 also when
// there is none or it is none of these.
int exif_orientation(std::string_view tiff);

// 2, 4, 5 and 7: viewers mirror the image. Of a film that means that left and right were exchanged
// somewhere, and nobody can say where.
bool is_mirrored_orientation(int orientation);

// For 1, 3, 6 and 8.
Upright upright_of_exif(int orientation);

}  // namespace radgen
