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
//
// read_scene_graph_regions() gives the anatomy itself, with the sentences that found nothing there.
#pragma once

#include "data/listing.h"

namespace radgen {

// `where` is one of the three. Throws Error{kData} when it cannot be read at all.
void read_mimic_boxes(const fs::path& where, ListingBuilder& listing);

// The folder of the *_SceneGraph.json files in or below `folder`; empty: there is none.
fs::path scene_graph_folder(const fs::path& folder);
// A region a sentence that says that nothing was found there, or one without a phrase where there
// is no such sentence; none for places without a box or outside anatomy_names(). Throws
// Error{kData} when the file cannot be read as a scene graph.
std::vector<SourceRegion> read_scene_graph_regions(const fs::path& path);

}  // namespace radgen
