// SPDX-License-Identifier: MIT
// tailrace-target-bare-uring: the hand-written io_uring floor under the target protocol. Its
// options are the switches of runtimes/bare/uring_form.hpp, one each for a feature of io_uring.
#include <deque>

#include "harness/targets/listeners.hpp"
#include "harness/targets/target_main.hpp"
#include "runtimes/bare/uring_echo.hpp"
#include "runtimes/base/check.hpp"

namespace tailrace {
namespace {

std::vector<option_spec> switches() {
  const std::vector<std::string> on_off = {"on", "off"};
  return {
      choice_option("receive", "multishot", {"multishot", "single"},
                    "one request for all receives of a connection, or one each"),
      choice_option("buffers", "ring", {"ring", "own"},
                    "received into buffers that the ring lends, or one of each connection"),
      choice_option("large", "direct", {"direct", "ring"},
                    "direct: connections with large messages are polled through the ring and "
                    "served by recv and send through one warm buffer"),
      integer_option("buffer_bytes", 4096, 1024, 65536, "of a buffer that the ring lends"),
      choice_option("registered_ring", "on", on_off, "saves a descriptor look-up a call"),
      choice_option("taskrun", "defer", {"defer", "coop", "none"},
                    "when the kernel finishes operations: in the wait, at the next system call, at "
                    "once by an interrupt"),
      integer_option("min_wait_us", 0, 0, 1'000'000, "how long a wait hopes for a whole batch"),
      choice_option("quiet_sends", "on", on_off,
                    "a send that does all at once leaves no completion")};
}

uring_form form_of(const option_values& options) {
  uring_form form;
  for (const auto& [name, value] : options.all())
    TAILRACE_CHECK(set_switch(form, name, value));
  return form;
}

target_refused refused_here(const uring::refusal& why) {
  return {why.cause, why.remedy, target_refused::kind::unsupported};
}

class bare_uring_target final : public served_target {
 public:
  ready_info start(const run_request& request, finish_signal& finished) override {
    idle_ = request.workload == "idle";
    const uring_form form = form_of(request.options);
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

  event_fields sample() override {
    served_counts sum;
    for (const bare_uring_echo& loop : loops_)
      add_counts(sum, loop.fresh_counts());
    return idle_ ? fields_of(sum, 0, 0) : fields_of(sum);
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
  tailrace::target_description description;
  description.id = "bare-uring";
  description.family = "floor";
  description.summary =
      "hand-written io_uring loop without tasks: multishot receives into a ring of buffers, one "
      "system call a batch; workers=N gives N loops that share the port";
  description.backend = "io_uring";
  description.workloads = {"echo", "idle"};
  description.options = tailrace::switches();
  description.objection = [](const tailrace::option_values& options) {
    return tailrace::objection_to(tailrace::form_of(options));
  };
  description.needs = {{"kernel", "6.0"}};
  description.examine_machine = &tailrace::note_availability;
  return tailrace::target_main(argc, argv, description, [](const tailrace::run_request&) {
    return std::make_unique<tailrace::bare_uring_target>();
  });
}
