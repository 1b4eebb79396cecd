// SPDX-License-Identifier: MIT
// Checks of `describe`, of bad usage, and of getting ready. See check.hpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "harness/conform/check.hpp"
#include "harness/conform/checked_target.hpp"
#include "harness/observe/proc_text.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::conform {
namespace {

void describes_itself(context& with) {
  constexpr double limit_s = 5;
  with.described = session::describe_target(with.target, limit_s);
}

void refuses_bad_usage(context& with) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"fly"},
      {"run"},
      {"run", "--workload", "fly"},
      {"run", "--workload", "echo", "--fly"},
      {"run", "--workload", "echo", "--workers", "two"},
      {"run", "--workload", "echo", "--set", "no-such-option=1"},
      {"run", "--workload", "echo", "--set", "no-value"},
  };
  for (const auto& words : cases) {
    const std::string shown = fmt::format("bad usage '{}'", fmt::join(words, " "));
    ended_program ended;
    try {
      ended = run_to_end(with, words);
    } catch (const refusal& why) {
      throw refusal(shown + " was not refused: " + why.cause());
    }
    require(ended.exit_code == 2,
            fmt::format("{}: exit code {} instead of 2", shown, ended.exit_code));
    require(!ended.error_text.empty(), shown + ": nothing on standard error");
  }
}

void says_why_unavailable(context& with) {
  if (with.described.available) skip("it is available here");
  const refused_run seen = run_refused(with, request_of(with, with.described.workloads.front()));
  require(seen.exit_code == refusal::unsupported,
          fmt::format("exit code {} instead of 3", seen.exit_code));
}

void gets_ready(context& with) {
  checked_target target(with, "echo");
  const session::ready_event& ready = target.ready();
  require(ready.workers == 1, fmt::format("ready says {} workers instead of 1", ready.workers));
  target.connect(1).echo(64);
  // The host is 0.0.0.0, so that clients may use all of 127/8.
  const std::string& address = target.address();
  connect_to(with, "127.0.0.2" + address.substr(address.rfind(':')), 2).echo(64);
}

void keeps_to_its_cpus(context& with) {
  const auto cores = observe::usable_cores();
  if (cores.size() < 2) skip("one CPU only: nothing to see");
  const int cpu = cores.front().front();
  checked_target target(with, "echo", {.cpus = {cpu}});
  target.connect(1).echo(64);
  const std::vector<std::string> lists = observe::allowed_cpus_of_threads(target.ready().pid);
  if (lists.empty()) skip("/proc does not show its threads");
  for (const std::string& list : lists) {
    require(list == std::to_string(cpu),
            fmt::format("it was confined to CPU {}, and a thread may use {}", cpu, list));
  }
}

}  // namespace

std::span<const check> protocol_checks() {
  static constexpr std::array checks{
      check{"describes_itself", "one valid JSON object within 5 s, exit 0", describes_itself},
      check{"refuses_bad_usage", "exit 2 and a sentence on standard error", refuses_bad_usage,
            depends::on_nothing},
      check{"says_why_unavailable", "error event, exit 3", says_why_unavailable,
            depends::on_nothing},
      check{"gets_ready", "ready in time, serves on all of 127/8", gets_ready},
      check{"keeps_to_its_cpus", "every thread keeps to the CPUs of the process", keeps_to_its_cpus,
            depends::on_nothing},
  };
  return checks;
}

}  // namespace tailrace::conform
