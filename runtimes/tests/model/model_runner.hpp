// SPDX-License-Identifier: MIT
// Runs a Relacy suite as written and once for each mutant of the source under it, and says of each
// whether it holds. A model whose mutants hold proves nothing, and a mutation that never struck is
// no mutant.
#pragma once

#include <iostream>
#include <string>

#include "runtimes/base/model.hpp"

namespace tailrace::model {

// How to look. full: every interleaving; bounded: all with at most `preemptions` involuntary
// switches; both let a load return the value before the newest as well, where the memory model
// does. random: `executions` drawn at random, in which a load may be one value older still.
struct search {
  rl::scheduler_type_e type = rl::fair_full_search_scheduler_type;
  unsigned preemptions = 0;
  rl::iteration_t executions = 0;
};
inline constexpr search full;
constexpr search bounded(unsigned preemptions) {
  return {rl::fair_context_bound_scheduler_type, preemptions, 0};
}
constexpr search random(rl::iteration_t executions) {
  return {rl::random_scheduler_type, 0, executions};
}

template <class Suite>
bool holds(search how, std::ostream& log, rl::iteration_t& executions) {
  rl::test_params parameters;
  parameters.search_type = how.type;
  parameters.context_bound = how.preemptions;
  if (how.executions > 0) parameters.iteration_count = how.executions;
  parameters.output_stream = &log;
  parameters.progress_stream = &log;
  const bool result = rl::simulate<Suite>(parameters);
  executions = parameters.stop_iteration;
  return result;
}

template <class Suite>
bool behaves(const char* name, bool expected, search how, mutation change = {}) {
  // Relacy replaces operator new while it runs, so the log must not allocate: nowhere, or stdout.
  std::ostream nowhere(nullptr);
  rl::iteration_t executions = 0;
  active = change;
  const bool result = holds<Suite>(how, nowhere, executions);
  const bool struck = change.function == nullptr || active.hits > 0;
  std::cout << name << ": " << (result ? "holds" : "fails") << " after " << executions
            << " executions" << std::endl;
  const bool good = result == expected && struck;
  if (!struck) std::cout << "WRONG: the mutation never struck" << std::endl;
  if (result != expected)
    std::cout << "WRONG: expected that it " << (expected ? "holds" : "fails") << std::endl;
  if (!result && expected) holds<Suite>(how, std::cout, executions);
  active = {};
  return good;
}

template <class Suite>
bool holds_as_written(const char* name, search how) {
  const bool good = behaves<Suite>(name, true, how);
  return behaves<Suite>("  ... at random", true, random(50'000)) && good;
}

// The mutant must fail.
template <class Suite>
bool catches(const char* name, search how, mutation change) {
  return behaves<Suite>(name, false, how, change);
}

}  // namespace tailrace::model
