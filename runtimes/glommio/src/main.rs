// SPDX-License-Identifier: MIT
//! tailrace-target-glommio: glommio, an executor over io_uring on each worker.

mod executor;
mod files;
mod timers;

use std::process::ExitCode;

use tailrace_protocol::{Description, OptionSpec, target_main};
use tailrace_serving::{Buffer, IN_PROCESS, NAMES, PerCore, options, versions};

fn main() -> ExitCode {
    target_main(&describe(), |request, done| {
        PerCore::start(request, done, executor::work, executor::metrics)
    })
}

fn describe() -> Description {
    let mut own = Buffer::options();
    own.extend([
        OptionSpec::integer("ring_depth", 128, 16..=32768, "size of each of a worker's rings"),
        OptionSpec::integer(
            "spin_us",
            0,
            0..=1_000_000,
            "how long a worker without work looks for some before it sleeps",
        ),
    ]);
    Description {
        id: "glommio",
        order: 120,
        summary: "glommio over io_uring; workers=N gives N independent executors",
        backend: "io_uring",
        timer_granularity_ns: 1,
        one_worker: "",
        versions: versions("glommio", env!("TAILRACE_LIBRARY_VERSION")),
        workloads: NAMES,
        in_process: IN_PROCESS,
        options: options(own),
        forms: &[("best", &[]), ("default", &[("buffer", "owned"), ("buffer_bytes", "8192")])],
        kernel: "5.8",
        unavailable: executor::refusal(),
    }
}
