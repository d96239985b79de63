// F1 of label sets: confusions of classes under a policy for what is uncertain, and the averages
// over classes and studies.
#pragma once

#include <array>
#include <span>

#include "radgen/evaluation/clinical/clinical.h"

namespace radgen::evaluation {

FindingSet without_normal();
// What makes a study abnormal: a device alone does not (CheXpert's No Finding has the same rule).
FindingSet abnormal();

// Classes: bit i is finding i; where uncertain is a class of its own, bit 14 + i is "finding i,
// uncertain".
using ClassSet = uint32_t;
constexpr size_t kClasses = 2 * kFindingCount;

struct Confusion {
  double both = 0, draft = 0, reference = 0;  // true positives, drafted, in the references
  double precision() const { return draft > 0 ? both / draft : kUndefined; }
  double recall() const { return reference > 0 ? both / reference : kUndefined; }
  double f1() const { return draft + reference > 0 ? 2 * both / (draft + reference) : kUndefined; }
};
using Confusions = std::array<Confusion, kClasses>;

struct TruthConfusion : Confusion {};  // against what is on the film

// What counts as a class of a study, for the drafts and for the references.
struct Policy {
  const char* suffix;
  ClassSet (*draft)(const ClinicalCounts&);
  ClassSet (*reference)(const ClinicalCounts&);
  bool has_uncertain_classes = false;
};

extern const Policy kUncertainPositive, kUncertainNegative, kUncertainClass, kAgainstTruth;

Confusions count_classes(std::span<const ClinicalCounts> studies, std::span<const double> weights,
                         const Policy& policy);

// Mean F1 of the classes in `set` that the references have; `is_weighted`: by how often they do.
double macro_f1(const Confusions& confusions, ClassSet set, bool is_weighted = false);
// Of the counts summed over the classes.
double micro_f1(const Confusions& confusions, ClassSet set);

// What the label F1s of one policy and set of classes count from.
struct LabelSums {
  std::span<const ClinicalCounts> studies;
  std::span<const double> weights;
  const Policy& policy;
  const Confusions& confusions;
  ClassSet classes = 0;
};
// Mean F1 of the studies' own sets, over the studies where either text has a class.
double example_f1(const LabelSums& sums);

}  // namespace radgen::evaluation
