// SPDX-License-Identifier: MIT
// The load process of a campaign (`tailrace load --serve`, harness/load/load_service.hpp), spoken
// to without trust: every answer has a deadline and a bounded length, and one that is not as
// promised is a refusal. It lives as long as the campaign and holds connections to all subjects.
// Main thread only; destroying the object ends the process.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/session/child_output.hpp"
#include "harness/session/child_process.hpp"

namespace tailrace::campaign {

// One slice as the client saw it; times count from the planned send (open loop) or the send.
struct client_slice {
  std::int64_t sent = 0;  // whole messages, settling and drain included, likewise answered
  std::int64_t answered = 0;
  std::int64_t planned = 0;  // of the measured phase, as all below
  std::int64_t ok = 0;
  double phase_s = 0;
  double achieved_per_s = 0;
  std::int64_t p50_ns = 0;
  std::int64_t p99_ns = 0;
  std::int64_t max_ns = 0;
  std::int64_t send_delay_p99_ns = 0;    // actual send - planned send
  std::int64_t client_delay_p99_ns = 0;  // of that, until the client came to it
  double client_share = 0;               // CPU time without idle polling, of its threads' time
  bool all_connections_lost = false;
  bool server_died = false;  // likewise, and nobody accepts a new one
};

class load_process {
 public:
  // program: the words of `tailrace load`. cpus: that it is confined to; empty: as the harness.
  load_process(session::output_pump& pump, const std::vector<std::string>& program,
               const std::vector<int>& cpus);

  int pid() const { return child_.pid(); }
  // False once an answer failed to come: nothing more can be asked of it.
  bool usable() const { return usable_; }

  // Opens connections by the name. arguments: of `tailrace load`.
  void open(const std::string& name, const std::vector<std::string>& arguments);
  client_slice slice(const std::string& name, double settle_s, double duration_s,
                     std::uint64_t seed);
  // as: `kept`, `disturbed` or `warmup`; of the slice before.
  void count(const std::string& name, const char* as);
  // {"load": ..., "as_lived": ...}, two load objects; their histograms are texts with plain names.
  nlohmann::json result(const std::string& name);
  void close(const std::string& name);

 private:
  nlohmann::json ask(const nlohmann::json& command, double limit_s);

  bool usable_ = true;
  session::child_process child_;
  session::child_output output_;
};

}  // namespace tailrace::campaign
