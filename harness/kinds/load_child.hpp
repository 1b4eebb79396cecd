// SPDX-License-Identifier: MIT
// The load generator as a child process (`tailrace load --hold`), pinned and time-limited, so that
// its crash costs one cell: opens, exercises and closes connections by command (memory per
// connection). Main thread only.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/campaign/cell_run.hpp"
#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"

namespace tailrace::kinds {

// Connections held open by command; every call waits for the answer. more: options of
// `tailrace load --hold`.
class load_hold {
 public:
  load_hold(session::output_pump& pump, const campaign::cell_context& cell,
            const std::string& address, std::int64_t message_bytes,
            const std::vector<std::string>& more = {});
  void open(std::int64_t connections) { command("open " + std::to_string(connections)); }
  void echo() { command("echo"); }
  void active() { command("active"); }
  void active(std::int64_t bytes) { command("active " + std::to_string(bytes)); }
  void drain() { command("drain"); }
  void close() { command("close"); }
  void quit();
  int pid() const { return child_.pid(); }

 private:
  void command(const std::string& text);
  session::child_process child_;
  session::child_output output_;
};

}  // namespace tailrace::kinds
