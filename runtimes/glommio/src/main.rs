// SPDX-License-Identifier: MIT
//! tailrace-target-glommio: glommio, an executor over io_uring on each worker.

mod executor;
mod files;
mod timers;

use std::process::ExitCode;

use serde_json::{Map, Value, json};
use tailrace_protocol::{
    Description, Done, OptionSpec, Outcome, Ready, Refused, Request, Target, target_main,
};
use tailrace_serving::{Buffer, NAMES, PerCore, options, versions};

use crate::executor::Counted;

fn main() -> ExitCode {
    target_main(&describe(), Glommio::start)
}

fn describe() -> Description {
    let mut all = Buffer::options();
    all.extend([
        OptionSpec::integer("ring_depth", 128, 16..=32768, "size of each of a worker's rings"),
        OptionSpec::integer(
            "spin_us",
            0,
            0..=1_000_000,
            "how long a worker without work looks for some before it sleeps",
        ),
    ]);
    all.extend(options());
    Description {
        id: "glommio",
        summary: "glommio over io_uring; workers=N gives N independent executors",
        backend: "io_uring",
        versions: versions("glommio", env!("TAILRACE_GLOMMIO_VERSION")),
        workloads: NAMES,
        options: all,
        best: &[],
        default: &[("buffer", "owned"), ("buffer_bytes", "8192")],
        kernel: "5.8",
        unavailable: executor::refusal(),
    }
}

struct Glommio {
    workers: PerCore<Counted>,
    request: Request,
}

impl Glommio {
    fn start(request: &Request, done: Done) -> Result<Glommio, Refused> {
        let workers = PerCore::start(request, done, executor::work)?;
        Ok(Glommio { workers, request: request.clone() })
    }
}

impl Target for Glommio {
    fn ready(&self) -> Ready {
        let addresses = self.workers.addresses();
        Ready { addresses, backend: "io_uring", granted: self.workers.granted() }
    }

    fn begin(&mut self) {
        self.workers.begin();
    }

    fn sample(&self) -> Map<String, Value> {
        self.workers.sample(&self.request)
    }

    fn finish(self) -> Outcome {
        let (each, outcome) = self.workers.finish(&self.request);
        let list = |of: fn(&Counted) -> u64| json!(each.iter().map(of).collect::<Vec<_>>());
        let metrics = Map::from_iter([
            ("busy_ns".to_owned(), list(|worker| worker.busy_ns)),
            ("polls".to_owned(), list(|worker| worker.polls)),
        ]);
        Outcome { metrics, ..outcome }
    }
}
