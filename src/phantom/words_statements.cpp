// The grammar's sentences that say what is there. Every finding has its own frames of five kinds:
// say.*, hedge.*, compare.* (to a prior), impress.* (short, for the impression) and detail.* (what
// goes with it, says no finding twice).
#include "grammar.h"

namespace radgen::phantom {
namespace {

using Options = std::vector<std::string>;

// Slots: np with article, Np the same at the start of a sentence, core without article, be is/are,
// have has/have.
Options with_common(const Options& common, const Options& own) {
  Options all = own;
  all.insert(all.end(), common.begin(), common.end());
  return all;
}

const Options kSay = {"There <be> <np>.",
                      "<np> <be> <present>.",
                      "<core>.",
                      "<np> <be> present.",
                      "There <be> evidence of <np>.",
                      "The <film> shows <np>.",
                      "Findings are consistent with <np>.",
                      "<np> <be> evident.",
                      "The <film> demonstrates <np>.",
                      "Note is made of <np>."};

const Options kHedge = {"Possible <core>.",
                        "There may be <np>.",
                        "<np> cannot be excluded.",
                        "Questionable <core>.",
                        "Cannot exclude <np>.",
                        "Findings may represent <np>.",
                        "Findings raise the possibility of <np>.",
                        "<np> <be> not excluded.",
                        "Findings could represent <np>.",
                        "<np> may be present."};

const Options kCompare = {"<np> <be> unchanged <from_prior>.",
                          "There <be> <np>, unchanged <from_prior>.",
                          "<np> <have> increased <from_prior>.",
                          "<np> <be> new <from_prior>.",
                          "Again seen <be> <np>.",
                          "<np> <be> again <present>.",
                          "There <be> <np>, similar to the prior study.",
                          "<np> <have> not significantly changed <from_prior>.",
                          "There <be> <np>, which <be> new <from_prior>.",
                          "<np> <have> persisted <from_prior>."};

const Options kImpress = {"<core>.",
                          "<np>.",
                          "<core>, as above.",
                          "<core>, as described.",
                          "Findings consistent with <np>.",
                          "There <be> <np>."};

const Options kImpressPrior = {"Unchanged <core>.",
                               "Stable <core>.",
                               "<core>, unchanged.",
                               "New <core>.",
                               "<core>, increased <from_prior>.",
                               "Persistent <core>."};

const Options kImpressHedge = {"Possible <core>.", "<np> cannot be excluded.",
                               "Questionable <core>.", "Findings may represent <np>.",
                               "Possible <core>, clinical correlation is recommended."};

struct OwnFrames {
  const char* key;
  Options say, hedge, detail;
};

// `detail` may be empty: the finding has none.
std::vector<OwnFrames> own_frames() {
  return {
      {"effusion",
       {"<core> <be> present, layering dependently.", "There <be> <np> without loculation."},
       {"Blunting of the <side> costophrenic angle may represent <np>.",
        "Blunting of the <side> costophrenic angle, possible <core>."},
       {"It layers dependently.", "No loculated component is seen."}},
      {"pneumothorax",
       {"<np> <be> seen, with a visible pleural line.",
        "A pleural line is seen, consistent with <np>."},
       {"An apparent pleural line on the <side> may represent <np>."},
       {}},
      {"lesion",
       {"<np> <be> seen, for which CT is recommended.",
        "Projecting over the lung, there <be> <np>."},
       {"Possible <core>, versus a vessel on end."},
       {}},
      {"opacity",
       {"There <be> <np>, which is nonspecific."},
       {"Possible <core>, versus overlapping structures."},
       {}},
      {"consolidation",
       {"<np> with air bronchograms <be> <present>."},
       {},
       {"Air bronchograms are present.", "Air bronchograms are seen within it."}},
      {"pneumonia",
       {"In the appropriate clinical setting, findings are consistent with <np>.",
        "The findings indicate <np>.", "The appearance is that of <np>."},
       {"Findings are concerning for <np>.", "Findings are suspicious for <np>."},
       {"Follow-up radiographs after treatment are recommended.",
        "Follow-up to resolution is recommended."}},
      {"atelectasis",
       {"<np> <be> <present>, with mild volume loss."},
       {"Findings likely represent <np>."},
       {}},
      {"edema",
       {"Perihilar haze is consistent with <np>.", "There <be> <np> with perihilar haze."},
       {"Perihilar haze may represent <np>."},
       {}},
      {"cardiomegaly",
       {"The <cardiac_silhouette> is <sevly> enlarged.", "The heart is <sevly> enlarged.",
        "The heart size is <sevly> enlarged.", "Heart size is <sevly> enlarged.",
        "The cardiac silhouette is <sevly> enlarged."},
       {"The heart size is borderline enlarged.", "Borderline cardiomegaly.",
        "The heart is borderline enlarged.", "Heart size is borderline."},
       {}},
      {"mediastinum",
       {"The mediastinum is <sevly> widened.", "The superior mediastinum is <sevly> widened.",
        "The cardiomediastinal silhouette is <sevly> enlarged."},
       {"The mediastinum appears possibly widened."},
       {}},
      {"fracture",
       {"<np> <be> seen without pneumothorax related to it."},
       {"A contour step of a <side> rib may represent <np>."},
       {}},
      {"pleura", {"There <be> <np>, likely chronic."}, {}, {}},
  };
}

}  // namespace

std::vector<WordingGroup> statement_groups() {
  constexpr double kFlat = 0.55;
  std::vector<WordingGroup> groups;
  for (const OwnFrames& own : own_frames()) {
    const std::string key = own.key;
    groups.push_back({"say." + key, kFlat, with_common(kSay, own.say), {}});
    groups.push_back({"hedge." + key, kFlat, with_common(kHedge, own.hedge), {}});
    groups.push_back({"compare." + key, kFlat, kCompare, {}});
    groups.push_back({"impress." + key, 1.0, kImpress, {}});
    groups.push_back({"impress_prior." + key, kFlat, kImpressPrior, {}});
    groups.push_back({"impress_hedge." + key, kFlat, kImpressHedge, {}});
    if (!own.detail.empty()) groups.push_back({"detail." + key, kFlat, own.detail, {}});
  }
  return groups;
}

}  // namespace radgen::phantom
