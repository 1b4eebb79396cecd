// SPDX-License-Identifier: MIT
// See interrupt.hpp.
#include "harness/session/interrupt.hpp"

#include <signal.h>

#include <initializer_list>

namespace tailrace::session {
namespace {

// sig_atomic_t is what a handler may write. It runs in the main thread, which alone reads: other
// threads of the harness block the signals (thread_watch).
volatile sig_atomic_t pending = 0;

extern "C" void note_interrupt(int) {
  pending = 1;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = note_interrupt;
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::sigaction(number, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

void throw_if_interrupted() {
  if (pending != 0) throw interrupted{};
}

}  // namespace tailrace::session
