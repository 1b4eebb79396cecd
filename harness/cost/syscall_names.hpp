// SPDX-License-Identifier: MIT
// Names of system calls of the machine this was built for. Any thread.
#pragma once

#include <string>

namespace tailrace::cost {

// "epoll_wait"; "number-999" for one that the table lacks.
std::string syscall_name(long number);

}  // namespace tailrace::cost
