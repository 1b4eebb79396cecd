// SPDX-License-Identifier: MIT
//! async-std has one executor, the process's, which nobody can end: on `stop` its tasks are
//! cancelled or, sessions, ended by their sockets.

use std::thread::sleep;
use std::time::{Duration, Instant};

use async_global_executor::GlobalExecutorConfig;
use async_std::task::{self, JoinHandle};
use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome, Ready, Refused, Request, Target};
use tailrace_serving::{abandon, end_all, is_ready, listen, sample, sleepers};

use crate::server::{serve, sleeper};

/// Less than what the protocol allows from `stop` to the end.
const STOP: Duration = Duration::from_secs(4);

pub struct AsyncStd {
    accepting: JoinHandle<()>,
    sleeping: Vec<JoinHandle<()>>,
    request: Request,
    address: String,
}

impl AsyncStd {
    pub fn start(request: &Request, _: Done) -> Result<AsyncStd, Refused> {
        let mut listening = listen(request, 1)?;
        start_executor(request.workers);
        let deadline = Instant::now() + Duration::from_secs(3600);
        let sleeping: Vec<_> =
            (0..sleepers(request, 0, 1)).map(|_| task::spawn(sleeper(deadline))).collect();
        let listener = listening.sockets.pop().expect("one was asked for");
        let accepting = task::spawn(serve(listener, request.clone()));
        while !is_ready(request) {
            sleep(Duration::from_millis(1));
        }
        let (request, address) = (request.clone(), listening.address);
        Ok(AsyncStd { accepting, sleeping, request, address })
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
        let addresses = vec![self.address.clone()];
        Ready { addresses, backend: "epoll", granted: Map::new() }
    }

    fn sample(&self) -> Map<String, Value> {
        sample(&self.request.workload)
    }

    fn finish(self) -> Outcome {
        abandon();
        task::block_on(async {
            self.accepting.cancel().await;
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
