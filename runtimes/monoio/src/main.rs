// SPDX-License-Identifier: MIT
//! tailrace-target-monoio: monoio, a runtime over io_uring on each worker.

mod executor;
mod files;
mod session;
mod sleepers;
mod timers;

use std::process::ExitCode;

use serde_json::Map;
use tailrace_protocol::{Description, OptionSpec, target_main};
use tailrace_serving::{IN_PROCESS, NAMES, PerCore, options, versions};

fn main() -> ExitCode {
    target_main(&describe(), |request, done| {
        let no_metrics = |_: &[()]| Map::new(); // monoio counts nothing about itself
        let workers = PerCore::start(request, done, executor::work, no_metrics)?;
        Ok(workers.granting("receive_buffer", "one a connection"))
    })
}

fn describe() -> Description {
    let own = vec![
        OptionSpec::integer(
            "buffer_bytes",
            65536,
            64..=1_048_576,
            "size of a connection's buffer; monoio lends it to the kernel while it waits",
        ),
        OptionSpec::integer("entries", 1024, 256..=32768, "size of a worker's ring"),
        OptionSpec::choice(
            "taskrun",
            &["none", "coop", "defer"],
            "when the kernel finishes operations: none as monoio sets a ring up, by an interrupt; \
             coop: IORING_SETUP_COOP_TASKRUN; defer: with SINGLE_ISSUER and DEFER_TASKRUN",
        ),
    ];
    Description {
        id: "monoio",
        order: 121,
        summary: "monoio over io_uring; workers=N gives N independent runtimes",
        backend: "io_uring",
        timer_granularity_ns: 1_000_000,
        one_worker: "",
        versions: versions("monoio", env!("TAILRACE_LIBRARY_VERSION")),
        workloads: NAMES,
        in_process: IN_PROCESS,
        options: options(own),
        forms: &[("best", &[("taskrun", "coop")]), ("default", &[("buffer_bytes", "8192")])],
        kernel: "5.6",
        unavailable: executor::refusal(),
    }
}
