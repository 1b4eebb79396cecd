// SPDX-License-Identifier: MIT
// A load process that stays: it holds connections to any number of servers at once and drives them
// slice by slice, by commands on standard input, one JSON object a line, each answered by one:
//   {"command": "open", "name": N, "arguments": [...]}   those of `tailrace load`
//   {"command": "slice", "name": N, "settle_s": 0.05, "duration_s": 0.2, "seed": 7}
//   {"command": "count", "name": N, "as": "kept"}        the slice before; or "disturbed", "warmup"
//   {"command": "result", "name": N}                     of all slices that were counted
//   {"command": "close", "name": N}
//   {"command": "quit"}                                  so does the end of input
// Answers: {"event": "opened" | "slice" | "counted" | "result" | "closed", "name": N, ...}, and
// {"event": "error", "command": ..., "message": ..., "remedy": ...}, after which all goes on.
// A slice that nobody counts is not in the result. `load` of a result has the slices that were
// kept, `as_lived` also the disturbed ones; its form is that of `tailrace load --json`.
// The commands name nothing of this machine but addresses, so that a process on another host can
// take them as well. Main thread; the threads are the sessions'.
#pragma once

#include <atomic>
#include <cstdio>

namespace tailrace::load {

// Reads commands from `in`, answers on `out` (flushed line by line). Returns an exit code.
[[nodiscard]] int run_service(std::FILE* in, std::FILE* out, const std::atomic<bool>& stop);

}  // namespace tailrace::load
