// SPDX-License-Identifier: MIT
// See syscall_names.hpp.
#include "harness/cost/syscall_names.hpp"

#include <sys/syscall.h>

#include <map>

namespace tailrace::cost {

std::string syscall_name(long number) {
  static const std::map<long, const char*> names = {
#include "syscall_table.inc"  // {SYS_read, "read"}, ... as <sys/syscall.h> has them
  };
  const auto found = names.find(number);
  return found != names.end() ? found->second : "number-" + std::to_string(number);
}

}  // namespace tailrace::cost
