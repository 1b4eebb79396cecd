#!/bin/sh
# SPDX-License-Identifier: MIT
# no_locked_instructions.sh EXECUTABLE: disassembles it (x86-64) and fails if a function of the
# local executor's path, or the echo workload over it, holds an atomic read-modify-write: a lock
# prefix or an xchg with memory. request_stop() may (other threads call it). Fails also when it
# does not find the functions it is to judge, or not the lock in the control.
set -eu
LC_ALL=C objdump -d -C --no-show-raw-insn "$1" | awk '
  /^[0-9a-f]+ <.*>:$/ {
    name = $0
    control = name ~ /control_with_shared_counter/ && name !~ /Test/
    judged = name ~ /<tailrace::/ && name !~ /request_stop|conformance::|_Test|control_with/ &&
             name ~ /local::|single::|scope|task|echo|buffer_|timer_heap|slot_pool|sys::/ ||
             name ~ /<tailrace::.*frame_allocator/
    if (judged) ++functions
    if (name ~ /echo_session/) ++sessions
    if (name ~ /receive_awaiter(>|,|::)/) ++receives
    next
  }
  /[ \t]lock |[ \t]xchg .*\(/ {
    if (control) ++controls
    if (judged) { ++locked; print name; print $0 }
  }
  END {
    printf "judged %d functions (%d of the session, %d of receive), control %d, locked %d\n",
           functions, sessions, receives, controls, locked
    exit !(functions > 20 && sessions > 0 && receives > 0 && controls > 0 && locked == 0)
  }'
