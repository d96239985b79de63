#include "indication.h"

#include <fmt/core.h>

#include <vector>

namespace radgen::phantom {
namespace {

using Complaints = std::vector<std::string>;

const Complaints& fitting(Finding finding) {
  static const Complaints infection = {"fever and cough", "productive cough",
                                       "cough and leukocytosis", "fever and hypoxia",
                                       "cough and fevers for three days"};
  static const Complaints heart = {"congestive heart failure", "dyspnea on exertion",
                                   "leg swelling and orthopnea", "shortness of breath",
                                   "weight gain and dyspnea"};
  static const Complaints effusion = {"shortness of breath", "decreased breath sounds at the base",
                                      "known effusion", "dyspnea", "pleuritic pain"};
  static const Complaints pneumothorax = {"sudden chest pain", "status post lung biopsy",
                                          "status post thoracentesis",
                                          "chest pain and dyspnea after line placement"};
  static const Complaints lesion = {"smoking history and weight loss", "hemoptysis",
                                    "known malignancy", "chronic cough and weight loss"};
  static const Complaints trauma = {"fall with chest wall pain",
                                    "status post motor vehicle collision", "rib pain after a fall"};
  static const Complaints pleura = {"asbestos exposure", "chronic dyspnea", "remote empyema"};
  static const Complaints mediastinum = {"chest pain radiating to the back",
                                         "known aortic aneurysm", "tearing chest pain"};
  static const Complaints devices = {"line placement", "intubation", "tube placement",
                                     "interval change in the ICU"};
  static const Complaints atelectasis = {"postoperative hypoxia", "status post abdominal surgery",
                                         "shortness of breath after surgery"};
  switch (finding) {
    case Finding::kPneumonia:
    case Finding::kConsolidation:
    case Finding::kLungOpacity:
      return infection;
    case Finding::kCardiomegaly:
    case Finding::kEdema:
      return heart;
    case Finding::kPleuralEffusion:
      return effusion;
    case Finding::kPneumothorax:
      return pneumothorax;
    case Finding::kLungLesion:
      return lesion;
    case Finding::kFracture:
      return trauma;
    case Finding::kPleuralOther:
      return pleura;
    case Finding::kEnlargedCardiomediastinum:
      return mediastinum;
    case Finding::kSupportDevices:
      return devices;
    case Finding::kAtelectasis:
    case Finding::kNoFinding:
      break;
  }
  return atelectasis;
}

const Complaints& general() {
  static const Complaints list = {"chest pain",     "altered mental status",
                                  "weakness",       "preoperative evaluation",
                                  "syncope",        "dizziness",
                                  "abdominal pain", "hypotension",
                                  "tachycardia",    "shortness of breath",
                                  "cough",          "fatigue",
                                  "routine check",  "interval change"};
  return list;
}

std::string complaint(const StudyTruth& truth, Random& random) {
  std::vector<Finding> present;
  bool has_pneumonia = false;
  for (const TrueFinding& f : truth.findings) {
    present.push_back(f.finding);
    has_pneumonia = has_pneumonia || f.finding == Finding::kPneumonia;
  }
  const double u = random.uniform();
  if (has_pneumonia && u < 0.95) return random.pick(fitting(Finding::kPneumonia));
  if (u < 0.10)
    return random.pick(fitting(static_cast<Finding>(random.integer(0, kFindingCount - 1))));
  if (!present.empty() && u < 0.75) return random.pick(fitting(random.pick(present)));
  return random.pick(general());
}

std::string question(const std::string& what, Random& random) {
  static const std::vector<std::string> questions = {
      "evaluate for acute process", "rule out pneumonia", "assess for effusion",
      "evaluate for pneumothorax",  "evaluate for edema", "please assess"};
  return random.chance(0.35) ? what + ", " + random.pick(questions) : what;
}

}  // namespace

std::string draw_indication(const StudyTruth& truth, Random& random) {
  const std::string what = question(complaint(truth, random), random);
  const char* sex = truth.patient.is_male ? "man" : "woman";
  const char* letter = truth.patient.is_male ? "M" : "F";
  switch (random.weighted({0.5, 0.25, 0.25})) {
    case 0:
      return fmt::format("___ year old {} with {}.", sex, what);
    case 1:
      return fmt::format("___{} with {}.", letter, what);
    default: {
      std::string text = what + ".";
      text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
      return text;
    }
  }
}

}  // namespace radgen::phantom
