// SPDX-License-Identifier: MIT
// tailrace-target-bare-uring: the hand-written io_uring floor under the target protocol. Its
// options are the switches of uring_form.hpp, one each for a feature of io_uring.
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "harness/targets/loop_target.hpp"
#include "runtimes/bare/target_options.hpp"
#include "runtimes/bare/uring_echo.hpp"
#include "workloads/run_refused.hpp"

namespace tailrace {
namespace {

run_refused refused_here(const uring::refusal& why) {
  return {why.cause, why.remedy, run_refused::kind::unsupported};
}

void add_uring_loop(std::deque<bare_uring_echo>& loops, int listener,
                    const option_values& options) {
  const uring_form form = uring_switches().rules_of(options);
  if (const std::string missing = missing_for(form, *uring::probe_kernel()); !missing.empty())
    throw refused_here({0, "this kernel is too old for " + missing,
                        "boot a newer kernel, or leave this switch out"});
  try {
    loops.emplace_back(listener, form);
  } catch (const uring_refused& refused) {
    throw refused_here(refused.why);
  }
}

class bare_uring_target final : public loop_target<bare_uring_echo> {
 public:
  bare_uring_target() : loop_target("io_uring", &add_uring_loop) {}

 private:
  served_counts sum() const override {
    served_counts all;
    for (const bare_uring_echo& loop : loops_)
      add_counts(all, loop.fresh_counts());
    return all;
  }
  // What the first ring got; all ask for the same.
  event_fields granted() const override {
    for (const bare_uring_echo& loop : loops_)
      loop.wait_until_enabled();
    const auto& ring = loops_.front().ring();
    return {{"ring", uring::joined(ring.granted())},
            {"ring_missing", uring::joined(ring.missing())}};
  }
  event_fields metrics() const override {
    using loop = bare_uring_echo;
    return {{"accepted_per_worker", of_each([](const loop& of) { return of.counts().accepted; })},
            {"enters", of_each([](const loop& of) { return of.ring().enters(); })},
            {"completions", of_each([](const loop& of) { return of.events().completions; })},
            {"out_of_buffers", of_each([](const loop& of) { return of.events().out_of_buffers; })},
            {"large_connections", of_each([](const loop& of) { return of.events().large; })},
            {"buffer_window", of_each([](const loop& of) { return of.window(); })}};
  }
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
