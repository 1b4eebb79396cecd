// SPDX-License-Identifier: MIT
// See doctor_checks.hpp.
#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "harness/campaign/cell_run.hpp"
#include "harness/cli/doctor_checks.hpp"
#include "harness/observe/cpu_quota.hpp"
#include "harness/observe/machine_limits.hpp"

namespace tailrace::cli {
namespace {

void check_files(findings& say) {
  constexpr std::int64_t wanted = 10'000 + campaign::files_beside;
  const observe::machine_limit limit = observe::open_files_limit();
  if (limit.most >= wanted) {
    say.ok(
        fmt::format("open files: up to {} a process, enough for 10,000 connections", limit.most));
    return;
  }
  say.bad(fmt::format("open files: {} allows {}; points with more connections are skipped",
                      limit.set_by, limit.most),
          limit.remedy(wanted));
}

void check_threads(findings& say) {
  constexpr std::int64_t wanted = 10'000 + campaign::threads_beside;
  const observe::machine_limit limit = observe::threads_limit();
  const std::string most = fmt::format("threads: {} allows {}", limit.set_by, limit.most);
  if (limit.most >= wanted) {
    say.ok(most + ", enough for one a connection");
  } else {
    say.warn(most + "; a contestant with a thread a task gets fewer tasks, or is skipped",
             limit.remedy(wanted));
  }
}

// The client spreads connections over addresses of loopback, so few ports end no campaign.
void check_ports(findings& say) {
  constexpr std::int64_t wanted = 10'000;
  const observe::machine_limit limit = observe::local_ports_limit();
  if (limit.most >= wanted) {
    say.ok("local ports: enough for 10,000 connections from one address");
  } else {
    say.warn(fmt::format("local ports: {} allows {} connections from one address to one other; "
                         "`tailrace load` to another machine gets no more",
                         limit.set_by, limit.most),
             limit.remedy(wanted));
  }
}

// Rings of kernels before 5.12, and of glommio, are in it.
void check_locked_memory(findings& say) {
  constexpr std::int64_t wanted = 8 << 20;
  const observe::machine_limit limit = observe::locked_memory_limit();
  if (limit.most >= wanted) {
    say.ok("locked memory: enough for io_uring");
  } else {
    say.warn(fmt::format("locked memory: {} allows {} KiB; io_uring may be refused (kernels before "
                         "5.12, and glommio: 512 KiB a worker)",
                         limit.set_by, limit.most >> 10),
             limit.remedy(wanted));
  }
}

void check_quota(findings& say) {
  const auto quota = observe::find_cpu_quota();
  if (!quota.cores) {
    say.ok("CPU quota: none is seen from here");
    return;
  }
  say.warn(fmt::format("{}; who has used it up stands still for the rest of a period, {} times "
                       "until now",
                       observe::in_words(quota), observe::read_throttling(quota).times),
           "start the container without --cpus (--cpuset-cpus gives whole CPUs), or the service "
           "without CPUQuota=");
}

}  // namespace

void check_limits(findings& say) {
  check_files(say);
  check_threads(say);
  check_ports(say);
  check_locked_memory(say);
  check_quota(say);
}

}  // namespace tailrace::cli
