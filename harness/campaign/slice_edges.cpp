// SPDX-License-Identifier: MIT
// See slice_edges.hpp. The target's clock is read last at the beginning and first at the end, so
// that the readings themselves are not in it.
#include "harness/campaign/slice_edges.hpp"

#include <unistd.h>

#include <algorithm>
#include <functional>

#include "harness/observe/planted_neighbour.hpp"

namespace tailrace::campaign {

std::optional<slice_edge> edge_reader::read(observe::process_clock& clock,
                                            const slice_processes& of) {
  auto target = clock.read();
  const auto ticks = observe::read_process_use(of.target);
  const auto client = observe::process_cpu_ns(of.client);
  if (!target || !ticks || !client) return std::nullopt;
  std::optional<std::int64_t> neighbour;
  if (of.neighbour) {
    neighbour = observe::process_cpu_ns(*of.neighbour);
    if (!neighbour) return std::nullopt;
  }
  std::vector<int> ours = of.beside;
  ours.insert(ours.end(), {::getpid(), of.client, of.target});
  return slice_edge{std::move(*target),
                    *ticks,
                    *client,
                    watch_.read(ours),
                    observe::read_use_of_cpus(),
                    quota_.cores ? observe::read_throttling(quota_) : observe::throttling{},
                    neighbour};
}

namespace {

// What is no process, and what is ours, names itself among those who disturbed.
void add_named(slice_use& use) {
  if (use.throttled_ns > 0) use.disturbers.push_back({"cpu quota", use.throttled_ns});
  if (use.neighbour_ns > 0)
    use.disturbers.push_back({observe::planted_neighbour_name, use.neighbour_ns});
  std::ranges::sort(use.disturbers, std::greater{}, &disturber::ns);
}

}  // namespace

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
  use.throttled_ns = observe::difference(begin.throttled, end.throttled).ns;
  if (begin.neighbour_cpu_ns && end.neighbour_cpu_ns)
    use.neighbour_ns = *end.neighbour_cpu_ns - *begin.neighbour_cpu_ns;
  add_named(use);
  return use;
}

double slice_use::disturbance(std::size_t target_cpus) const {
  const auto all =
      static_cast<double>(wall_ns) * static_cast<double>(std::max<std::size_t>(1, target_cpus));
  return all <= 0 ? 0 : static_cast<double>(others_ns + steal_ns + throttled_ns) / all;
}

}  // namespace tailrace::campaign
