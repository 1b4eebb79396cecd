// SPDX-License-Identifier: MIT
// See live_target.hpp.
#include "harness/campaign/live_target.hpp"

#include <signal.h>

#include "harness/observe/clock.hpp"

namespace tailrace::campaign {
namespace {

// Of one CPU: above it others would feel it more than their own spread.
constexpr double idle_share_max = 0.01;
constexpr std::int64_t idle_seen_min_ns = 50 * observe::ns_per_ms;
// Threads whose schedstat is kept open.
constexpr std::size_t descriptors_kept = 8;

}  // namespace

live_target::live_target(session::output_pump& pump, const session::target_request& request,
                         const session::target_limits& limits)
    : session_(pump, request, limits), clock_(session_.pid(), descriptors_kept) {}

template <class Step>
void live_target::once(bool done, const Step& step) {
  if (failure_) throw *failure_;
  if (done) return;
  try {
    step();
  } catch (const refusal& refused) {
    failure_ = refused;
    throw;
  }
}

const session::ready_event& live_target::ready() {
  once(ready_.has_value(), [this] {
    ready_ = session_.wait_ready();
    end_turn();
  });
  return *ready_;
}

bool live_target::has_room_for(std::int64_t connections) {
  return ready().connections_at_once - held_ >= connections || held_ == 0;
}

live_target::~live_target() {
  if (paused_) session_.child().signal(SIGCONT);
}

void live_target::begin_turn() {
  if (paused_) {
    session_.child().signal(SIGCONT);
  } else if (const auto now = observe::process_cpu_ns(session_.pid()); now && cpu_then_ns_) {
    idle_.wall_ns += observe::monotonic_ns() - turn_ended_ns_;
    idle_.cpu_ns += *now - *cpu_then_ns_;
  }
  paused_ = false;
}

void live_target::end_turn() {
  if (idle_.stopped) {
    session_.child().signal(SIGSTOP);
    paused_ = true;
  }
  turn_ended_ns_ = observe::monotonic_ns();
  cpu_then_ns_ = observe::process_cpu_ns(session_.pid());
}

void live_target::end_warmup() {
  const double share = static_cast<double>(idle_.cpu_ns) / static_cast<double>(idle_.wall_ns);
  if (idle_.wall_ns >= idle_seen_min_ns && share > idle_share_max) {
    idle_.stopped = true;  // what it burnt until now is its figure
  } else {
    idle_ = {};
  }
}

const session::result_event& live_target::end() {
  once(result_.has_value(), [this] {
    begin_turn();
    result_ = session_.stop();
  });
  return *result_;
}

}  // namespace tailrace::campaign
