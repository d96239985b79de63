// One labeler for all tests: reading its lexicon takes longer than most of them.
#pragma once

#include "radgen/report/labeler.h"

namespace radgen {

inline const Labeler& labeler() {
  static const Labeler one;
  return one;
}

}  // namespace radgen
