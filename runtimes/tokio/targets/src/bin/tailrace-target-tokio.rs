// SPDX-License-Identifier: MIT
//! tailrace-target-tokio: Tokio's work-stealing runtime.

use std::process::ExitCode;

use tailrace_protocol::target_main;
use tailrace_tokio::multi_thread::{self, MultiThread};

fn main() -> ExitCode {
    target_main(&multi_thread::describe(), MultiThread::start)
}
