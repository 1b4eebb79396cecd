// SPDX-License-Identifier: MIT
//! The target `tokio`: one multi-thread runtime, `workers` of its threads, one listener. The main
//! thread is none of them.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Map, Value};
use tailrace_protocol::{
    Done, Outcome, Ready, Refused, Request, Target, confine_thread, worker_cpu,
};
use tailrace_serving::{Job, abandon, is_ready, listen, sample};
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
    job: Option<Job>,
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>, // that has not begun
}

impl MultiThread {
    /// # Errors
    /// Where the kernel refuses the port or a thread.
    pub fn start(request: &Request, done: Done) -> Result<MultiThread, Refused> {
        let request = request.clone();
        if let Some(job) = Job::prepare(&request, 1, done)? {
            let runtime = build(&request)?;
            let work = Some(timers::prepare(job, 0, 1));
            return Ok(MultiThread {
                runtime,
                request,
                addresses: Vec::new(),
                job: Some(job),
                work,
            });
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
        let addresses = vec![listening.address];
        Ok(MultiThread { runtime, request, addresses, job: None, work: None })
    }
}

impl Target for MultiThread {
    fn ready(&self) -> Ready {
        let granted = self.job.map(|job| job.granted()).unwrap_or_default();
        Ready { addresses: self.addresses.clone(), backend: "epoll", granted }
    }

    fn begin(&mut self) {
        if self.job.is_some_and(|job| job.begin()) {
            self.work.take().map(|work| self.runtime.spawn(work)); // detached
        }
    }

    fn sample(&self) -> Map<String, Value> {
        self.job.map_or_else(|| sample(&self.request.workload), |job| job.counts())
    }

    fn finish(self) -> Outcome {
        let metrics = metrics::of(&[self.runtime.metrics()]);
        abandon();
        if let Some(job) = self.job {
            job.stop();
        }
        self.runtime.shutdown_timeout(SHUTDOWN); // drops every task, and so closes its socket
        let outcome = self.job.map_or_else(
            || Outcome { counts: sample(&self.request.workload), ..Outcome::default() },
            |job| job.outcome(),
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
