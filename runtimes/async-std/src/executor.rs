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
use tailrace_serving::{Workload, end_all, open_connections, sleepers};

use crate::server::{serve, sleeper};
use crate::timers;

/// Less than what the protocol allows from `stop` to the end.
const STOP: Duration = Duration::from_secs(4);

pub struct AsyncStd {
    workload: Workload,
    serving: Vec<JoinHandle<()>>, // the accept loop and the sleepers
    running: Sender<()>,          // nothing is sent: in-process work ends when it is dropped
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>, // in-process, that has not begun
    working: Option<JoinHandle<()>>, // ... that has
}

impl AsyncStd {
    pub fn start(request: &Request, done: Done) -> Result<AsyncStd, Refused> {
        let (workload, sockets) = Workload::prepare(request, 1, done)?;
        start_executor(request.workers);
        let deadline = Instant::now() + Duration::from_secs(3600);
        let mut serving: Vec<_> =
            (0..sleepers(request, 0, 1)).map(|_| task::spawn(sleeper(deadline))).collect();
        for listener in sockets {
            serving.push(task::spawn(serve(listener, request.clone())));
        }
        let (running, stopped) = bounded(1);
        let work = workload.job.map(|job| timers::prepare(job, stopped));
        workload.await_ready();
        Ok(AsyncStd { workload, serving, running, work, working: None })
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
        self.workload.ready()
    }

    fn begin(&mut self) {
        if self.workload.begin() {
            self.working = self.work.take().map(task::spawn);
        }
    }

    fn sample(&self) -> Map<String, Value> {
        self.workload.sample()
    }

    fn finish(self) -> Outcome {
        self.workload.stop();
        drop(self.running);
        task::block_on(async {
            if let Some(work) = self.working {
                work.await;
            }
            for task in self.serving {
                task.cancel().await;
            }
        });
        let until = Instant::now() + STOP;
        while open_connections() > 0 && Instant::now() < until {
            end_all(); // also what the accept loop took last
            sleep(Duration::from_millis(1));
        }
        self.workload.outcome()
    }
}
