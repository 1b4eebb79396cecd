// SPDX-License-Identifier: MIT
//! async-std has one executor, the process's, which nobody can end: on `stop` its tasks are
//! cancelled or, sessions, ended by their sockets.

use std::pin::Pin;
use std::thread::sleep;
use std::time::{Duration, Instant};

use async_global_executor::GlobalExecutorConfig;
use async_std::channel::{Sender, bounded};
use async_std::task::{self, JoinHandle};
use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome, Ready, Refused, Request, Target};
use tailrace_serving::{Job, abandon, end_all, is_ready, listen, sample, sleepers};

use crate::server::{serve, sleeper};
use crate::timers;

/// Less than what the protocol allows from `stop` to the end.
const STOP: Duration = Duration::from_secs(4);

pub struct AsyncStd {
    accepting: Option<JoinHandle<()>>,
    sleeping: Vec<JoinHandle<()>>,
    request: Request,
    addresses: Vec<String>,
    in_process: Option<InProcessWork>,
}

struct InProcessWork {
    job: Job,
    running: Sender<()>, // nothing is sent: the work ends when it is dropped
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>, // that has not begun
    task: Option<JoinHandle<()>>,
}

impl AsyncStd {
    pub fn start(request: &Request, done: Done) -> Result<AsyncStd, Refused> {
        if let Some(job) = Job::prepare(request, 1, done)? {
            start_executor(request.workers);
            let (running, stopped) = bounded(1);
            return Ok(AsyncStd {
                accepting: None,
                sleeping: Vec::new(),
                request: request.clone(),
                addresses: Vec::new(),
                in_process: Some(InProcessWork {
                    job,
                    running,
                    work: Some(timers::prepare(job, stopped)),
                    task: None,
                }),
            });
        }
        let mut listening = listen(request, 1)?;
        start_executor(request.workers);
        let deadline = Instant::now() + Duration::from_secs(3600);
        let sleeping: Vec<_> =
            (0..sleepers(request, 0, 1)).map(|_| task::spawn(sleeper(deadline))).collect();
        let listener = listening.sockets.pop().expect("one was asked for");
        let accepting = Some(task::spawn(serve(listener, request.clone())));
        while !is_ready(request) {
            sleep(Duration::from_millis(1));
        }
        let (request, addresses) = (request.clone(), vec![listening.address]);
        Ok(AsyncStd { accepting, sleeping, request, addresses, in_process: None })
    }
}

/// As async-std starts it at its first use, but that the number of threads is ours and not that of
/// an environment variable or of the CPUs. The first to come decides.
fn start_executor(workers: usize) {
    let config = GlobalExecutorConfig::default()
        .with_env_var("TAILRACE_NO_SUCH_VARIABLE")
        .with_min_threads(workers)
        .with_max_threads(workers);
    async_global_executor::init_with_config(config);
}

impl Target for AsyncStd {
    fn ready(&self) -> Ready {
        let granted = self.in_process.as_ref().map(|work| work.job.granted()).unwrap_or_default();
        Ready { addresses: self.addresses.clone(), backend: "epoll", granted }
    }

    fn begin(&mut self) {
        if let Some(work) = self.in_process.as_mut().filter(|work| work.job.begin()) {
            work.task = work.work.take().map(task::spawn);
        }
    }

    fn sample(&self) -> Map<String, Value> {
        match &self.in_process {
            Some(work) => work.job.counts(),
            None => sample(&self.request.workload),
        }
    }

    fn finish(self) -> Outcome {
        abandon();
        if let Some(work) = self.in_process {
            work.job.stop();
            drop(work.running);
            task::block_on(async {
                if let Some(task) = work.task {
                    task.await;
                }
            });
            return work.job.outcome();
        }
        task::block_on(async {
            if let Some(task) = self.accepting {
                task.cancel().await;
            }
            for task in self.sleeping {
                task.cancel().await;
            }
        });
        let until = Instant::now() + STOP;
        let mut counts = sample(&self.request.workload);
        while counts["open"] != 0 && Instant::now() < until {
            end_all(); // also what the accept loop took last
            sleep(Duration::from_millis(1));
            counts = sample(&self.request.workload);
        }
        Outcome { counts, ..Outcome::default() }
    }
}
