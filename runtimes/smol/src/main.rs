// SPDX-License-Identifier: MIT
//! tailrace-target-smol: smol's executor on `workers` threads, over its one reactor.

mod executor;
mod files;
mod server;
mod timers;

use std::process::ExitCode;

use tailrace_protocol::{Description, NOTHING_STOLEN, target_main};
use tailrace_serving::{Buffer, IN_PROCESS, NAMES, options, versions};

fn main() -> ExitCode {
    target_main(&describe(), executor::Smol::start)
}

fn describe() -> Description {
    Description {
        id: "smol",
        order: 110,
        summary: "smol's executor; workers=N gives N threads that share its tasks and one reactor",
        backend: "epoll",
        timer_granularity_ns: 1,
        one_worker: NOTHING_STOLEN,
        versions: versions("smol", env!("TAILRACE_LIBRARY_VERSION")),
        workloads: NAMES,
        in_process: IN_PROCESS,
        options: options(Buffer::options()),
        forms: &[("best", &[]), ("default", &[("buffer", "owned"), ("buffer_bytes", "8192")])],
        kernel: "3.2",
        unavailable: None,
    }
}
