// SPDX-License-Identifier: MIT
// tailrace-target-bare-epoll: the hand-written epoll floor under the target protocol. `idle` is the
// same server; it has no option `tasks`, because a floor has no tasks that could sleep.
#include <memory>

#include "harness/targets/loop_target.hpp"
#include "runtimes/bare/epoll_echo.hpp"

namespace tailrace {
namespace {

struct options {
  bool edge = false;
  bool oneshot = false;
};

const option_table<options> named_options{
    option_table<options>::choice("trigger", &options::edge, {{"level", false}, {"edge", true}},
                                  "edge: told once, receives until nothing is left"),
    option_table<options>::choice("register", &options::oneshot,
                                  {{"once", false}, {"oneshot", true}},
                                  "oneshot: re-armed by epoll_ctl for each message")};

epoll_form form_of(const option_values& given) {
  const options chosen = named_options.rules_of(given);
  if (chosen.oneshot) return epoll_form::oneshot;
  return chosen.edge ? epoll_form::edge : epoll_form::level;
}

std::string objection_to(const run_request& request) {
  const options chosen = named_options.rules_of(request.options);
  return chosen.oneshot && chosen.edge
             ? "register=oneshot asks again after each event, so trigger=edge changes nothing: "
               "leave one of the two out"
             : "";
}

class bare_epoll_target final : public loop_target<bare_epoll_echo> {
 public:
  bare_epoll_target()
      : loop_target("epoll", [](auto& loops, int listener, const option_values& options) {
          loops.emplace_back(listener, form_of(options));
        }) {}

 private:
  event_fields metrics() const override {
    return {{"accepted_per_worker", of_each([](const auto& of) { return of.counts().accepted; })}};
  }
};

}  // namespace
}  // namespace tailrace

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description{
      .id = "bare-epoll",
      .family = "floor",
      .order = 10,
      .summary =
          "hand-written epoll loop without tasks: one shared 64 KiB buffer, one bit a connection; "
          "workers=N gives N loops that share the port",
      .backend = "epoll",
      .workloads = {"echo", "idle"},
      .options = named_options.specs(),
      .objection = objection_to,
      .needs = {{"kernel", "3.9"}}};
  return target_main(argc, argv, std::move(description),
                     [](const run_request&) { return std::make_unique<bare_epoll_target>(); });
}
