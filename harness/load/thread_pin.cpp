// SPDX-License-Identifier: MIT
// See thread_pin.hpp.
#include "harness/load/thread_pin.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <cerrno>

#include "harness/load/endpoint.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {

void pin_thread(const std::vector<int>& cpus, std::uint32_t index) {
  if (cpus.empty()) return;
  const int cpu = cpus[index % cpus.size()];
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) == 0) return;
  throw refusal(fmt::format("cannot run on CPU {}: {}", cpu, errno_name(errno)),
                "choose --cpus among those of this machine and of this process (nproc, "
                "taskset -p $$)",
                refusal::unsupported);
}

}  // namespace tailrace::load
