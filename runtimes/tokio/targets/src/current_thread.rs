// SPDX-License-Identifier: MIT
//! The target `tokio-current`: `workers` threads, each with a runtime of its own and a listener
//! that shares the port with the others. Nothing else is shared. The runtime is Tokio's
//! current-thread one, or its `LocalRuntime`, whose tasks need not be `Send`.

use std::io;

use tailrace_protocol::{Description, Done, OptionSpec, Refused, Request};
use tailrace_serving::{Part, PerCore};
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, LocalOptions, RuntimeMetrics};

use crate::description::{self, OWNED_BUFFERS, apply};
use crate::metrics;
use crate::spawn::{Local, Shared, Spawn};
use crate::timers;
use crate::workloads::serve;

#[must_use]
pub fn describe() -> Description {
    let summary = "Tokio's current-thread runtime; workers=N gives N independent ones";
    let mut described = description::describe("tokio-current", 101, summary);
    described.options.push(OptionSpec::choice(
        "runtime",
        &["current-thread", "local"],
        "local: LocalRuntime, whose tasks belong to its thread and are spawned by spawn_local()",
    ));
    described.forms =
        &[("best", &[]), ("default", OWNED_BUFFERS), ("local", &[("runtime", "local")])];
    described
}

/// # Errors
/// Where the kernel refuses the port or a thread.
pub fn start(request: &Request, done: Done) -> Result<PerCore<RuntimeMetrics>, Refused> {
    PerCore::start(request, done, work, metrics::of)
}

fn work(part: Part) -> Result<RuntimeMetrics, Refused> {
    let mut builder = Builder::new_current_thread();
    apply(&mut builder, &part.request);
    if part.request.text("runtime") == "local" {
        let built = builder.build_local(LocalOptions::default());
        let runtime = built.map_err(|error| refused(&error))?;
        part.runtime_stands();
        runtime.block_on(until_told(Local, part));
        return Ok(runtime.metrics());
    }
    let runtime = builder.build().map_err(|error| refused(&error))?;
    part.runtime_stands();
    runtime.block_on(until_told(Shared, part));
    Ok(runtime.metrics())
    // Dropping the runtime drops every task, and so closes its socket.
}

fn refused(error: &io::Error) -> Refused {
    Refused::by_kernel("cannot start a runtime of Tokio", error)
}

/// Serves, or works once it is told to, until it is told to stop.
async fn until_told(spawn: impl Spawn, part: Part) {
    let (index, workers) = (part.index, part.request.workers);
    if let Some(listener) = part.listener {
        spawn.spawn(serve(spawn, listener, part.request, index, workers));
    }
    let mut stop = UnixStream::from_std(part.stop).expect("a runtime takes a new socket");
    let mut work = part.job.map(|job| timers::prepare(spawn, job, index, workers));
    while let Ok(1..) = stop.read(&mut [0]).await {
        work.take().map(|work| spawn.spawn(work)); // detached
    }
}
