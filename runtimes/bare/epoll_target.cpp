// SPDX-License-Identifier: MIT
// tailrace-target-bare-epoll: the hand-written epoll floor under the target protocol. `idle` is the
// same server; it has no option `tasks`, because a floor has no tasks that could sleep.
#include <deque>
#include <system_error>

#include "harness/targets/listeners.hpp"
#include "harness/targets/refused_by_kernel.hpp"
#include "harness/targets/target_main.hpp"
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

class bare_epoll_target final : public served_target {
 public:
  ready_info start(const run_request& request, finish_signal& finished) override {
    idle_ = request.workload == "idle";
    const epoll_form form = form_of(request.options);
    const listeners opened = open_listeners(request);
    try {
      for (const int listener : opened.descriptors)
        loops_.emplace_back(listener, form);
    } catch (const std::system_error& error) {
      throw refused_by_kernel("cannot start a loop", error.code().value());
    }
    threads_.start(request.workers, request.cpus, finished,
                   [this](int index) { loops_[static_cast<std::size_t>(index)].run(); });
    return {opened.addresses, "epoll", request.workers, {}};
  }

  named_counts sample() override {
    served_counts sum;
    for (const bare_epoll_echo& loop : loops_)
      add_counts(sum, loop.counts());
    return without_tasks(sum, idle_);
  }

  void stop() override {
    for (bare_epoll_echo& loop : loops_)
      loop.stop();
  }

  result_info finish() override {
    threads_.join();
    std::vector<std::int64_t> accepted;
    for (const bare_epoll_echo& loop : loops_) {
      accepted.push_back(static_cast<std::int64_t>(loop.counts().accepted));
    }
    return {sample(), {{"accepted_per_worker", accepted}}, {}};
  }

 private:
  bool idle_ = false;
  std::deque<bare_epoll_echo> loops_;  // a deque: the loops do not move
  worker_threads threads_;             // after loops_: joined before they go
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
