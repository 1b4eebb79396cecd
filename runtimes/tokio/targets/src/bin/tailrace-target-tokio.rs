// SPDX-License-Identifier: MIT
//! tailrace-target-tokio: Tokio's work-stealing runtime.

use std::process::ExitCode;

use tailrace_protocol::target_main;
use tailrace_tokio::{description::describe, multi_thread::MultiThread};

fn main() -> ExitCode {
    let summary = "Tokio's multi-thread runtime; workers=N gives N worker threads that steal";
    target_main(&describe("tokio", 100, summary), MultiThread::start)
}
