// SPDX-License-Identifier: MIT
// What /proc tells of a running target, for checks that must not trust its own word. A value that
// cannot be read is absent: the check then skips or does without. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tailrace::conform {

std::optional<std::int64_t> resident_bytes(pid_t pid);
std::optional<int> open_descriptors(pid_t pid);
std::optional<double> cpu_seconds(pid_t pid);  // user and system
// Cpus_allowed_list of every thread.
std::vector<std::string> allowed_cpus_of_threads(pid_t pid);

}  // namespace tailrace::conform
