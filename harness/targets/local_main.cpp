// SPDX-License-Identifier: MIT
// tailrace-target-local: the single-threaded local executor over epoll; workers=N: N independent
// loops.
#include "harness/targets/file_pool.hpp"
#include "harness/targets/runtime_target.hpp"
#include "runtimes/local/runtime.hpp"

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description;
  description.id = local::runtime::id;
  description.family = "in-house";
  description.summary =
      "single-threaded local executor over epoll; workers=N gives N independent loops";
  description.backend = "epoll";
  description.options = {choice_option("register", "once", {"once", "oneshot"},
                                       "oneshot: re-armed by epoll_ctl for each event"),
                         timer_window_option(timer_window::default_length.count())};
  for (option_spec& each : file_pool_options({"auto", "pool", "inline"}, 512))
    description.options.push_back(std::move(each));
  description.needs = {{"kernel", "2.6.28"}};
  return runtime_target_main<local::runtime>(
      argc, argv, description, [](const run_request& request) {
        const bool oneshot = request.options.text("register") == "oneshot";
        return std::make_unique<local::runtime>(
            oneshot ? local::registration::oneshot : local::registration::once,
            file_options_of(request.options),
            std::chrono::microseconds(request.options.integer("timer_window_us")));
      });
}
