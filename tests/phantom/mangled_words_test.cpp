// The phantoms' reports read alike whatever happened to their text on the way.
#include <gtest/gtest.h>

#include "radgen/phantom/plan.h"
#include "radgen/phantom/words.h"
#include "report/mangled_text.h"
#include "report/one_labeler.h"

namespace radgen::phantom {
namespace {

TEST(MangledWords, KeepTheirLabels) {
  std::vector<std::string> texts;
  for (StudyTruth& truth : plan_studies({.studies = 600, .seed = 33, .wording_studies = 150})) {
    const SpokenReport report = write_words(truth, {.seed = 33});
    texts.push_back(report.findings + "\n" + report.impression);
  }
  std::vector<Labels> as_is;
  for (const std::string& text : texts) as_is.push_back(labeler().labels(text));
  for (const auto& [name, mangle] : manglings()) {
    size_t same = 0, all = 0;
    for (size_t i = 0; i < texts.size(); ++i) {
      const Labels labels = labeler().labels(mangle(texts[i]));
      for (const Finding finding : all_findings()) {
        const Labels& plain = as_is[i];
        const auto before = plain.find(finding), behind = labels.find(finding);
        if (before == plain.end() && behind == labels.end()) continue;
        ++all;
        same += before != plain.end() && behind != labels.end() && before->second == behind->second;
      }
    }
    std::printf("%-24s %zu of %zu labels alike\n", name.c_str(), same, all);
    EXPECT_GE(static_cast<double>(same), 0.99 * static_cast<double>(all)) << name;
  }
}

}  // namespace
}  // namespace radgen::phantom
