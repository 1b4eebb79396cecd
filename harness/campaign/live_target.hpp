// SPDX-License-Identifier: MIT
// One target process through a generation: it serves one or more points, takes turns with other
// subjects, and what it burns while it is not its turn is counted. Main thread only.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/campaign/slice_numbers.hpp"
#include "harness/observe/process_clock.hpp"
#include "harness/record/refusal.hpp"
#include "harness/session/target_session.hpp"

namespace tailrace::campaign {

class live_target {
 public:
  // Starts it. Throws a refusal where it cannot be executed.
  live_target(session::output_pump& pump, const session::target_request& request,
              const session::target_limits& limits);
  ~live_target();

  session::target_session& session() { return session_; }
  // Waits for it once. What fails here fails again each time, at once, and so does end().
  const session::ready_event& ready();
  observe::process_clock& clock() { return clock_; }

  // Whether it serves so many connections beside those that it holds: a pool of threads has a
  // thread a connection, and more would wait until one of them ends. While it holds none there is
  // no process with more room. As ready().
  bool has_room_for(std::int64_t connections);
  void hold(std::int64_t connections) { held_ += connections; }

  void begin_turn();
  void end_turn();
  // What it burnt between its turns while it was not stopped.
  const idle_use& idle() const { return idle_; }
  // Where it burnt more than a little between its turns until now, it is stopped there from now on:
  // collectors and pollers take from the others. Else what it burnt counts from now on.
  void end_warmup();

  // Asks it to stop, once; later calls return the same.
  const session::result_event& end();

 private:
  template <class Step>
  void once(bool done, const Step& step);

  session::target_session session_;
  std::optional<session::ready_event> ready_;
  observe::process_clock clock_;
  std::int64_t held_ = 0;
  idle_use idle_;
  std::int64_t turn_ended_ns_ = 0;
  std::optional<std::int64_t> cpu_then_ns_;
  bool paused_ = false;
  std::optional<session::result_event> result_;
  std::optional<refusal> failure_;
};

}  // namespace tailrace::campaign
