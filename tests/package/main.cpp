// Labels a sentence and takes it through a tokenizer: both kinds of code behind radgen::report,
// ours and sentencepiece.
//
//   label_sentence SCRATCH_FOLDER "Small left pleural effusion."
#include <cstdio>
#include <string>
#include <vector>

#include "radgen/core/files.h"
#include "radgen/core/tool.h"
#include "radgen/report/labeler.h"
#include "radgen/report/tokenizer.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string text = argv[2];
  std::printf("radgen %s\n", radgen::version().c_str());
  for (const radgen::Mention& mention : radgen::Labeler().mentions(text)) {
    std::printf("%s|%s|%s|%s\n", radgen::finding_name(mention.finding).c_str(),
                radgen::side_name(mention.side).c_str(),
                radgen::assertion_name(mention.assertion).c_str(),
                text.substr(mention.begin, mention.end - mention.begin).c_str());
  }
  const radgen::fs::path model = radgen::fs::path(argv[1]) / "tokenizer.model";
  radgen::Tokenizer::train(std::vector<std::string>(20, text), 320, model);
  const radgen::Tokenizer tokenizer(model);
  std::printf("%s\n", tokenizer.decode(tokenizer.encode_ids(text)).c_str());
  return 0;
}
