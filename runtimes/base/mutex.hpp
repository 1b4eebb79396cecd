// SPDX-License-Identifier: MIT
// The mutex of the shared parts: std::mutex, or the model checker's (TAILRACE_MODEL: model.hpp).
// Any thread. And that of what one thread has, which does nothing. BasicLockable, so
// std::scoped_lock works on both.
#pragma once

#ifdef TAILRACE_MODEL
#include "runtimes/base/model.hpp"
#else
#include <mutex>
namespace tailrace {
using mutex = std::mutex;
}  // namespace tailrace
#endif

namespace tailrace {

struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
};

}  // namespace tailrace
