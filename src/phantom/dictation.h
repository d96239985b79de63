// One rendering of a truth: decides what is said and how, then dictates the findings and the
// impression.
//
//   SpokenReport report = Dictation(truth, Wording::kTraining, options, random, false).run();
//
// dictation.cpp decides, dictation_findings.cpp and dictation_impression.cpp speak.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "radgen/core/random.h"
#include "radgen/phantom/words.h"
#include "speech.h"

namespace radgen::phantom {

class Dictation {
 public:
  // `random`: the reader of the day; `study`: what depends on the study and not on the reader.
  Dictation(const StudyTruth& truth, Wording wording, const WordsOptions& options, Random random,
            Random study, bool is_faithful)
      : truth_(truth),
        options_(options),
        random_(random),
        study_(study),
        speech_(truth, wording, random_),
        is_faithful_(is_faithful) {}
  Dictation(const Dictation&) = delete;
  Dictation& operator=(const Dictation&) = delete;
  SpokenReport run();  // once

 private:
  // Where a sentence stands in the findings section; a radiologist goes from devices to bones, or
  // hearts first.
  enum class Part { kTechnique, kDevices, kLungs, kPleura, kHeart, kBones, kOther, kPrior };

  struct Placed {
    SpokenSentence sentence;
    Part part = Part::kOther;
    bool is_filler = false;  // says no finding: may be dropped or added for length
    bool is_detail = false;  // stays behind the sentence before it
  };

  // What is worth a word depends on the study (its question, its patient) more than on the reader.
  bool is_worth(double share);
  bool is_left_out(const TrueFinding& f);
  Manner choose_manner(const TrueFinding& f);
  void choose_manners();
  void add_false_call();
  bool has_lung_finding() const;
  bool has_pleural_air_or_fluid() const;

  void dictate_findings();
  void place(const Utterance& said, Part part, std::vector<size_t> findings = {},
             bool is_filler = false);
  void dictate_positives();
  void dictate_negatives();
  void dictate_fillers();
  void deny(const std::vector<std::string>& items, const char* group, Part part);
  Utterance clear_lungs();
  void add_filler(const std::string& group, Part part);
  bool is_shifted() const;  // something pulls or pushes the trachea
  size_t placed_words() const;
  void fit_length();
  void order_sentences();
  static Part part_of(Finding finding);

  void dictate_impression(bool is_alone);
  void conclude(const Utterance& said, std::vector<size_t> findings);
  bool conclude_two(size_t i, size_t j);
  void conclude_devices(bool is_alone);
  std::vector<size_t> order_by_urgency(bool is_alone);
  size_t impression_words() const;

  const StudyTruth& truth_;
  const WordsOptions& options_;
  Random random_, study_;
  Speech speech_;
  bool is_faithful_;
  SpokenReport report_;
  std::vector<TrueFinding> spoken_;  // the truth's findings and, at the end, a false call
  std::vector<Manner> manners_;      // by spoken_
  std::vector<size_t> said_;         // indices into spoken_
  std::set<Finding> stated_;
  std::vector<Placed> placed_;
};

}  // namespace radgen::phantom
