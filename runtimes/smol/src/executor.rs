// SPDX-License-Identifier: MIT
//! One executor, `workers` threads that run it as smol's documentation has it, one listener. The
//! reactor is the process's: a thread without tasks waits in it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use serde_json::{Map, Value};
use smol::channel::{Receiver, Sender, bounded};
use smol::{Executor, Task, block_on};
use tailrace_protocol::{Done, Outcome, Ready, Refused, Request, Target, pin_worker};
use tailrace_serving::Workload;

use crate::server::serve;
use crate::timers;

pub struct Smol {
    executor: Arc<Executor<'static>>,
    running: Sender<()>, // nothing is sent: the threads end when it is dropped
    threads: Vec<JoinHandle<()>>,
    workload: Workload,
    working: Option<Task<()>>, // the accept loop, or in-process work that has begun
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>, // that has not begun
}

impl Smol {
    pub fn start(request: &Request, done: Done) -> Result<Smol, Refused> {
        let (workload, mut sockets) = Workload::prepare(request, 1, done)?;
        let executor = Arc::new(Executor::new());
        let (running, stopped) = bounded(1);
        let threads = start_threads(request.workers, &executor, &stopped)?;
        let working = sockets
            .pop()
            .map(|listener| executor.spawn(serve(executor.clone(), listener, request.clone())));
        let work = workload.job.map(|job| timers::prepare(executor.clone(), job));
        workload.await_ready();
        Ok(Smol { executor, running, threads, workload, working, work })
    }
}

fn start_threads(
    workers: usize,
    executor: &Arc<Executor<'static>>,
    stopped: &Receiver<()>,
) -> Result<Vec<JoinHandle<()>>, Refused> {
    let (up, ups) = mpsc::channel();
    let mut threads = Vec::new();
    for index in 0..workers {
        let (executor, stopped, up) = (executor.clone(), stopped.clone(), up.clone());
        let thread = thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
            pin_worker(index, workers);
            let _ = up.send(()); // the main thread waits for it
            let _ = block_on(executor.run(stopped.recv())); // its error: that it is closed
        });
        threads.push(thread.map_err(|error| Refused::by_kernel("cannot start a worker", &error))?);
    }
    ups.iter().take(workers).count();
    Ok(threads)
}

impl Target for Smol {
    fn ready(&self) -> Ready {
        self.workload.ready()
    }

    fn begin(&mut self) {
        if self.workload.begin() {
            self.working = self.work.take().map(|work| self.executor.spawn(work));
        }
    }

    fn sample(&self) -> Map<String, Value> {
        self.workload.sample()
    }

    fn finish(self) -> Outcome {
        drop(self.work); // it has the executor too
        self.workload.stop();
        if let Some(task) = self.working {
            block_on(task.cancel()); // it has the executor too
        }
        drop(self.running);
        for thread in self.threads {
            let _ = thread.join(); // one that panicked has ended the process
        }
        drop(self.executor); // with it every task that is left, and so its socket
        self.workload.outcome()
    }
}
