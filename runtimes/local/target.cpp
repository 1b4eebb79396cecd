// SPDX-License-Identifier: MIT
// tailrace-target-local: workers=N: N independent loops.
#include "harness/targets/runtime_options.hpp"
#include "harness/targets/workload_table.hpp"
#include "runtimes/local/runtime.hpp"

namespace {

using namespace tailrace;

struct options {
  local::registration registration = local::registration::once;
  file_options files = {};
  std::chrono::nanoseconds window = timer_window::default_length;
};

using table = option_table<options>;
const auto options_of_local =
    table{table::choice(
              "register", &options::registration,
              {{"once", local::registration::once}, {"oneshot", local::registration::oneshot}},
              "oneshot: re-armed by epoll_ctl for each event"),
          timer_window_option<options>(&options::window)}
        .with({"file-read"},
              file_pool_options<options>([](auto& all) -> auto& { return all.files.mode; },
                                         [](auto& all) -> auto& { return all.files.threads; },
                                         all_file_places));

}  // namespace

int main(int argc, char** argv) {
  target_description description{
      .id = std::string(local::runtime::id),
      .family = "in-house",
      .order = 30,
      .summary = "single-threaded local executor over epoll; workers=N gives N independent loops",
      .backend = "epoll",
      .timer_granularity_ns = 1,
      .needs = {{"kernel", "2.6.28"}}};
  return runtime_target_main<local::runtime>(
      argc, argv, std::move(description), options_of_local,
      [](const options& chosen, const run_request&) {
        return std::make_unique<local::runtime>(chosen.registration, chosen.files, chosen.window);
      });
}
