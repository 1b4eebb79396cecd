// SPDX-License-Identifier: MIT
//! The target `tokio`: one multi-thread runtime, `workers` of its threads, one listener. The main
//! thread is none of them.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Map, Value};
use tailrace_protocol::{
    Done, Outcome, Ready, Refused, Request, Target, confine_thread, worker_cpu,
};
use tailrace_serving::{abandon, is_ready, listen, sample};
use tokio::runtime::{Builder, Runtime};

use crate::description::apply;
use crate::metrics;
use crate::workloads::serve;

/// Less than what the protocol allows from `stop` to the end.
const SHUTDOWN: Duration = Duration::from_secs(4);

pub struct MultiThread {
    runtime: Runtime,
    request: Request,
    address: String,
}

impl MultiThread {
    /// # Errors
    /// Where the kernel refuses the port or a thread.
    pub fn start(request: &Request, _: Done) -> Result<MultiThread, Refused> {
        let mut listening = listen(request, 1)?;
        let runtime = build(request)?;
        let listener = listening.sockets.pop().expect("one was asked for");
        // On a worker, not in block_on: that would run the accept loop on a thread that has to be
        // woken for each connection.
        runtime.spawn(serve(listener, request.clone(), 0, 1));
        while !is_ready(request) {
            sleep(Duration::from_millis(1));
        }
        Ok(MultiThread { runtime, request: request.clone(), address: listening.address })
    }
}

impl Target for MultiThread {
    fn ready(&self) -> Ready {
        let addresses = vec![self.address.clone()];
        Ready { addresses, backend: "epoll", granted: Map::new() }
    }

    fn sample(&self) -> Map<String, Value> {
        sample(&self.request.workload)
    }

    fn finish(self) -> Outcome {
        let metrics = metrics::of(&[self.runtime.metrics()]);
        abandon();
        self.runtime.shutdown_timeout(SHUTDOWN); // drops every task, and so closes its socket
        Outcome { counts: sample(&self.request.workload), metrics, histograms: Map::new() }
    }
}

/// Tokio says "thread" also of those of its blocking pool, which start later: the first ones are
/// the workers, and each has said that it runs when this returns.
fn build(request: &Request) -> Result<Runtime, Refused> {
    let (workers, cpus) = (request.workers, request.cpus.clone());
    let (started, starts) = mpsc::channel();
    let threads = AtomicUsize::new(0);
    let mut builder = Builder::new_multi_thread();
    apply(&mut builder, request);
    builder.worker_threads(workers).on_thread_start(move || {
        let index = threads.fetch_add(1, Relaxed); // a ticket: orders nothing
        let own = worker_cpu(&cpus, workers, index);
        // The process could use these CPUs a moment ago; a thread of the pool gets back what a
        // pinned worker that started it had given up.
        let _ = confine_thread(own.as_ref().map_or(&cpus, std::slice::from_ref));
        let _ = started.send(()); // nobody waits for those of the pool
    });
    let runtime = builder
        .build()
        .map_err(|error| Refused::by_kernel("cannot start Tokio's runtime", &error))?;
    starts.iter().take(workers).count();
    Ok(runtime)
}
