// SPDX-License-Identifier: MIT
//! `workers` threads, each with a runtime of its own and, in served workloads, a listener that
//! shares the port with the others. Nothing else is shared.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome, Ready, Refused, Request, Target, pin_worker};

use crate::workload::{Job, Workload};

/// How often, and how long each time, a thread waits for its tasks to end: less than what the
/// protocol allows from `stop` to the end.
pub const STOP_ROUNDS_MAX: usize = 4000;
pub const STOP_ROUND: Duration = Duration::from_millis(1);

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

/// All threads; `T` is what each returns when it ends.
pub struct PerCore<T> {
    workers: Vec<Worker<T>>,
    workload: Workload,
    granted: Map<String, Value>,
    metrics: fn(&[T]) -> Map<String, Value>,
}

impl<T: Send + 'static> PerCore<T> {
    /// Starts the threads, each pinned to its CPU, and returns when all are ready to serve. `work`
    /// runs on each until its `stop` ends; `metrics` are those of what it returns then. In-process
    /// work calls `done` when it has ended by itself.
    ///
    /// # Errors
    /// Where the kernel refuses the port or a thread, or a runtime does not come up.
    pub fn start(
        request: &Request,
        done: Done,
        work: fn(Part) -> Result<T, Refused>,
        metrics: fn(&[T]) -> Map<String, Value>,
    ) -> Result<PerCore<T>, Refused> {
        let (workload, sockets) = Workload::prepare(request, request.workers, done)?;
        let mut sockets = sockets.into_iter();
        let mut workers = Vec::new();
        for index in 0..request.workers {
            workers.push(start_worker(sockets.next(), workload.job, request, index, work)?);
        }
        workload.await_ready();
        Ok(PerCore { workers, workload, granted: Map::new(), metrics })
    }

    /// `ready` says this too of what is served.
    #[must_use]
    pub fn granting(mut self, name: &str, value: &str) -> PerCore<T> {
        if self.workload.job.is_none() {
            self.granted.insert(name.to_owned(), value.into());
        }
        self
    }
}

impl<T: Send + 'static> Target for PerCore<T> {
    fn ready(&self) -> Ready {
        let mut ready = self.workload.ready();
        ready.granted.extend(self.granted.clone());
        ready
    }

    fn begin(&mut self) {
        if self.workload.begin() {
            for worker in &mut self.workers {
                let _ = worker.stop.write_all(&[1]); // an empty socket takes a byte
            }
        }
    }

    fn sample(&self) -> Map<String, Value> {
        self.workload.sample()
    }

    fn finish(self) -> Outcome {
        self.workload.stop();
        let stop_it = |worker: Worker<T>| {
            drop(worker.stop);
            worker.thread
        };
        let threads: Vec<_> = self.workers.into_iter().map(stop_it).collect();
        // A thread that panicked has ended the process, and nothing is refused any more.
        let ended: Vec<T> =
            threads.into_iter().filter_map(|thread| thread.join().ok()?.ok()).collect();
        Outcome { metrics: (self.metrics)(&ended), ..self.workload.outcome() }
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
            pin_worker(part.index, part.request.workers);
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
