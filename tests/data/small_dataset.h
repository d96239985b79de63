// A prepared dataset of made-up studies for what learns from one or scores one: normal ones and
// ones with a left effusion and its box, in the splits train, validate and test.
#pragma once

#include <fmt/format.h>

#include "data/small_mimic.h"
#include "radgen/data/prepare.h"
#include "radgen/data/source.h"

namespace radgen {

// `boxed`: studies with a box in each split; as many normal ones lie beside them.
inline void prepare_small_dataset(const fs::path& root, const fs::path& output, int boxed,
                                  int size_px) {
  SmallMimic set(root);
  int number = 0;
  for (const char* split : {"train", "validate", "test"}) {
    for (int i = 0; i < boxed; ++i) {
      const std::string id = fmt::format("{:04}", ++number);
      const double down = 5.0 * i;
      set.add({.patient = "1000" + id,
               .study = "5000" + id,
               .dicom = fmt::format("boxed-{}-{:02}", split, i),
               .split = split,
               .bright = Box{200, 100 + down, 60, 80},
               .boxes = {{"Pleural Effusion", "small left pleural effusion"}}},
              kEffusionReport);
      set.add({.patient = "1100" + id,
               .study = "5100" + id,
               .dicom = fmt::format("plain-{}-{:02}", split, i),
               .split = split},
              kNormalReport);
    }
  }
  set.write_tables();
  PrepareConfig config;
  config.preparation.size_px = size_px;
  config.vocabulary_size = 150;
  prepare_dataset(config, *open_source("mimic-cxr", {.input = set.folder()}), output,
                  {.threads = 2});
}

}  // namespace radgen
