// SPDX-License-Identifier: MIT
// See keep_awake.hpp.
#include "harness/observe/keep_awake.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cstdint>

#include "harness/observe/scheduler_group.hpp"

namespace tailrace::observe {
namespace {

void spin(const void*) {
  // Plain arithmetic: a hypervisor may take the CPU from who executes many `pause`.
  for (volatile std::uint64_t turns = 0;;)
    turns = turns + 1;
}

}  // namespace

keep_awake::keep_awake(std::span<const int> cpus) {
  for (const int cpu : cpus) {
    spinners_.push_back(std::make_unique<cpu_child>("tailrace-awake", cpu, SCHED_IDLE, spin));
    const std::string& refused = spinners_.back()->cause();
    if (refused.empty()) continue;
    cause_ = fmt::format("CPU {} cannot be kept awake: {}", cpu, refused);
    spinners_.clear();
    return;
  }
}

std::vector<int> keep_awake::pids() const {
  std::vector<int> pids;
  for (const auto& each : spinners_)
    pids.push_back(each->pid());
  return pids;
}

bool keep_awake::all_alive() const {
  return std::ranges::all_of(spinners_, [](const auto& each) { return each->is_alive(); });
}

bool keep_awake::idle_beside(int pid) const {
  return scheduler_group() == scheduler_group(std::to_string(pid));
}

void keep_awake::pause() {
  for (const auto& each : spinners_)
    each->stand_still();
}

void keep_awake::resume() {
  for (const auto& each : spinners_)
    each->go_on();
}

}  // namespace tailrace::observe
