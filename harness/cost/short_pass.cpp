// SPDX-License-Identifier: MIT
// See short_pass.hpp.
#include "harness/cost/short_pass.hpp"

#include <nlohmann/json.hpp>

#include "harness/cost/one_cpu.hpp"
#include "harness/cost/passes.hpp"

namespace tailrace::cost {

nlohmann::json short_pass(const session::description& described,
                          const short_pass_request& request) {
  cost_options options;
  options.target = request.program;
  options.settings = request.options;
  options.workers = request.workers;
  options.repeats = 1;
  options.only = {"syscalls", "allocations"};
  if (request.instructions) options.only.insert("instructions");
  const one_cpu alone;
  const measured_target target = examine_target(options, described);
  return run_passes(target).json_of(described.id, options);
}

}  // namespace tailrace::cost
