// SPDX-License-Identifier: MIT
// See cpu_choice.hpp.
#include "harness/campaign/cpu_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "harness/observe/proc_text.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::campaign {
namespace {

std::vector<int> usable_cpus() {
  std::vector<int> cpus;
  for (const auto& core : observe::usable_cores())
    cpus.insert(cpus.end(), core.begin(), core.end());
  std::ranges::sort(cpus);
  return cpus;
}

std::vector<int> cpus_of(const std::string& text, const char* option) {
  const auto cpus = observe::parse_cpus(text);
  if (!cpus) {
    throw usage_refusal(fmt::format("{} {} is not a list of CPUs such as 0,2-3", option, text));
  }
  const std::vector<int> usable = usable_cpus();
  for (const int cpu : *cpus) {
    if (std::ranges::count(usable, cpu) == 0) {
      throw usage_refusal(fmt::format("{} {}: there is no CPU {} for this process; it may use {}",
                                      option, text, cpu, observe::cpus_text(usable)));
    }
  }
  return *cpus;
}

}  // namespace

observe::cpu_partition choose_cpus(const run_options& options, int workers) {
  observe::cpu_partition parts = observe::partition_cpus(observe::usable_cores(), workers);
  if (options.target_cpus.empty() != options.client_cpus.empty()) {
    throw usage_refusal("give both --target-cpus and --client-cpus, or neither");
  }
  if (options.target_cpus.empty()) return parts;
  parts.target = cpus_of(options.target_cpus, "--target-cpus");
  parts.client = cpus_of(options.client_cpus, "--client-cpus");
  parts.one_of_each_core = observe::one_of_each_core(observe::usable_cores(), parts);
  parts.disjoint = true;
  parts.note.clear();
  for (const int cpu : parts.target) {
    if (std::ranges::count(parts.client, cpu) == 0) continue;
    parts.disjoint = false;
    parts.note =
        fmt::format("CPU {} is given to both target and client: they disturb each other", cpu);
  }
  return parts;
}

observe::cpu_partition cpus_of_point(const run_options& options, const point& at, int workers,
                                     const observe::cpu_partition& chosen) {
  if (!options.target_cpus.empty()) return chosen;
  if (at.workers != 0) workers = at.workers;
  if (at.work->needs_a_core_per_worker())
    return observe::partition_or_share_cpus(observe::usable_cores(), workers);
  return at.workers == 0 ? chosen : observe::partition_cpus(observe::usable_cores(), workers);
}

}  // namespace tailrace::campaign
