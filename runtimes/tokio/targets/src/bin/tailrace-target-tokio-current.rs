// SPDX-License-Identifier: MIT
//! tailrace-target-tokio-current: Tokio's current-thread runtime, one a worker.

use std::process::ExitCode;

use tailrace_protocol::target_main;
use tailrace_tokio::{current_thread, description::describe};

fn main() -> ExitCode {
    let summary = "Tokio's current-thread runtime; workers=N gives N independent ones";
    target_main(&describe("tokio-current", 101, summary), current_thread::start)
}
