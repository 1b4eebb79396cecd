// SPDX-License-Identifier: MIT
// CPU lists as `--cpus` gives them (`0,2-3`), and the two acts a target does with one: confine the
// process before it has a second thread, and pin worker i. Not the choice of CPUs: that is the
// harness's. confine_process(): the main thread, before others start. pin_worker(): the worker.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

// The CPUs in ascending order without repeats, or one sentence saying what is wrong with the text.
std::expected<std::vector<int>, std::string> parse_cpu_list(std::string_view text);

// The inverse: {0,2,3} -> "0,2-3".
std::string cpu_list_text(const std::vector<int>& cpus);

// Confines the calling thread, and so every thread that it starts later, to exactly these CPUs.
// An empty list confines nothing. Returns an empty string, or one sentence where the kernel grants
// fewer (absent, offline, or outside of the cpuset).
std::string confine_process(const std::vector<int>& cpus);

// Pins the calling thread to the worker's own CPU: the index-th of the list when there are at
// least as many CPUs as workers, else nothing is done. Returns the CPU, or -1 for none.
int pin_worker(const std::vector<int>& cpus, int workers, int index);

}  // namespace tailrace
