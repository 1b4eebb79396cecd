// SPDX-License-Identifier: MIT
//! One executor, `workers` threads that run it as smol's documentation has it, one listener. The
//! reactor is the process's: a thread without tasks waits in it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use serde_json::{Map, Value};
use smol::channel::{Receiver, Sender, bounded};
use smol::{Executor, Task, block_on};
use tailrace_protocol::{
    Done, Outcome, Ready, Refused, Request, Target, confine_thread, worker_cpu,
};
use tailrace_serving::{Job, abandon, is_ready, listen, sample};

use crate::server::serve;
use crate::timers;

pub struct Smol {
    executor: Arc<Executor<'static>>,
    running: Sender<()>, // nothing is sent: the threads end when it is dropped
    threads: Vec<JoinHandle<()>>,
    working: Option<Task<()>>, // the accept loop, or in-process work that has begun
    request: Request,
    addresses: Vec<String>,
    job: Option<Job>,
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>, // that has not begun
}

impl Smol {
    pub fn start(request: &Request, done: Done) -> Result<Smol, Refused> {
        if let Some(job) = Job::prepare(request, 1, done)? {
            let smol = Smol::idle(request)?;
            let work = Some(timers::prepare(smol.executor.clone(), job));
            return Ok(Smol { job: Some(job), work, ..smol });
        }
        let mut listening = listen(request, 1)?;
        let smol = Smol::idle(request)?;
        let executor = &smol.executor;
        let listener = listening.sockets.pop().expect("one was asked for");
        let accepting = executor.spawn(serve(executor.clone(), listener, request.clone()));
        while !is_ready(request) {
            sleep(Duration::from_millis(1));
        }
        Ok(Smol { working: Some(accepting), addresses: vec![listening.address], ..smol })
    }

    /// Its threads run, and nothing is to be done yet.
    fn idle(request: &Request) -> Result<Smol, Refused> {
        let executor = Arc::new(Executor::new());
        let (running, stopped) = bounded(1);
        let threads = start_threads(request, &executor, &stopped)?;
        let (request, addresses) = (request.clone(), Vec::new());
        let (working, job, work) = (None, None, None);
        Ok(Smol { executor, running, threads, working, request, addresses, job, work })
    }
}

fn start_threads(
    request: &Request,
    executor: &Arc<Executor<'static>>,
    stopped: &Receiver<()>,
) -> Result<Vec<JoinHandle<()>>, Refused> {
    let (up, ups) = mpsc::channel();
    let mut threads = Vec::new();
    for index in 0..request.workers {
        let own = worker_cpu(&request.cpus, request.workers, index);
        let (executor, stopped, up) = (executor.clone(), stopped.clone(), up.clone());
        let thread = thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
            // The process could use this CPU a moment ago.
            let _ = confine_thread(own.as_slice());
            let _ = up.send(()); // the main thread waits for it
            let _ = block_on(executor.run(stopped.recv())); // its error: that it is closed
        });
        threads.push(thread.map_err(|error| Refused::by_kernel("cannot start a worker", &error))?);
    }
    ups.iter().take(request.workers).count();
    Ok(threads)
}

impl Target for Smol {
    fn ready(&self) -> Ready {
        let granted = self.job.map(|job| job.granted()).unwrap_or_default();
        Ready { addresses: self.addresses.clone(), backend: "epoll", granted }
    }

    fn begin(&mut self) {
        if self.job.is_some_and(|job| job.begin()) {
            self.working = self.work.take().map(|work| self.executor.spawn(work));
        }
    }

    fn sample(&self) -> Map<String, Value> {
        self.job.map_or_else(|| sample(&self.request.workload), |job| job.counts())
    }

    fn finish(self) -> Outcome {
        abandon();
        drop(self.work); // it has the executor too
        if let Some(job) = self.job {
            job.stop();
        }
        if let Some(task) = self.working {
            block_on(task.cancel()); // it has the executor too
        }
        drop(self.running);
        for thread in self.threads {
            let _ = thread.join(); // one that panicked has ended the process
        }
        drop(self.executor); // with it every task that is left, and so its socket
        self.job.map_or_else(
            || Outcome { counts: sample(&self.request.workload), ..Outcome::default() },
            |job| job.outcome(),
        )
    }
}
