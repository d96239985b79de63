#include "data/class_names.h"

#include <cctype>
#include <unordered_map>

namespace radgen {
namespace {

using enum Finding;

const std::unordered_map<std::string, Finding>& classes() {
  static const std::unordered_map<std::string, Finding> map{
      {"airspace opacity", kLungOpacity},
      {"alveolar pattern", kLungOpacity},
      {"apical pleural thickening", kPleuralOther},
      {"atypical pneumonia", kPneumonia},
      {"calcified pleural plaques", kPleuralOther},
      {"calcified pleural thickening", kPleuralOther},
      {"callus rib fracture", kFracture},
      {"cardiac pacer and wires", kSupportDevices},
      {"catheter", kSupportDevices},
      {"cavitation", kLungLesion},
      {"central venous catheter", kSupportDevices},
      {"central venous catheter via jugular vein", kSupportDevices},
      {"central venous catheter via subclavian vein", kSupportDevices},
      {"central venous catheter via umbilical vein", kSupportDevices},
      {"chest drain tube", kSupportDevices},
      {"chest port", kSupportDevices},
      {"chest tube", kSupportDevices},
      {"clavicle fracture", kFracture},
      {"dual chamber device", kSupportDevices},
      {"effusion", kPleuralEffusion},
      {"electrical device", kSupportDevices},
      {"endotracheal tube", kSupportDevices},
      {"enlarged cardiac silhouette", kCardiomegaly},
      {"enteric tube", kSupportDevices},
      {"ground glass pattern", kLungOpacity},
      {"humeral fracture", kFracture},
      {"hydropneumothorax", kPneumothorax},
      {"ij line", kSupportDevices},
      {"infiltrate", kLungOpacity},
      {"infiltrates", kLungOpacity},
      {"infiltration", kLungOpacity},
      {"interstitial pattern", kLungOpacity},
      {"intra aortic balloon pump", kSupportDevices},
      {"laminar atelectasis", kAtelectasis},
      {"linear/patchy atelectasis", kAtelectasis},
      {"lobar atelectasis", kAtelectasis},
      {"lobar/segmental collapse", kAtelectasis},
      {"loculated fissural effusion", kPleuralEffusion},
      {"loculated pleural effusion", kPleuralEffusion},
      {"lung cavity", kLungLesion},
      {"lung nodule", kLungLesion},
      {"lung nodule/mass", kLungLesion},
      {"lung tumor", kLungLesion},
      {"mass", kLungLesion},
      {"mass/nodule (not otherwise specified)", kLungLesion},
      {"mediastinal enlargement", kEnlargedCardiomediastinum},
      {"mediastinal widening", kEnlargedCardiomediastinum},
      {"multiple masses/nodules", kLungLesion},
      {"multiple nodules", kLungLesion},
      {"nodule", kLungLesion},
      {"nodule/mass", kLungLesion},
      {"normal", kNoFinding},
      {"nsg tube", kSupportDevices},
      {"pacemaker", kSupportDevices},
      {"picc", kSupportDevices},
      {"pigtail catheter", kSupportDevices},
      {"pleural plaques", kPleuralOther},
      {"pleural thickening", kPleuralOther},
      {"pleural/parenchymal scarring", kPleuralOther},
      {"pulmonary edema", kEdema},
      {"pulmonary edema/hazy opacity", kEdema},
      {"pulmonary mass", kLungLesion},
      {"reservoir central venous catheter", kSupportDevices},
      {"reticular interstitial pattern", kLungOpacity},
      {"reticulonodular interstitial pattern", kLungOpacity},
      {"rib fracture", kFracture},
      {"single chamber device", kSupportDevices},
      {"spinal fracture", kFracture},
      {"subclavian line", kSupportDevices},
      {"superior mediastinal enlargement", kEnlargedCardiomediastinum},
      {"superior mediastinal mass/enlargement", kEnlargedCardiomediastinum},
      {"swan ganz catheter", kSupportDevices},
      {"tracheostomy tube", kSupportDevices},
      {"vertebral fracture", kFracture}};
  return map;
}

std::string folded(std::string_view name) {
  std::string text;
  for (const char c : name) {
    text.push_back(c == '_' || c == '-'
                       ? ' '
                       : static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

std::optional<Finding> finding_of_class(std::string_view name) {
  const std::string key = folded(name);
  if (const auto it = classes().find(key); it != classes().end()) return it->second;
  for (const Finding finding : all_findings()) {  // CheXpert's own names
    if (folded(finding_name(finding)) == key) return finding;
  }
  return std::nullopt;
}

}  // namespace radgen
