// SPDX-License-Identifier: MIT
// Hold mode, for measuring memory per connection: opens connections and keeps them, driven by
// commands, one a line:
//   open N   bring the number of open connections to N
//   echo     one verified round trip on every connection
//   active [BYTES]  send one message on each, of that size where it is given; leave the answer
//   drain    read and verify those answers
//   close    close all
//   quit     end (so does the end of input)
// Each is answered by one JSON line: {"event":"done","command":"open","open":2500,"ok":true} or
// {"event":"error","command":...,"message":...,"remedy":...,"open":...}. After an error hold goes
// on with what is open. One thread, no timing: exchanges go over the connections one after the
// other.
#pragma once

#include <atomic>
#include <cstdio>

#include "harness/load/load_options.hpp"

namespace tailrace::load {

// Reads commands from `in`, answers on `out` (flushed line by line). Returns an exit code; throws a
// refusal when it cannot begin at all.
[[nodiscard]] int run_hold(const load_options& options, std::FILE* in, std::FILE* out,
                           const std::atomic<bool>& stop);

}  // namespace tailrace::load
