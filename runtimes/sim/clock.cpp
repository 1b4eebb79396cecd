// SPDX-License-Identifier: MIT
// Virtual time for code that asks std::chrono::steady_clock, as workloads do. Executables that link
// this library do so with --wrap of steady_clock::now() (see CMakeLists.txt): every call of it goes
// to the function below, which asks the simulation that the thread is in. Threads outside get the
// real time.
#include "runtimes/sim/clock.hpp"

#include "runtimes/sim/runtime.hpp"

namespace tailrace::sim {

// The linker's names: __real_ and __wrap_ before the symbol of steady_clock::now().
std::chrono::steady_clock::time_point real_now() noexcept
    __asm__("__real__ZNSt6chrono3_V212steady_clock3nowEv");
std::chrono::steady_clock::time_point wrapped_now() noexcept
    __asm__("__wrap__ZNSt6chrono3_V212steady_clock3nowEv");

std::chrono::steady_clock::time_point wrapped_now() noexcept {
  const runtime* const simulation = runtime::current();
  return simulation != nullptr ? simulation->now() : real_now();
}

std::chrono::steady_clock::time_point real_time() noexcept {
  return real_now();
}

}  // namespace tailrace::sim
