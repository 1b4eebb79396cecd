// SPDX-License-Identifier: MIT
//! tailrace-target-tokio-current: Tokio's current-thread runtime, one a worker.

use std::process::ExitCode;

use tailrace_protocol::target_main;
use tailrace_tokio::current_thread;

fn main() -> ExitCode {
    target_main(&current_thread::describe(), current_thread::start)
}
