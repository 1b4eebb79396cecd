// SPDX-License-Identifier: MIT
//! `workers` threads, each with a runtime of its own and a listener that shares the port with the
//! others. Nothing else is shared.

use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use tailrace_protocol::{Refused, Request, confine_thread, worker_cpu};

use crate::listen::listen;
use crate::workloads::{abandon, is_ready};

/// What one thread has of the workload.
pub struct Part {
    /// Non-blocking.
    pub listener: TcpListener,
    pub request: Request,
    pub index: usize,
    /// Ends when the thread has to: a socket, because every runtime can await one, and not every
    /// runtime can be woken by another thread otherwise. Non-blocking.
    pub stop: UnixStream,
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
    address: String,
}

impl<T: Send + 'static> PerCore<T> {
    /// Starts the threads, each pinned to its CPU, and returns when all are ready to serve. `work`
    /// runs on each until its `stop` ends; what it returns then, `finish()` returns.
    ///
    /// # Errors
    /// Where the kernel refuses the port or a thread, or a runtime does not come up.
    pub fn start(
        request: &Request,
        work: fn(Part) -> Result<T, Refused>,
    ) -> Result<PerCore<T>, Refused> {
        let listening = listen(request, request.workers)?;
        let mut workers = Vec::new();
        for (index, listener) in listening.sockets.into_iter().enumerate() {
            workers.push(start_worker(listener, request, index, work)?);
        }
        while !is_ready(request) {
            sleep(Duration::from_millis(1));
        }
        Ok(PerCore { workers, address: listening.address })
    }

    /// As a client of this machine reaches it.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Ends all threads, and returns what they return.
    #[must_use]
    pub fn finish(self) -> Vec<T> {
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
    listener: TcpListener,
    request: &Request,
    index: usize,
    work: fn(Part) -> Result<T, Refused>,
) -> Result<Worker<T>, Refused> {
    let refused = |error| Refused::by_kernel("cannot start a worker", &error);
    let (stop, stopped) = UnixStream::pair().map_err(refused)?;
    stopped.set_nonblocking(true).map_err(refused)?;
    let (up, is_up) = mpsc::channel();
    let part = Part { listener, request: request.clone(), index, stop: stopped, up };
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
