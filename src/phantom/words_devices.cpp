// The grammar's sentences about tubes, lines and pacemakers.
#include "grammar.h"

namespace radgen::phantom {

std::vector<WordingGroup> device_groups() {
  constexpr double kFlat = 0.35;
  return {
      {"ett", 0.6, {"endotracheal tube", "ET tube"}, {}},
      {"device.endotracheal_tube", kFlat,
       {"The <ett> tip terminates <tip> cm above the carina.", "<ett> tip is <tip> cm above the carina.",
        "The <ett> terminates <tip> cm above the carina.", "The tip of the <ett> is <tip> cm above the carina.",
        "<ett> in place, with tip <tip> cm above the carina.", "A <ett> is present with tip <tip> cm above the carina."}, {}},
      {"device.endotracheal_tube.deep", kFlat,
       {"The <ett> tip is low, <tip> cm above the carina, and should be withdrawn.",
        "<ett> terminates only <tip> cm above the carina; withdrawal is recommended.",
        "Low position of the <ett>, <tip> cm above the carina.",
        "The tip of the <ett> is <tip> cm above the carina and should be retracted."}, {}},
      {"line", 0.8, {"central venous catheter", "central line", "internal jugular central venous catheter",
                     "subclavian central venous catheter", "PICC"}, {}},
      {"svc", 0.8, {"mid SVC", "lower SVC", "cavoatrial junction", "low SVC"}, {}},
      {"device.central_line", kFlat,
       {"A <side> <line> terminates in the <svc>.", "<side> <line> tip projects over the <svc>.",
        "The tip of the <side> <line> is in the <svc>.", "<side>-sided <line> ends in the <svc>.",
        "A <side> <line> is in place with tip at the <svc>.", "<side> <line> with tip in the <svc>."}, {}},
      {"tube", 0.8, {"enteric tube", "nasogastric tube", "orogastric tube", "NG tube"}, {}},
      {"device.gastric_tube", kFlat,
       {"The <tube> terminates in the stomach.", "<tube> courses below the diaphragm with tip in the stomach.",
        "A <tube> courses below the left hemidiaphragm.", "<tube> tip projects over the stomach.",
        "The tip of the <tube> is in the stomach.", "<tube> extends below the diaphragm."}, {}},
      {"pacer", 0.8, {"pacemaker", "dual-lead pacemaker", "pacing device", "cardiac pacemaker"}, {}},
      {"device.pacemaker", kFlat,
       {"<side> chest wall <pacer> with leads in the right atrium and right ventricle.",
        "A <side>-sided <pacer> is in place.", "<side> <pacer> with intact leads.",
        "A <side> chest wall <pacer> is present.", "<side>-sided <pacer> leads terminate in the right atrium and ventricle.",
        "A <pacer> overlies the <side> chest."}, {}},
      {"device.chest_tube", kFlat,
       {"A <side> chest tube is in place.", "<side>-sided chest tube is present.", "<side> chest tube in place.",
        "There is a <side>-sided chest tube.", "The tip of the <side> chest tube projects over the <side> lung.",
        "A <side> pleural drain is in place."}, {}},
      {"impress.devices", kFlat,
       {"Support devices as described above.", "Lines and tubes in standard position.",
        "Support lines and tubes as above.", "Support devices in appropriate position.",
        "Monitoring and support devices as described."}, {}},
      {"impress.deep_tube", kFlat,
       {"Low endotracheal tube, withdrawal is recommended.", "Low endotracheal tube, repositioning is recommended.",
        "Low-lying endotracheal tube, recommend retraction.", "Endotracheal tube is low and should be retracted."}, {}},
  };
}

}  // namespace radgen::phantom
