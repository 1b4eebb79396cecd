// SPDX-License-Identifier: MIT
//! The target `tokio-current`: `workers` threads, each with a current-thread runtime of its own and
//! a listener that shares the port with the others. Nothing else is shared.

use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome, Ready, Refused, Request, Target};
use tailrace_serving::{Part, PerCore};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, RuntimeMetrics};

use crate::description::apply;
use crate::metrics;
use crate::timers;
use crate::workloads::serve;

pub struct CurrentThread {
    workers: PerCore<RuntimeMetrics>,
    request: Request,
}

impl CurrentThread {
    /// # Errors
    /// Where the kernel refuses the port or a thread.
    pub fn start(request: &Request, done: Done) -> Result<CurrentThread, Refused> {
        let workers = PerCore::start(request, done, work)?;
        Ok(CurrentThread { workers, request: request.clone() })
    }
}

impl Target for CurrentThread {
    fn ready(&self) -> Ready {
        let addresses = self.workers.addresses();
        Ready { addresses, backend: "epoll", granted: self.workers.granted() }
    }

    fn begin(&mut self) {
        self.workers.begin();
    }

    fn sample(&self) -> Map<String, Value> {
        self.workers.sample(&self.request)
    }

    fn finish(self) -> Outcome {
        let (runtimes, outcome) = self.workers.finish(&self.request);
        Outcome { metrics: metrics::of(&runtimes), ..outcome }
    }
}

fn work(part: Part) -> Result<RuntimeMetrics, Refused> {
    let mut builder = Builder::new_current_thread();
    apply(&mut builder, &part.request);
    let runtime = builder
        .build()
        .map_err(|error| Refused::by_kernel("cannot start a runtime of Tokio", &error))?;
    part.runtime_stands();
    let (index, workers) = (part.index, part.request.workers);
    if let Some(listener) = part.listener {
        runtime.spawn(serve(listener, part.request, index, workers));
    }
    runtime.block_on(async {
        let mut stop = UnixStream::from_std(part.stop).expect("a runtime takes a new socket");
        let mut work = part.job.map(|job| timers::prepare(job, index, workers));
        while let Ok(1..) = stop.read(&mut [0]).await {
            work.take().map(tokio::spawn); // detached
        }
    });
    Ok(runtime.metrics())
    // Dropping the runtime drops every task, and so closes its socket.
}
