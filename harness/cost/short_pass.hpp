// SPDX-License-Identifier: MIT
// What one echo of a subject costs, counted once for a campaign: system calls and allocations, and
// instructions where they are wanted. The counts of `tailrace cost`, with one repeat; no rights are
// needed. Main thread only, while nothing is measured: about 2 s, with instructions 20 s or more.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/session/description.hpp"

namespace tailrace::cost {

struct short_pass_request {
  std::string program;
  session::option_map options;  // of the workload echo; what is left out has its default
  int workers = 1;
  bool instructions = false;
};

// The sheet, schema "tailrace-cost-1" (README.md). Throws a refusal where the target cannot be
// counted (unsupported: it cannot run on this machine), and interrupted. The caller's CPUs and
// scheduling class are others meanwhile (one_cpu.hpp).
nlohmann::json short_pass(const session::description& described, const short_pass_request& request);

}  // namespace tailrace::cost
