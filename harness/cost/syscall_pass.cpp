// SPDX-License-Identifier: MIT
// System calls per operation by kind. With the tracer the target is held, once it has answered a
// whole round, at the entrance of its next call until the next round is sent: it finds every round
// whole, whatever the scheduler does, and the count is the same each time. See passes.hpp.
#include <fmt/format.h>

#include "harness/cost/passes.hpp"
#include "harness/cost/syscall_names.hpp"
#include "harness/cost/syscall_tracer.hpp"
#include "harness/observe/clock.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::cost {
namespace {

using observe::from_now;
using call_counts = std::map<std::string, std::int64_t>;

constexpr std::int64_t warm_rounds = 20;
constexpr std::int64_t measured_rounds = 200;
constexpr double rest_s = 0.05;  // after which a target that answered everything waits

void add_counts(const call_counts& before, const call_counts& after, std::int64_t operations,
                int repeat, cost_sheet& sheet) {
  const auto add = [&](const std::string& name, std::int64_t count) {
    sheet.add(repeat, {"syscalls." + name, "calls/op", metric_kind::exact, {}, operations},
              static_cast<double>(count) / static_cast<double>(operations));
  };
  std::int64_t total = 0;
  call_counts differences;
  for (const auto& [name, count] : after) {
    const auto start = before.find(name);
    const std::int64_t difference = count - (start == before.end() ? 0 : start->second);
    if (difference > 0) differences[name] = difference;
    total += difference;
  }
  add("total", total);
  for (const auto& [name, difference] : differences)
    add(name, difference);
}

class traced_rounds {
 public:
  traced_rounds(const cost_options& options, syscall_tracer& tracer, echo_rounds& load)
      : options_(options), tracer_(tracer), load_(load) {}

  void round() {
    load_.send_all();
    tracer_.resume_held();
    const std::int64_t deadline = from_now(options_.step_limit_s);
    while (!load_.collect()) {
      require_alive();
      if (observe::monotonic_ns() > deadline) {
        throw refusal(
            fmt::format("the target did not answer a round within {:g} s", options_.step_limit_s));
      }
      const bool held = tracer_.wait_held(deadline, load_.awaited_descriptor());
      if (held && !load_.collect()) tracer_.resume_held();
    }
  }

  // After some rounds, with every thread held at its next call, or asleep in one.
  call_counts counts_after(std::int64_t rounds) {
    for (std::int64_t i = 0; i < rounds; ++i)
      round();
    while (tracer_.wait_held(from_now(rest_s), -1)) {
    }
    require_alive();
    call_counts counts;
    for (const auto& [number, count] : tracer_.counts())
      counts[syscall_name(number)] = count;
    return counts;
  }

 private:
  void require_alive() const {
    if (!tracer_.ended()) return;
    throw refusal(
        fmt::format("the target {} under load", session::exit_text(tracer_.end_status())));
  }

  const cost_options& options_;
  syscall_tracer& tracer_;
  echo_rounds& load_;
};

// Before the session, which waits for the target's end.
class end_of_tracing {
 public:
  explicit end_of_tracing(syscall_tracer& tracer) : tracer_(tracer) {}
  ~end_of_tracing() { tracer_.end(); }
  end_of_tracing(const end_of_tracing&) = delete;
  end_of_tracing& operator=(const end_of_tracing&) = delete;

 private:
  syscall_tracer& tracer_;
};

void count_by_tracing(const measured_target& target, int repeat, cost_sheet& sheet) {
  const cost_options& options = target.options;
  syscall_tracer tracer;
  bool attached = false;
  session::target_request request = target.request();
  request.before_exec = [&](int pid) { attached = tracer.attach(pid); };
  request.in_child = &syscall_tracer::ask_to_be_stopped;
  session::output_pump pump;
  session::target_session session(pump, request, target.limits());
  const end_of_tracing at_the_end(tracer);
  if (!attached) throw refusal("the target could not be traced");
  constexpr double turn_s = 0.002;
  session.while_waiting([&] { tracer.let_run(turn_s); });
  echo_rounds load(await_address(session, options.connections), options.message_bytes,
                   options.step_limit_s);
  load.open(options.connections);
  traced_rounds traced(options, tracer, load);
  const call_counts before = traced.counts_after(warm_rounds);
  const std::int64_t operations_before = load.operations();
  const call_counts after = traced.counts_after(measured_rounds);
  add_counts(before, after, load.operations() - operations_before, repeat, sheet);
  sheet.set_source("syscalls", "ptrace");
}

}  // namespace

void count_syscalls(const measured_target& target, int repeat, cost_sheet& sheet) {
  static const std::string refused = syscall_tracer::refusal();
  if (!refused.empty()) return sheet.add_absent("syscalls.total", refused);
  count_by_tracing(target, repeat, sheet);
}

}  // namespace tailrace::cost
