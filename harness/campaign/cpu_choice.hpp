// SPDX-License-Identifier: MIT
// Which CPUs target and client get: those of the options, or by topology. Main thread only, before
// the process pins itself.
#pragma once

#include "harness/campaign/profile.hpp"
#include "harness/campaign/run_campaign.hpp"
#include "harness/observe/topology.hpp"

namespace tailrace::campaign {

// Of points without their own. Throws a refusal (usage) for what this machine cannot give.
observe::cpu_partition choose_cpus(const run_options& options, int workers);

// Of one point: `chosen`, unless it has a number of workers of its own.
observe::cpu_partition cpus_of_point(const run_options& options, const point& at, int workers,
                                     const observe::cpu_partition& chosen);

}  // namespace tailrace::campaign
