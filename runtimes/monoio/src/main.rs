// SPDX-License-Identifier: MIT
//! tailrace-target-monoio: monoio, a runtime over io_uring on each worker.

mod executor;
mod files;
mod session;
mod sleepers;
mod timers;

use std::process::ExitCode;

use serde_json::{Map, Value, json};
use tailrace_protocol::{
    Description, Done, OptionSpec, Outcome, Ready, Refused, Request, Target, target_main,
};
use tailrace_serving::{NAMES, PerCore, options, versions};

fn main() -> ExitCode {
    target_main(&describe(), Monoio::start)
}

fn describe() -> Description {
    let mut all = vec![
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
    all.extend(options());
    Description {
        id: "monoio",
        summary: "monoio over io_uring; workers=N gives N independent runtimes",
        backend: "io_uring",
        versions: versions("monoio", env!("TAILRACE_MONOIO_VERSION")),
        workloads: NAMES,
        options: all,
        best: &[("taskrun", "coop")],
        default: &[("buffer_bytes", "8192")],
        kernel: "5.6",
        unavailable: executor::refusal(),
    }
}

struct Monoio {
    workers: PerCore<()>,
    request: Request,
}

impl Monoio {
    fn start(request: &Request, done: Done) -> Result<Monoio, Refused> {
        let workers = PerCore::start(request, done, executor::work)?;
        Ok(Monoio { workers, request: request.clone() })
    }
}

impl Target for Monoio {
    fn ready(&self) -> Ready {
        let mut granted = self.workers.granted();
        if !self.workers.is_in_process() {
            granted.insert("receive_buffer".to_owned(), json!("one a connection"));
        }
        Ready { addresses: self.workers.addresses(), backend: "io_uring", granted }
    }

    fn begin(&mut self) {
        self.workers.begin();
    }

    fn sample(&self) -> Map<String, Value> {
        self.workers.sample(&self.request)
    }

    fn finish(self) -> Outcome {
        self.workers.finish(&self.request).1 // monoio counts nothing about itself
    }
}
