// SPDX-License-Identifier: MIT
//! The target `tokio-current`: `workers` threads, each with a current-thread runtime of its own and
//! a listener that shares the port with the others. Nothing else is shared.

use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome, Ready, Refused, Request, Target};
use tailrace_serving::{Part, PerCore, sample};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, RuntimeMetrics};

use crate::description::apply;
use crate::metrics;
use crate::workloads::serve;

pub struct CurrentThread {
    workers: PerCore<RuntimeMetrics>,
    request: Request,
}

impl CurrentThread {
    /// # Errors
    /// Where the kernel refuses the port or a thread.
    pub fn start(request: &Request, _: Done) -> Result<CurrentThread, Refused> {
        let workers = PerCore::start(request, work)?;
        Ok(CurrentThread { workers, request: request.clone() })
    }
}

impl Target for CurrentThread {
    fn ready(&self) -> Ready {
        let addresses = vec![self.workers.address()];
        Ready { addresses, backend: "epoll", granted: Map::new() }
    }

    fn sample(&self) -> Map<String, Value> {
        sample(&self.request.workload)
    }

    fn finish(self) -> Outcome {
        let metrics = metrics::of(&self.workers.finish());
        Outcome { counts: sample(&self.request.workload), metrics, histograms: Map::new() }
    }
}

fn work(part: Part) -> Result<RuntimeMetrics, Refused> {
    let mut builder = Builder::new_current_thread();
    apply(&mut builder, &part.request);
    let runtime = builder
        .build()
        .map_err(|error| Refused::by_kernel("cannot start a runtime of Tokio", &error))?;
    part.runtime_stands();
    let workers = part.request.workers;
    runtime.spawn(serve(part.listener, part.request, part.index, workers));
    runtime.block_on(async {
        let mut stop = UnixStream::from_std(part.stop).expect("a runtime takes a new socket");
        let _ = stop.read(&mut [0]).await; // its end, which is all that ever comes
    });
    Ok(runtime.metrics())
    // Dropping the runtime drops every task, and so closes its socket.
}
