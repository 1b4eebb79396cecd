// SPDX-License-Identifier: MIT
// Ctrl-C, SIGTERM and SIGHUP as a flag that the harness looks at wherever it waits (at least every
// tenth of a second): wait functions throw `interrupted`, destructors end the children, the
// campaign stays valid. SIGPIPE is ignored. Main thread only.
#pragma once

namespace tailrace::session {

struct interrupted {};

inline constexpr int exit_interrupted = 130;  // the exit code of a program that it ended

// From here on until the program's end.
void catch_interrupts();
void throw_if_interrupted();

}  // namespace tailrace::session
