// SPDX-License-Identifier: MIT
//! tailrace-target-tokio-unstable: Tokio's work-stealing runtime, built with what is unstable.

use std::process::ExitCode;

use tailrace_protocol::target_main;
use tailrace_tokio::{multi_thread::MultiThread, unstable};

fn main() -> ExitCode {
    target_main(&unstable::describe(), MultiThread::start)
}
