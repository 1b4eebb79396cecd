// SPDX-License-Identifier: MIT
// See syscall_probe.hpp.
#include "harness/campaign/syscall_probe.hpp"

#include <nlohmann/json.hpp>

#include "harness/campaign/load_child.hpp"
#include "harness/observe/cpu_use.hpp"
#include "harness/observe/syscall_counter.hpp"
#include "harness/session/cell_failure.hpp"

namespace tailrace::campaign {
namespace {

using nlohmann::json;

constexpr double settle_s = 0.2;
constexpr double window_s = 0.4;
constexpr double connect_limit_s = 10;
constexpr double mix_least = 0.0005;  // per operation; rarer calls are in "other"

std::int64_t from_now(double seconds) {
  return observe::monotonic_ns() + static_cast<std::int64_t>(seconds * 1e9);
}

std::int64_t count_at(const json& counts, const char* name) {
  const json value = counts.value(name, json());
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

syscall_probe_result count_under_load(const cell_work& work, const cell_setting& setting) {
  syscall_probe_result result;
  session::output_pump pump;
  observe::syscall_counter counter;
  // Before its program begins: threads inherit the counters of the one that starts them.
  bool attached = false;
  session::target_request request = target_request_of(work, setting);
  request.before_exec = [&](int pid) { attached = counter.attach(pid); };
  session::target_session target(pump, request, setting.limits);
  if (!attached) {
    result.cause = counter.cause();
    return result;
  }
  target.wait_ready();
  point brief = work.work;
  brief.warmup_s = 0;
  brief.duration_s = connect_limit_s;  // ended from here, by ending the load child
  const load_run load(pump, load_request_of(work, setting, target.address()), brief);
  const std::int64_t deadline = from_now(connect_limit_s);
  while (count_at(target.sample(), "open") < brief.connections) {
    if (load.ended() || observe::monotonic_ns() > deadline) {
      result.cause = "the load for counting system calls could not be made";
      return result;
    }
    pump.drain_until(from_now(0.02));
  }
  pump.drain_until(from_now(settle_s));
  const std::int64_t bytes_before = count_at(target.sample(), "sent_bytes");
  const auto before = counter.read();
  pump.drain_until(from_now(window_s));
  const std::int64_t bytes_after = count_at(target.sample(), "sent_bytes");
  const auto after = counter.read();
  const double operations =
      static_cast<double>(bytes_after - bytes_before) / static_cast<double>(brief.message_bytes);
  if (operations < 1) {
    result.cause = "no operation was done while system calls were counted";
    return result;
  }
  result.per_operation = static_cast<double>(after.all - before.all) / operations;
  double other = result.per_operation;
  for (const auto& [name, count] : after.by_name) {
    const auto start = before.by_name.find(name);
    const auto from = start == before.by_name.end() ? 0 : start->second;
    const double each = static_cast<double>(count - from) / operations;
    if (each < mix_least) continue;
    result.mix[name] = each;
    other -= each;
  }
  if (other >= mix_least) result.mix["other"] = other;
  return result;
}

}  // namespace

syscall_probe_result probe_syscalls(const cell_work& work, const cell_setting& setting) {
  try {
    return count_under_load(work, setting);
  } catch (const session::cell_failure& failure) {
    syscall_probe_result result;
    result.cause = std::string("the run for counting system calls failed: ") + failure.what();
    return result;
  }
}

}  // namespace tailrace::campaign
