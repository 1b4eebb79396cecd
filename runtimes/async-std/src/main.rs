// SPDX-License-Identifier: MIT
//! tailrace-target-async-std: async-std's global executor on `workers` threads.

mod executor;
mod files;
mod server;
mod timers;

use std::process::ExitCode;

use tailrace_protocol::{Description, NOTHING_STOLEN, target_main};
use tailrace_serving::{Buffer, IN_PROCESS, NAMES, options, versions};

fn main() -> ExitCode {
    target_main(&describe(), executor::AsyncStd::start)
}

fn describe() -> Description {
    Description {
        id: "async-std",
        order: 111,
        summary: "async-std (discontinued, its authors point to smol); workers=N gives N threads \
                  of its global executor",
        backend: "epoll",
        timer_granularity_ns: 1,
        one_worker: NOTHING_STOLEN,
        versions: versions("async-std", env!("TAILRACE_LIBRARY_VERSION")),
        workloads: NAMES,
        in_process: IN_PROCESS,
        options: options(Buffer::options()),
        forms: &[("best", &[]), ("default", &[("buffer", "owned"), ("buffer_bytes", "8192")])],
        kernel: "3.2",
        unavailable: None,
    }
}
