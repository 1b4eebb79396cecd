// SPDX-License-Identifier: MIT
// tailrace-target-uring: workers=N: N independent rings.
#include "harness/targets/workload_table.hpp"
#include "runtimes/uring/runtime.hpp"
#include "runtimes/uring/target_options.hpp"

namespace {

using namespace tailrace;

std::unique_ptr<uring::runtime> make_runtime_of(const uring::options& chosen,
                                                const run_request& request) {
  static uring::accept_group all(static_cast<std::size_t>(request.workers));
  try {
    return std::make_unique<uring::runtime>(chosen, &all);
  } catch (const uring::unavailable& error) {
    throw run_refused(error.why().cause, error.why().remedy, run_refused::kind::unsupported);
  }
}

}  // namespace

int main(int argc, char** argv) {
  target_description description{
      .id = std::string(uring::runtime::id),
      .family = "in-house",
      .order = 32,
      .summary = "thread-per-core runtime over io_uring; workers=N gives N independent rings",
      .backend = "io_uring",
      .timer_granularity_ns = 1,
      .objection =
          [](const run_request& request) {
            return uring::conflict_of(uring::named_options().rules_of(request.options));
          },
      .needs = {{"kernel", "6.0"}},
      .examine_machine =
          [](target_description& examined) {
            if (const auto possible = uring::check_available(); !possible)
              examined.refuse(possible.error().cause, possible.error().remedy);
          }};
  return runtime_target_main<uring::runtime>(argc, argv, std::move(description),
                                             uring::named_options(), make_runtime_of);
}
