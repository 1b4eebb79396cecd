// SPDX-License-Identifier: MIT
// See file_limit.hpp.
#include "harness/load/file_limit.hpp"

#include <sys/resource.h>

#include <string>

#include "harness/observe/machine_limits.hpp"
#include "harness/record/refusal.hpp"

namespace tailrace::load {

void make_room_for_connections(std::uint64_t connections) {
  const std::uint64_t needed = connections + descriptors_beside_connections;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= needed) return;
  if (limit.rlim_max >= needed) {
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  }
  const observe::machine_limit hard = observe::open_files_limit();
  throw refusal(std::to_string(connections) + " connections need " + std::to_string(needed) +
                    " open files, and " + hard.set_by + " allows " + std::to_string(hard.most),
                hard.remedy(static_cast<std::int64_t>(needed)) + ", or ask for fewer connections",
                refusal::unsupported);
}

}  // namespace tailrace::load
