// SPDX-License-Identifier: MIT
// The workloads of runtimes, one row each, and main() of a target whose runtime is a template
// argument. The only place where runtimes and workloads meet.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/targets/runtime_target.hpp"
#include "harness/targets/served_work.hpp"
#include "workloads/echo.hpp"
#include "workloads/file_read.hpp"
#include "workloads/hog.hpp"
#include "workloads/idle.hpp"
#include "workloads/timer.hpp"

namespace tailrace {

template <Runtime R>
struct workload_row {
  std::string name;
  bool in_process = false;  // has no client
  std::vector<option_spec> options;
  std::string (*objection)(const option_values&);  // null: none
  std::unique_ptr<workload<R>> (*make)(const run_request&);
};

template <Runtime R, class Workload>
workload_row<R> row_of() {
  constexpr bool is_served = std::derived_from<Workload, served_workload<R>>;
  workload_row<R> row{Workload::name, !is_served, Workload::options(), nullptr, nullptr};
  for (option_spec& each : row.options)
    each.workloads = {row.name};
  if constexpr (requires { &Workload::objection; }) row.objection = &Workload::objection;
  row.make = [](const run_request& request) -> std::unique_ptr<workload<R>> {
    const std::size_t runtimes = runtimes_of<R>(request);
    auto made = std::make_unique<Workload>(request.options, runtimes);
    if constexpr (is_served)
      return std::make_unique<served_work<R>>(request, std::move(made), runtimes);
    else
      return made;
  };
  return row;
}

template <Runtime R>
std::vector<workload_row<R>> workload_table() {
  std::vector<workload_row<R>> rows{row_of<R, echo_workload<R>>(), row_of<R, idle_workload<R>>(),
                                    row_of<R, hog_workload<R>>(), row_of<R, timer_workload<R>>()};
  if constexpr (ReadsFiles<R>) rows.push_back(row_of<R, file_read_workload<R>>());
  return rows;
}

// Adds the workloads, with their options and what they object to, to a description that has the
// options of the runtime alone.
template <Runtime R>
void add_workloads(target_description& description) {
  for (workload_row<R>& row : workload_table<R>()) {
    description.workloads.push_back(row.name);
    if (row.in_process) description.in_process.push_back(row.name);
    add_options(description.options, std::move(row.options));
  }
  description.objection = [others = std::move(description.objection)](const run_request& request) {
    for (const workload_row<R>& row : workload_table<R>()) {
      if (row.name != request.workload || row.objection == nullptr) continue;
      std::string sentence = row.objection(request.options);
      if (!sentence.empty()) return sentence;
    }
    return others ? others(request) : std::string();
  };
}

// What runs the requested workload on runtimes of type R.
template <Runtime R>
std::unique_ptr<served_target> target_of(const run_request& request, const std::string& backend,
                                         make_runtime<R> make) {
  std::unique_ptr<served_target> target;
  for (const workload_row<R>& row : workload_table<R>())
    if (row.name == request.workload)
      target = std::make_unique<runtime_target<R>>(backend, make, row.make(request));
  TAILRACE_CHECK(target != nullptr);  // the command line has refused other workloads
  return target;
}

// main() of a target whose runtime is made from the options of a table. `make` is called on the
// runtime's own thread.
template <Runtime R, class Options, class Make>
int runtime_target_main(int argc, const char* const* argv, target_description description,
                        const option_table<Options>& options, const Make& make) {
  add_options(description.options, options.specs());
  add_workloads<R>(description);
  return target_main(argc, argv, description, [&](const run_request& asked) {
    return target_of<R>(asked, description.backend, [&](const run_request& request) {
      return make(options.rules_of(request.options), request);
    });
  });
}

}  // namespace tailrace
