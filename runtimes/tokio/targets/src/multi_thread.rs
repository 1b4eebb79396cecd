// SPDX-License-Identifier: MIT
//! The target `tokio`: one multi-thread runtime, `workers` of its threads, one listener. The main
//! thread is none of them.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Map, Value};
use tailrace_protocol::{
    Description, Done, NOTHING_STOLEN, Outcome, Ready, Refused, Request, Target, pin_worker, unpin,
};
use tailrace_serving::Workload;
use tokio::runtime::{Builder, Runtime};

use crate::description::{self, apply};
use crate::metrics;
use crate::spawn::Shared;
use crate::workloads::serve;

/// Less than what the protocol allows from `stop` to the end.
const SHUTDOWN: Duration = Duration::from_secs(4);

pub struct MultiThread {
    runtime: Runtime,
    workload: Workload,
    work: Option<Work>, // in-process, that has not begun
}

impl MultiThread {
    /// # Errors
    /// Where the kernel refuses the port or a thread.
    pub fn start(request: &Request, done: Done) -> Result<MultiThread, Refused> {
        #[cfg(feature = "unstable")]
        crate::unstable::check(request)?;
        let (workload, sockets) = Workload::prepare(request, 1, done)?;
        let runtime = build(request.workers, request)?;
        for listener in sockets {
            // On a worker, not in block_on: that would run the accept loop on a thread that has to
            // be woken for each connection.
            runtime.spawn(serve(Shared, listener, request.clone(), 0, 1));
        }
        let work = workload.job.map(|job| prepare(request, job));
        workload.await_ready();
        Ok(MultiThread { runtime, workload, work })
    }
}

#[must_use]
pub fn describe() -> Description {
    let summary = "Tokio's multi-thread runtime; workers=N gives N worker threads that steal";
    let described = description::describe("tokio", 100, summary);
    Description { one_worker: NOTHING_STOLEN, ..described }
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

#[cfg(not(feature = "unstable"))]
fn prepare(_: &Request, job: tailrace_serving::Job) -> Work {
    crate::timers::prepare(Shared, job, 0, 1)
}
#[cfg(feature = "unstable")]
use crate::unstable::prepare;

impl Target for MultiThread {
    fn ready(&self) -> Ready {
        self.workload.ready()
    }

    fn begin(&mut self) {
        if self.workload.begin() {
            self.work.take().map(|work| self.runtime.spawn(work)); // detached
        }
    }

    fn sample(&self) -> Map<String, Value> {
        self.workload.sample()
    }

    fn finish(self) -> Outcome {
        let metrics = metrics::of(&[self.runtime.metrics()]);
        self.workload.stop();
        self.runtime.shutdown_timeout(SHUTDOWN); // drops every task, and so closes its socket
        Outcome { metrics, ..self.workload.outcome() }
    }
}

/// Tokio says "thread" also of those of its blocking pool, which start later: the first ones are
/// the workers, and each has said that it runs when this returns.
fn build(workers: usize, request: &Request) -> Result<Runtime, Refused> {
    let (started, starts) = mpsc::channel();
    let threads = AtomicUsize::new(0);
    let mut builder = Builder::new_multi_thread();
    apply(&mut builder, request);
    #[cfg(feature = "unstable")]
    crate::unstable::apply(&mut builder, request);
    builder.worker_threads(workers).on_thread_start(move || {
        let index = threads.fetch_add(1, Relaxed); // a ticket: orders nothing
        if index < workers {
            pin_worker(index, workers);
        } else {
            unpin(); // of the pool: a pinned worker may have started it
        }
        let _ = started.send(()); // nobody waits for those of the pool
    });
    let runtime = builder
        .build()
        .map_err(|error| Refused::by_kernel("cannot start Tokio's runtime", &error))?;
    starts.iter().take(workers).count();
    Ok(runtime)
}
