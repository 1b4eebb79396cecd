// SPDX-License-Identifier: MIT
// See file_limit.hpp.
#include "harness/load/file_limit.hpp"

#include <sys/resource.h>

#include <string>

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
  throw refusal(std::to_string(connections) + " connections need " + std::to_string(needed) +
                    " open files, this process may have " + std::to_string(limit.rlim_max),
                "raise the limit (ulimit -Hn " + std::to_string(needed) +
                    " as root, or LimitNOFILE= of the service) or ask for fewer connections",
                refusal::unsupported);
}

}  // namespace tailrace::load
