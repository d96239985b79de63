#include <iostream>

#include "eval_inputs.h"
#include "radgen/core/error.h"
#include "radgen/evaluation/gate.h"

namespace radgen {

int run_gate(const EvalArguments& arguments, const Tool& tool) {
  if (arguments.metrics.empty() || arguments.thresholds.empty())
    throw Error(ErrorCode::kUsage, "gate needs --metrics and --thresholds",
                "see eval-radgen gate --help");
  const auto lines =
      evaluation::check_gate(read_json(arguments.metrics), read_json(arguments.thresholds));
  std::cout << (tool.common.is_json ? evaluation::gate_to_json(lines).dump(2) + "\n"
                                    : evaluation::gate_text(lines));
  return evaluation::has_passed(lines) ? 0 : exit_code(ErrorCode::kGate);
}

}  // namespace radgen
