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
use tailrace_serving::{InProcess, TIMER, Timers, abandon, is_ready, listen, sample};
use tokio::runtime::{Builder, Runtime};

use crate::description::apply;
use crate::metrics;
use crate::timers;
use crate::workloads::serve;

/// Less than what the protocol allows from `stop` to the end.
const SHUTDOWN: Duration = Duration::from_secs(4);

pub struct MultiThread {
    runtime: Runtime,
    request: Request,
    addresses: Vec<String>,
    timers: Option<&'static Timers>,
}

impl MultiThread {
    /// # Errors
    /// Where the kernel refuses the port or a thread.
    pub fn start(request: &Request, done: Done) -> Result<MultiThread, Refused> {
        let request = request.clone();
        if request.workload == TIMER {
            let timers = Some(Timers::prepare(&request, 1, done));
            let runtime = build(&request)?;
            return Ok(MultiThread { runtime, request, addresses: Vec::new(), timers });
        }
        let mut listening = listen(&request, 1)?;
        let runtime = build(&request)?;
        let listener = listening.sockets.pop().expect("one was asked for");
        // On a worker, not in block_on: that would run the accept loop on a thread that has to be
        // woken for each connection.
        runtime.spawn(serve(listener, request.clone(), 0, 1));
        while !is_ready(&request) {
            sleep(Duration::from_millis(1));
        }
        Ok(MultiThread { runtime, request, addresses: vec![listening.address], timers: None })
    }
}

impl Target for MultiThread {
    fn ready(&self) -> Ready {
        let granted = self.timers.map(|_| Timers::granted()).unwrap_or_default();
        Ready { addresses: self.addresses.clone(), backend: "epoll", granted }
    }

    fn begin(&mut self) {
        if let Some(run) = self.timers.filter(|run| run.parts().begin()) {
            self.runtime.spawn(timers::work(run, 0, 1));
        }
    }

    fn sample(&self) -> Map<String, Value> {
        self.timers.map_or_else(|| sample(&self.request.workload), InProcess::counts)
    }

    fn finish(self) -> Outcome {
        let metrics = metrics::of(&[self.runtime.metrics()]);
        abandon();
        self.runtime.shutdown_timeout(SHUTDOWN); // drops every task, and so closes its socket
        let outcome = self.timers.map_or_else(
            || Outcome { counts: sample(&self.request.workload), ..Outcome::default() },
            InProcess::outcome,
        );
        Outcome { metrics, ..outcome }
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
