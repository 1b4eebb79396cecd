// SPDX-License-Identifier: MIT
//! `workers` threads, each with a runtime of its own and, in served workloads, a listener that
//! shares the port with the others. Nothing else is shared.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome, Refused, Request, confine_thread, worker_cpu};

use crate::counts::sample;
use crate::in_process::Job;
use crate::listen::listen;
use crate::workloads::{abandon, is_ready};

/// What one thread has of the workload.
pub struct Part {
    /// Non-blocking; nothing in in-process work.
    pub listener: Option<TcpListener>,
    pub request: Request,
    pub index: usize,
    /// Ends when the thread has to; a byte comes when in-process work begins. A socket, because
    /// every runtime can await one, and not every runtime can be woken by another thread
    /// otherwise. Non-blocking.
    pub stop: UnixStream,
    /// In-process work alone.
    pub job: Option<Job>,
    up: Sender<()>,
}

impl Part {
    /// Call once the runtime stands; to return an error is for what fails before.
    pub fn runtime_stands(&self) {
        let _ = self.up.send(()); // the main thread waits for it
    }
}

struct Worker<T> {
    stop: UnixStream,
    thread: JoinHandle<Result<T, Refused>>,
}

pub struct PerCore<T> {
    workers: Vec<Worker<T>>,
    address: Option<String>,
    job: Option<Job>,
}

impl<T: Send + 'static> PerCore<T> {
    /// Starts the threads, each pinned to its CPU, and returns when all are ready to serve. `work`
    /// runs on each until its `stop` ends; what it returns then, `finish()` returns. In-process
    /// work calls `done` when it has ended by itself.
    ///
    /// # Errors
    /// Where the kernel refuses the port or a thread, or a runtime does not come up.
    pub fn start(
        request: &Request,
        done: Done,
        work: fn(Part) -> Result<T, Refused>,
    ) -> Result<PerCore<T>, Refused> {
        let job = Job::prepare(request, request.workers, done)?;
        let mut address = None;
        let mut sockets = Vec::new();
        if job.is_none() {
            let listening = listen(request, request.workers)?;
            sockets = listening.sockets;
            address = Some(listening.address);
        }
        let mut sockets = sockets.into_iter();
        let mut workers = Vec::new();
        for index in 0..request.workers {
            workers.push(start_worker(sockets.next(), job, request, index, work)?);
        }
        while !is_ready(request) {
            sleep(Duration::from_millis(1));
        }
        Ok(PerCore { workers, address, job })
    }

    /// As clients of this machine reach it; in-process work has none.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        self.address.iter().cloned().collect()
    }

    #[must_use]
    pub fn is_in_process(&self) -> bool {
        self.job.is_some()
    }

    /// What `ready` says of the workload beside what the request does.
    #[must_use]
    pub fn granted(&self) -> Map<String, Value> {
        self.job.map(|job| job.granted()).unwrap_or_default()
    }

    /// In-process work begins; a second time changes nothing.
    pub fn begin(&mut self) {
        if self.job.is_some_and(|job| job.begin()) {
            for worker in &mut self.workers {
                let _ = worker.stop.write_all(&[1]); // an empty socket takes a byte
            }
        }
    }

    /// Counts now.
    #[must_use]
    pub fn sample(&self, request: &Request) -> Map<String, Value> {
        self.job.map_or_else(|| sample(&request.workload), |job| job.counts())
    }

    /// Ends all threads; gives what they return, and the outcome without metrics.
    #[must_use]
    pub fn finish(self, request: &Request) -> (Vec<T>, Outcome) {
        let job = self.job;
        if let Some(job) = job {
            job.stop();
        }
        let returned = self.join();
        let outcome = job.map_or_else(
            || Outcome { counts: sample(&request.workload), ..Outcome::default() },
            |job| job.outcome(),
        );
        (returned, outcome)
    }

    fn join(self) -> Vec<T> {
        abandon();
        let threads: Vec<_> = self
            .workers
            .into_iter()
            .map(|worker| {
                drop(worker.stop);
                worker.thread
            })
            .collect();
        // A thread that panicked has ended the process, and nothing is refused any more.
        threads.into_iter().filter_map(|thread| thread.join().ok()?.ok()).collect()
    }
}

fn start_worker<T: Send + 'static>(
    listener: Option<TcpListener>,
    job: Option<Job>,
    request: &Request,
    index: usize,
    work: fn(Part) -> Result<T, Refused>,
) -> Result<Worker<T>, Refused> {
    let refused = |error| Refused::by_kernel("cannot start a worker", &error);
    let (stop, stopped) = UnixStream::pair().map_err(refused)?;
    stopped.set_nonblocking(true).map_err(refused)?;
    let (up, is_up) = mpsc::channel();
    let request = request.clone();
    let part = Part { listener, request, index, stop: stopped, job, up };
    let thread = thread::Builder::new()
        .name(format!("worker-{index}"))
        .spawn(move || {
            let own = worker_cpu(&part.request.cpus, part.request.workers, part.index);
            // The process could use this CPU a moment ago.
            let _ = confine_thread(own.as_slice());
            work(part)
        })
        .map_err(refused)?;
    if is_up.recv().is_err() {
        // It ended without a word; had it panicked, the process would have ended.
        if let Ok(Err(refused)) = thread.join() {
            return Err(refused);
        }
        unreachable!("a worker says that its runtime stands, or why not");
    }
    Ok(Worker { stop, thread })
}
