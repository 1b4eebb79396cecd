// SPDX-License-Identifier: MIT
//! The target `tokio-current`: `workers` threads, each with a current-thread runtime of its own and
//! a listener that shares the port with the others. Nothing else is shared.

use tailrace_protocol::{Done, Refused, Request};
use tailrace_serving::{Part, PerCore};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, RuntimeMetrics};

use crate::description::apply;
use crate::metrics;
use crate::timers;
use crate::workloads::serve;

/// # Errors
/// Where the kernel refuses the port or a thread.
pub fn start(request: &Request, done: Done) -> Result<PerCore<RuntimeMetrics>, Refused> {
    PerCore::start(request, done, work, metrics::of)
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
