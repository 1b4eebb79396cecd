// SPDX-License-Identifier: MIT
// tailrace-target-bare-uring: the hand-written io_uring floor under the target protocol. Its
// options are the switches of uring_form.hpp, one each for a feature of io_uring.
#include <deque>

#include "harness/targets/listeners.hpp"
#include "harness/targets/target_main.hpp"
#include "runtimes/bare/target_options.hpp"
#include "runtimes/bare/uring_echo.hpp"
#include "workloads/run_refused.hpp"

namespace tailrace {
namespace {

run_refused refused_here(const uring::refusal& why) {
  return {why.cause, why.remedy, run_refused::kind::unsupported};
}

class bare_uring_target final : public served_target {
 public:
  ready_info start(const run_request& request, finish_signal& finished) override {
    idle_ = request.workload == "idle";
    const uring_form form = uring_switches().rules_of(request.options);
    if (const std::string missing = missing_for(form, *uring::probe_kernel()); !missing.empty())
      throw refused_here({0, "this kernel is too old for " + missing,
                          "boot a newer kernel, or leave this switch out"});
    const listeners opened = open_listeners(request);
    try {
      for (const int listener : opened.descriptors)
        loops_.emplace_back(listener, form);
    } catch (const uring_refused& refused) {
      throw refused_here(refused.why);
    }
    threads_.start(request.workers, request.cpus, finished,
                   [this](int index) { loops_[static_cast<std::size_t>(index)].run(); });
    for (const bare_uring_echo& loop : loops_)
      loop.wait_until_enabled();
    return {opened.addresses, "io_uring", request.workers, granted()};
  }

  named_counts sample() override {
    served_counts sum;
    for (const bare_uring_echo& loop : loops_)
      add_counts(sum, loop.fresh_counts());
    return without_tasks(sum, idle_);
  }

  void stop() override {
    for (bare_uring_echo& loop : loops_)
      loop.stop();
  }

  result_info finish() override {
    threads_.join();
    event_fields metrics;
    const auto add = [&](const char* name, auto&& of) {
      std::vector<std::int64_t> values;
      for (const bare_uring_echo& loop : loops_)
        values.push_back(static_cast<std::int64_t>(of(loop)));
      metrics.emplace_back(name, std::move(values));
    };
    using loop = bare_uring_echo;
    add("accepted_per_worker", [](const loop& of) { return of.counts().accepted; });
    add("enters", [](const loop& of) { return of.ring().enters(); });
    add("completions", [](const loop& of) { return of.events().completions; });
    add("out_of_buffers", [](const loop& of) { return of.events().out_of_buffers; });
    add("receives_ended", [](const loop& of) { return of.events().receives_ended; });
    add("short_sends", [](const loop& of) { return of.events().short_sends; });
    add("pauses", [](const loop& of) { return of.events().pauses; });
    add("large_connections", [](const loop& of) { return of.events().large; });
    add("buffer_window", [](const loop& of) { return of.window(); });
    return {sample(), metrics, {}};
  }

 private:
  // What the first ring got; all ask for the same.
  event_fields granted() const {
    std::string obtained;
    for (const std::string& flag : loops_.front().ring().granted())
      obtained += (obtained.empty() ? "" : " ") + flag;
    std::string missing;
    for (const std::string& flag : loops_.front().ring().missing())
      missing += (missing.empty() ? "" : " ") + flag;
    return {{"ring", obtained}, {"ring_missing", missing}};
  }

  bool idle_ = false;
  std::deque<bare_uring_echo> loops_;  // a deque: the loops do not move
  worker_threads threads_;             // after loops_: joined before they go
};

void note_availability(target_description& description) {
  const auto& kernel = uring::probe_kernel();
  uring::refusal why;
  if (!kernel)
    why = kernel.error();
  else if (!kernel->multishot_receive)
    why = uring::too_old("multishot receive", "6.0");
  else
    return;
  description.refuse(why.cause, why.remedy);
}

}  // namespace
}  // namespace tailrace

int main(int argc, char** argv) {
  using namespace tailrace;
  target_description description{
      .id = "bare-uring",
      .family = "floor",
      .order = 11,
      .summary =
          "hand-written io_uring loop without tasks: multishot receives into a ring of buffers, "
          "one "
          "system call a batch; workers=N gives N loops that share the port",
      .backend = "io_uring",
      .workloads = {"echo", "idle"},
      .options = uring_switches().specs(),
      .objection =
          [](const run_request& request) {
            return objection_to(uring_switches().rules_of(request.options));
          },
      .needs = {{"kernel", "6.0"}},
      .examine_machine = &note_availability};
  return target_main(argc, argv, std::move(description),
                     [](const run_request&) { return std::make_unique<bare_uring_target>(); });
}
