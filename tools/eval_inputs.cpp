#include "eval_inputs.h"

#include <map>

#include "radgen/core/error.h"
#include "radgen/data/manifest.h"
#include "radgen/evaluation/manifest_references.h"

namespace radgen {
namespace {

using evaluation::Reference;

constexpr const char* kBeyondLimit =
    "(beyond --limit)";  // the split of studies that --limit leaves out

evaluation::EvaluationData read_references(const EvalArguments& arguments) {
  evaluation::EvaluationData data;
  if (!arguments.references.empty()) {
    data.test = evaluation::load_references(arguments.references);
    if (arguments.truth.extension() == ".csv")
      evaluation::load_label_truth(arguments.truth, data.test);
    return data;
  }
  std::map<std::string, Affine> transforms;
  for (const ManifestEntry& entry : read_manifest(arguments.data / "manifest.jsonl")) {
    Reference reference = evaluation::reference_of(entry, arguments.data);
    if (entry.split != arguments.split) data.elsewhere.emplace(entry.study_id, entry.split);
    if (entry.split == arguments.split) {
      transforms[entry.image_id] = entry.source_transform;
      data.test.push_back(std::move(reference));
    } else if (entry.split == "train") {
      data.train.push_back(std::move(reference));
    } else if (entry.split == "validate") {
      data.validate.push_back(std::move(reference));
    }
  }
  evaluation::attach_truth(arguments.truth, data.test, transforms);
  return data;
}

}  // namespace

evaluation::EvaluationData read_eval_data(const EvalArguments& arguments) {
  if (arguments.data.empty() == arguments.references.empty())
    throw Error(ErrorCode::kUsage,
                "what are the references? expected either --data or --references",
                "--data takes a prepared data set, --references a .jsonl or .csv of reports");
  evaluation::EvaluationData data = read_references(arguments);
  if (data.test.empty())
    throw Error(ErrorCode::kData,
                arguments.references.empty()
                    ? "the data set has no study in split '" + arguments.split + "'"
                    : arguments.references.string() + ": no reference report in it",
                "--split takes a split that manifest.jsonl names");
  while (arguments.limit > 0 && data.test.size() > static_cast<size_t>(arguments.limit)) {
    data.elsewhere[data.test.back().study_id] = kBeyondLimit;
    data.test.pop_back();
  }
  for (const Reference& reference : data.test) data.elsewhere.erase(reference.study_id);
  return data;
}

void need_output(const Tool& tool) {
  if (tool.common.output.empty())
    throw Error(ErrorCode::kUsage, "--output is required", "see eval-radgen --help");
}

std::vector<Draft> read_predictions(const fs::path& path, const evaluation::EvaluationData& data) {
  std::vector<Draft> drafts = evaluation::load_predictions(path);
  std::erase_if(drafts, [&](const Draft& draft) {
    const auto found = data.elsewhere.find(draft.study_id);
    return found != data.elsewhere.end() && found->second == kBeyondLimit;
  });
  return drafts;
}

}  // namespace radgen
