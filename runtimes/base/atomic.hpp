// SPDX-License-Identifier: MIT
// The facade through which runtimes reach atomics, so that a model checker can put its own in their
// place (TAILRACE_MODEL: Relacy's). Every call names its order, and the order names its partner.
#pragma once

#ifdef TAILRACE_MODEL
#include <relacy/relacy.hpp>
namespace tailrace {
template <class T>
using atomic = rl::atomic<T>;
}  // namespace tailrace
#else
#include <atomic>
namespace tailrace {
template <class T>
using atomic = std::atomic<T>;
}  // namespace tailrace
#endif
