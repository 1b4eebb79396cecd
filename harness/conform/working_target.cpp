// SPDX-License-Identifier: MIT
// See working_target.hpp.
#include "harness/conform/working_target.hpp"

#include <algorithm>
#include <thread>

namespace tailrace::conform {

std::vector<std::string> set_words(const std::vector<std::string>& settings) {
  std::vector<std::string> words;
  for (const std::string& each : settings)
    words.insert(words.end(), {"--set", each});
  return words;
}

void require_workload(const context& with, const std::string& workload,
                      const std::vector<std::string>& options) {
  const auto& names = with.described.workloads;
  if (std::ranges::find(names, workload) == names.end()) {
    throw check_skipped("it has no workload " + workload);
  }
  for (const std::string& name : options) {
    require(with.described.options.contains(name),
            "workload " + workload + " without an option '" + name + "'");
  }
}

void require_refused(const context& with, const std::string& workload,
                     const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    target_child child(with.target, {run_arguments(with, workload, set_words({setting}))});
    int code = -1;
    try {
      code = child.exit_code(with.soon());
    } catch (const check_failed&) {
      throw check_failed(setting + " was not refused: it goes on running");
    }
    require(code == 2, setting + ": exit code " + std::to_string(code));
  }
}

working_target::working_target(const context& with, const std::string& workload,
                               const std::vector<std::string>& settings,
                               const std::string& first_command)
    : with_(with), child_(with.target, {run_arguments(with, workload, set_words(settings))}) {
  if (!first_command.empty()) child_.command(first_command);
  const target_event ready = child_.expect("ready", with.soon());
  require(ready.addresses.empty(), "ready names an address although the workload has no client");
  require(!ready.backend.empty(), "ready without the backend in use");
  require(ready.pid > 0, "ready without a process id");
  workers_ = ready.workers;
  room_ = ready.tasks_at_once;
}

void working_target::require_room(std::int64_t tasks) const {
  if (room_ < tasks)
    throw check_skipped("it runs " + std::to_string(room_) + " tasks at once, as it says at ready");
}

count_map working_target::sample() {
  child_.command("sample");
  const target_event event = child_.expect("sample", with_.soon());
  for (const auto& [name, before] : last_) {
    const auto now = event.counts.find(name);
    require(now != event.counts.end() && now->second >= before, "count '" + name + "' has shrunk");
  }
  last_ = event.counts;
  return last_;
}

void working_target::await_count(const std::string& name, std::int64_t value) {
  const steady::time_point until = with_.soon();
  for (;;) {
    const std::int64_t is = sample()[name];
    if (is == value) return;
    require(steady::now() < until, "count '" + name + "' stays at " + std::to_string(is) +
                                       " instead of " + std::to_string(value));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

target_event working_target::await_result(std::chrono::milliseconds beyond) {
  return read_result(std::min(with_.end, with_.soon() + beyond));
}

target_event working_target::stop() {
  child_.command("stop");
  return read_result(steady::now() + with_.stop_limit());
}

target_event working_target::read_result(steady::time_point until) {
  target_event event = child_.expect("result", until);
  for (const auto& [name, value] : event.counts)
    require(value >= 0, "count '" + name + "' is negative");
  for (const auto& [name, before] : last_) {
    const auto now = event.counts.find(name);
    require(now != event.counts.end() && now->second >= before,
            "count '" + name + "' shrank in the result");
  }
  require_shape(event.metrics, workers_);
  require(!child_.next_event(until), "an event came after the result");
  const int code = child_.exit_code(until);
  require(code == 0, "exit code " + std::to_string(code) + " after the result instead of 0");
  return event;
}

}  // namespace tailrace::conform
