// SPDX-License-Identifier: MIT
// The load generator as a child process (`tailrace load`), pinned and time-limited, so that its
// crash costs one cell. Two uses: a run that prints one JSON object at its end, and the hold mode
// that opens, exercises and closes connections by command (memory per connection).
// Whatever it prints is checked by the caller (load_check.hpp). Main thread only.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/profile.hpp"
#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"

namespace tailrace::campaign {

struct load_request {
  std::vector<std::string> program;  // {"/proc/self/exe", "load"}
  std::string address;
  std::vector<int> cpus;
  std::uint64_t seed = 1;
  bool own_cpus = true;  // false: it may not pin its thread or poll, the target is on them too
};

// One measured run.
class load_run {
 public:
  load_run(session::output_pump& pump, const load_request& request, const point& work);
  int pid() const { return child_.pid(); }
  bool ended() const { return output_.ended(); }
  // The load object; throws refusal when there is none by the deadline.
  nlohmann::json finish(std::int64_t deadline_ns);

 private:
  session::child_process child_;
  session::child_output output_;
};

// Connections held open by command; every call waits for the answer.
class load_hold {
 public:
  load_hold(session::output_pump& pump, const load_request& request, const point& work);
  void open(std::int64_t connections) { command("open " + std::to_string(connections)); }
  void echo() { command("echo"); }
  void active() { command("active"); }
  void drain() { command("drain"); }
  void close() { command("close"); }
  void quit();

 private:
  void command(const std::string& text);
  session::child_process child_;
  session::child_output output_;
};

}  // namespace tailrace::campaign
