// Which box belongs to which words: boxes carry a finding and a phrase, reports carry mentions with
// finding and side.
//
//   side_of_phrase(labeler, Finding::kPleuralEffusion, "small left effusion");    // left
//   for (const BoxLink& link : link_boxes(labeler.mentions(text), entry.boxes)) ...
//
// Rules, for a positive or uncertain mention and the study's boxes of the same finding:
//   mention without a side, or bilateral   all of them, whatever their side
//   mention left or right                  the boxes of that side
//   ... when there is none of that side    boxes without a side, if the text names no other side of
//                                          the finding
//   ... and nothing else fits              no box; ambiguous when boxes without a side or bilateral
//                                          ones remain
// Negative mentions and No Finding have no boxes. What is ambiguous teaches nothing and is counted.
#pragma once

#include <string>
#include <vector>

#include "radgen/data/manifest.h"
#include "radgen/report/finding.h"
#include "radgen/report/labeler.h"

namespace radgen {

// The side that a phrase gives to `finding`: that of its own mentions of the finding, else that of
// its plain words ("right basilar opacity" for Pneumonia). Both sides: bilateral. Neither: none.
Side side_of_phrase(const Labeler& labeler, Finding finding, const std::string& phrase);

struct BoxLink {
  std::vector<size_t> boxes;  // indices of the study's boxes; empty: none
  bool is_ambiguous = false;
};
// One link a mention, in the same order.
std::vector<BoxLink> link_boxes(const std::vector<Mention>& mentions,
                                const std::vector<FindingBox>& boxes);

struct LinkCounts {
  size_t linked_mentions = 0;      // with one box or more
  size_t ambiguous_mentions = 0;   // with boxes that could not be told apart
  size_t boxes_without_words = 0;  // that no mention is linked to
};
LinkCounts count_links(const std::vector<Mention>& mentions, const std::vector<FindingBox>& boxes);

}  // namespace radgen
