// SPDX-License-Identifier: MIT
// The mutex of the shared parts: std::mutex, or the model checker's (TAILRACE_MODEL: model.hpp).
// Any thread; BasicLockable, so std::scoped_lock works on it.
#pragma once

#ifdef TAILRACE_MODEL
#include "runtimes/base/model.hpp"
#else
#include <mutex>
namespace tailrace {
using mutex = std::mutex;
}  // namespace tailrace
#endif
