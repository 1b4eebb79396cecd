// SPDX-License-Identifier: MIT
// A target between `ready` and `result`. See target_child.hpp.
#include <exception>
#include <thread>

#include "harness/conform/target_child.hpp"

namespace tailrace::conform {

std::vector<std::string> run_arguments(const context& with, const std::string& workload,
                                       const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"run", "--workload", workload};
  for (const std::string& setting : with.settings) {
    arguments.insert(arguments.end(), {"--set", setting});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

running_target::running_target(const context& with, const std::string& workload,
                               const std::vector<std::string>& more, int descriptor_limit)
    : with_(with),
      workload_(workload),
      child_(with.target, {run_arguments(with, workload, more), descriptor_limit}),
      ready_(child_.expect("ready", with.soon())) {
  require(!ready_.addresses.empty(), "ready without an address of a served workload");
  require(!ready_.backend.empty(), "ready without the backend in use");
  require(ready_.pid > 0, "ready without a process id");
}

// A check that fails because the target has died says so. A dying process may take its time to go
// (core dumps, sanitizers).
running_target::~running_target() {
  if (std::uncaught_exceptions() == 0) return;
  const steady::time_point until = steady::now() + std::chrono::milliseconds(200);
  while (!child_.has_ended() && steady::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (!child_.has_ended()) return;
  with_.death = "the target had ended with exit code " + std::to_string(child_.exit_code(until));
  const std::string last_words = child_.error_text();
  if (!last_words.empty()) with_.death += ", its last words: " + last_words.substr(0, 400);
}

void running_target::require_room(std::int64_t connections) const {
  const std::int64_t room = ready_.connections_at_once;
  if (room < connections)
    throw check_skipped("it serves " + std::to_string(room) + " at once, as it says at ready");
}

count_map running_target::sample() {
  child_.command("sample");
  target_event event = child_.expect("sample", with_.soon());
  require_adding_up(event.counts, workload_);
  for (const auto& [name, before] : last_) {
    const bool level = name == "open" || name == "sleeping";
    require(level || event.counts[name] >= before, "count '" + name + "' has shrunk");
  }
  last_ = event.counts;
  return event.counts;
}

count_map running_target::await_count(const std::string& name, std::int64_t value) {
  const steady::time_point until = with_.soon();
  for (;;) {
    count_map counts = sample();
    if (counts[name] == value) return counts;
    require(steady::now() < until, "count '" + name + "' stays at " + std::to_string(counts[name]) +
                                       " instead of " + std::to_string(value));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

count_map running_target::stop() {
  child_.command("stop");
  return await_result();
}

count_map running_target::await_result() {
  const steady::time_point until = steady::now() + with_.stop_limit();
  target_event event = child_.expect("result", until);
  require_adding_up(event.counts, workload_);
  require_shape(event.metrics, ready_.workers);
  require(event.counts["open"] == 0, "the result has " + std::to_string(event.counts["open"]) +
                                         " connections open instead of none");
  for (const auto& [name, before] : last_) {
    const bool level = name == "open" || name == "sleeping";
    require(level || event.counts[name] >= before, "count '" + name + "' shrank in the result");
  }
  require(!child_.next_event(until), "an event came after the result");
  const int code = child_.exit_code(until);
  require(code == 0, "exit code " + std::to_string(code) + " after stop instead of 0");
  return event.counts;
}

}  // namespace tailrace::conform
