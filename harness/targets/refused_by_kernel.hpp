// SPDX-License-Identifier: MIT
// What the kernel refused a target, as its one exception. Pure function.
#pragma once

#include <string>

#include "workloads/run_refused.hpp"

namespace tailrace {

// "cannot listen on 127.0.0.1:80: Permission denied (EACCES)" and what to do about it.
run_refused refused_by_kernel(const std::string& what, int error_number);

}  // namespace tailrace
