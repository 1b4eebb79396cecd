// SPDX-License-Identifier: MIT
//! The target `tokio-current`: `workers` threads, each with a current-thread runtime of its own and
//! a listener that shares the port with the others. Nothing else is shared.

use std::io;
use std::net::TcpListener;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use serde_json::{Map, Value};
use tailrace_protocol::{
    Done, Outcome, Ready, Refused, Request, Target, confine_thread, worker_cpu,
};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::description::apply;
use crate::listen::listen;
use crate::{counts, metrics, workloads};

pub struct CurrentThread {
    workers: Vec<Worker>,
    request: Request,
    address: String,
}

struct Worker {
    runtime: Handle,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl CurrentThread {
    /// # Errors
    /// Where the kernel refuses the port or a thread.
    pub fn start(request: &Request, _: Done) -> Result<CurrentThread, Refused> {
        let listening = listen(request, request.workers)?;
        let refused = |error| Refused::by_kernel("cannot start a worker of Tokio", &error);
        let mut workers = Vec::new();
        for (index, listener) in listening.sockets.into_iter().enumerate() {
            workers.push(start_worker(listener, request, index).map_err(refused)?);
        }
        while !workloads::is_ready(request) {
            sleep(Duration::from_millis(1));
        }
        Ok(CurrentThread { workers, request: request.clone(), address: listening.address })
    }
}

impl Target for CurrentThread {
    fn ready(&self) -> Ready {
        let addresses = vec![self.address.clone()];
        Ready { addresses, backend: "epoll", granted: Map::new() }
    }

    fn sample(&self) -> Map<String, Value> {
        counts::sample(&self.request.workload)
    }

    fn finish(self) -> Outcome {
        let each: Vec<_> = self.workers.iter().map(|worker| worker.runtime.metrics()).collect();
        let metrics = metrics::of(&each);
        workloads::abandon();
        let threads: Vec<_> = self
            .workers
            .into_iter()
            .map(|worker| {
                // A worker that is gone has panicked, and so ended the process.
                let _ = worker.stop.send(());
                worker.thread
            })
            .collect();
        for thread in threads {
            let _ = thread.join(); // likewise
        }
        Outcome { counts: counts::sample(&self.request.workload), metrics, histograms: Map::new() }
    }
}

fn start_worker(listener: TcpListener, request: &Request, index: usize) -> io::Result<Worker> {
    let (stop, stopped) = oneshot::channel();
    let (built, made) = mpsc::channel();
    let request = request.clone();
    let thread = thread::Builder::new()
        .name(format!("worker-{index}"))
        .spawn(move || work(listener, request, index, stopped, &built))?;
    let runtime = made.recv().expect("a worker says how its runtime began")?;
    Ok(Worker { runtime, stop, thread })
}

fn work(
    listener: TcpListener,
    request: Request,
    index: usize,
    stopped: oneshot::Receiver<()>,
    built: &Sender<io::Result<Handle>>,
) {
    let workers = request.workers;
    let own = worker_cpu(&request.cpus, workers, index);
    // The process could use this CPU a moment ago.
    let _ = confine_thread(own.as_slice());
    let mut builder = Builder::new_current_thread();
    apply(&mut builder, &request);
    let runtime = match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = built.send(Err(error)); // the main thread waits for it
            return;
        }
    };
    let _ = built.send(Ok(runtime.handle().clone()));
    runtime.spawn(workloads::serve(listener, request, index, workers));
    let _ = runtime.block_on(stopped);
    // Dropping the runtime drops every task, and so closes its socket.
}
