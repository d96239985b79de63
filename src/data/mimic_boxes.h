// Boxes for MIMIC-CXR's images, in whichever form they were downloaded:
//
//   MS_CXR_Local_Alignment_v1.{0,1}.0.csv[.gz]   a row a box; 1.1 has a split of its own
//   MS_CXR_Local_Alignment_v1.{0,1}.0.json       the same as COCO (images, annotations, categories)
//   a folder with *_SceneGraph.json              Chest ImaGenome's silver scene graphs, or a folder
//                                                above (silver_dataset/scene_graph)
//
// Scene graphs give the regions of the anatomy; a box here is a region whose attributes say
// "...|yes|<finding>", with the sentence that says so as its phrase. That is where a finding is
// said to lie, not its outline: coarser than MS-CXR, and for 100 times as many images.
#pragma once

#include "data/listing.h"

namespace radgen {

// `where` is one of the three. Throws Error{kData} when it cannot be read at all.
void read_mimic_boxes(const fs::path& where, ListingBuilder& listing);

}  // namespace radgen
