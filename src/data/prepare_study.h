// One image's way through the prepare pipeline: report -> text, film -> PNG, boxes -> prepared
// pixels.
#pragma once

#include <string>

#include "data/prepare_journal.h"
#include "radgen/core/error.h"
#include "radgen/data/manifest.h"
#include "radgen/data/prepare.h"
#include "radgen/data/source.h"
#include "radgen/report/labeler.h"

namespace radgen {

// The cleaned sections that the configuration asks for, filtered by length. Reasons: no_report,
// no_text, too_short, too_long.
struct StudyText {
  std::string indication, findings, impression;
};
Result<StudyText> prepare_text(const ReportSections& sections, const PrepareConfig& config);

// images/p10/p10000032/s50414267/<image_id>.png. The ids are plain names (StudySource's promise).
std::string prepared_image_path(const SourceImage& image);

// Reads the film, makes it small, writes the PNG. Reasons: those of read_film, no_image,
// lateral_view, other_view, and the flags that the configuration rejects. With `must_look_frontal`
// also not_frontal_guess: nothing is written then, and the study's next image is looked at.
Result<FinishedImage> prepare_image(const SourceImage& image, const PrepareConfig& config,
                                    const std::filesystem::path& output,
                                    bool must_look_frontal = false);

// What stands for the image in a dataset without images: the size that the boxes were drawn on.
FinishedImage absent_image(const SourceImage& image);

// The photometric convention of the prepared image.
std::string photometric_of(const SourceImage& image, const PrepareConfig& config);

struct MappedBoxes {
  std::vector<FindingBox> boxes;
  size_t outside = 0;  // boxes that lie outside the image and were left out
};
// Stored source pixels -> prepared pixels, clipped to the image; sides from the phrases.
MappedBoxes map_boxes(const SourceImage& image, const FinishedImage& prepared,
                      const Labeler& labeler);

ManifestEntry make_entry(const SourceImage& image, const StudyText& text,
                         const FinishedImage& prepared, const PrepareConfig& config,
                         const Labeler& labeler);

}  // namespace radgen
