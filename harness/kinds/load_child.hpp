// SPDX-License-Identifier: MIT
// The load generator as a child process (`tailrace load`), pinned and time-limited, so that its
// crash costs one cell. Two uses: a run that prints one JSON object at its end, and the hold mode
// that opens, exercises and closes connections by command (memory per connection).
// Whatever it prints is checked by the caller (reported_counts.hpp). Main thread only.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/cell_run.hpp"
#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"

namespace tailrace::kinds {

// One measured run.
class load_run {
 public:
  // address: of the target. options: of `tailrace load`, beside those of every cell.
  load_run(session::output_pump& pump, const campaign::cell_context& cell,
           const std::string& address, const std::vector<std::string>& options);
  int pid() const { return child_.pid(); }
  bool ended() const { return output_.ended(); }
  // The load object; throws a refusal when there is none by the deadline.
  nlohmann::json finish(std::int64_t deadline_ns);

 private:
  session::child_process child_;
  session::child_output output_;
};

// Connections held open by command; every call waits for the answer.
class load_hold {
 public:
  load_hold(session::output_pump& pump, const campaign::cell_context& cell,
            const std::string& address, std::int64_t message_bytes);
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

}  // namespace tailrace::kinds
