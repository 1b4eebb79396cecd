// SPDX-License-Identifier: MIT
// Faults planted on purpose, to see that the regression gate finds them. A build has none unless it
// is configured with -DTAILRACE_FAULT=<name of a struct below>: then each session of the echo
// server has one as its work (echo.hpp), and each yield of yield_many has that of yield_instruction
// (micro/switching.hpp). Never part of what is measured for its own sake.
// What each must show in is a table: reports/tailrace_regress/faults.py.
#pragma once

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <span>

namespace tailrace::planted {

struct extra_syscall {
  void before_reply(std::span<const std::byte>) noexcept { ::syscall(SYS_getppid); }
};

// One more of a call that runtimes over epoll make anyway; it fails and changes nothing.
struct extra_epoll_ctl {
  void before_reply(std::span<const std::byte>) noexcept {
    ::epoll_ctl(-1, EPOLL_CTL_MOD, -1, nullptr);
  }
};

struct extra_allocation {
  void before_reply(std::span<const std::byte>) noexcept {
    void* volatile const memory = std::malloc(48);
    std::free(memory);
  }
};

struct connection_bytes {
  void before_reply(std::span<const std::byte>) noexcept {}
  std::array<std::byte, 64> planted{};  // in the frame of each session
};

// About 2 % of the user instructions between an event and its answer.
struct wake_instructions {
  void before_reply(std::span<const std::byte>) noexcept {
    [[maybe_unused]] volatile int pad = 0;
    pad = 1;
    pad = 2;
    pad = 3;
    pad = 4;
    pad = 5;
    pad = 6;
  }
};

template <int Nanoseconds>
struct busy {
  void before_reply(std::span<const std::byte>) noexcept {
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(Nanoseconds);
    while (std::chrono::steady_clock::now() < until) {
    }
  }
};
// So long that a closed loop of 64 B echoes shows 3 % more CPU time, and a rate 5 % lower (two
// virtual cores). That is more than 3 % of an echo: a server that computes more waits less often.
using more_cpu = busy<300>;
using slower_echo = busy<500>;

// Every 40th answer of a thread comes later, and what waits behind it: p99 is that of answers with
// the delay, and p50 without. Counted over the sessions, which otherwise would all be late at once.
struct rare_delay {
  void before_reply(std::span<const std::byte> message) noexcept {
    thread_local unsigned answers = 0;
    if (++answers % 40 == 0) delay.before_reply(message);
  }
  busy<60'000> delay;
};

// Nothing in an answer; one instruction in each yield.
struct yield_instruction {
  void before_reply(std::span<const std::byte>) noexcept {}
  static void at_yield() noexcept { [[maybe_unused]] volatile int pad = 0; }
};

template <class Fault>
void at_yield() noexcept {
  if constexpr (requires { Fault::at_yield(); }) Fault::at_yield();
}

}  // namespace tailrace::planted

#ifdef TAILRACE_FAULT
#define TAILRACE_PLANTED_WORK , planted::TAILRACE_FAULT()
#define TAILRACE_PLANTED_AT_YIELD() planted::at_yield<planted::TAILRACE_FAULT>()
#else
#define TAILRACE_PLANTED_WORK
#define TAILRACE_PLANTED_AT_YIELD() static_cast<void>(0)
#endif
