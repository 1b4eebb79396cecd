// SPDX-License-Identifier: MIT
// See slice_edges.hpp. The target's clock is read last at the beginning and first at the end, so
// that the readings themselves are not in it.
#include "harness/campaign/slice_edges.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace tailrace::campaign {

std::optional<slice_edge> edge_reader::read(observe::process_clock& clock, int target_pid,
                                            int client_pid) {
  auto target = clock.read();
  const auto ticks = observe::read_process_use(target_pid);
  const auto client = observe::process_cpu_ns(client_pid);
  if (!target || !ticks || !client) return std::nullopt;
  const std::array<int, 3> ours = {::getpid(), client_pid, target_pid};
  return slice_edge{std::move(*target), *ticks, *client, watch_.read(ours),
                    observe::read_use_of_cpus()};
}

slice_use use_between(const slice_edge& begin, const slice_edge& end,
                      const std::vector<int>& target_cpus) {
  const observe::process_work work = observe::difference(begin.target, end.target);
  slice_use use;
  use.wall_ns = work.wall_ns;
  use.cpu_ns = work.cpu_ns;
  use.user_ticks = end.ticks.user_ticks - begin.ticks.user_ticks;
  use.system_ticks = end.ticks.system_ticks - begin.ticks.system_ticks;
  use.client_cpu_ns = end.client_cpu_ns - begin.client_cpu_ns;
  use.run_delay_ns = work.run.delay_ns;
  use.switches = work.switches;
  use.threads_ended = work.threads_ended;
  const observe::neighbour_work others = observe::difference(begin.others, end.others);
  use.seen_all = others.seen_all;
  const auto is_target_cpu = [&](int cpu) {
    return target_cpus.empty() || std::ranges::count(target_cpus, cpu) > 0;
  };
  for (const auto& [cpu, ns] : others.ns_of_cpu)
    if (is_target_cpu(cpu)) use.others_ns += ns;
  for (const auto& [cpu, ns] : others.io_ns_of_cpu)
    if (is_target_cpu(cpu)) use.kernel_io_ns += ns;
  for (const observe::neighbour& each : others.by_ns)
    if (is_target_cpu(each.cpu) && each.kind != observe::neighbour_kind::kernel_io)
      use.disturbers.push_back({each.name, each.ns});
  for (const auto& [cpu, now] : end.cpus) {
    const auto before = begin.cpus.find(cpu);
    if (is_target_cpu(cpu) && before != begin.cpus.end())
      use.steal_ns += now.steal_ns - before->second.steal_ns;
  }
  return use;
}

double slice_use::disturbance(std::size_t target_cpus) const {
  const auto all =
      static_cast<double>(wall_ns) * static_cast<double>(std::max<std::size_t>(1, target_cpus));
  return all <= 0 ? 0 : static_cast<double>(others_ns + steal_ns) / all;
}

}  // namespace tailrace::campaign
