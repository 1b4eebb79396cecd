// SPDX-License-Identifier: MIT
//! The workload of the process, whatever the runtime: what it offers, its sockets or its in-process
//! work, and what the harness is told of it.

use std::net::TcpListener;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Map, Value};
use tailrace_protocol::{Done, OptionSpec, Outcome, Ready, Refused, Request};

use crate::counts;
use crate::files::{self, Files};
use crate::hog;
use crate::in_process::InProcess;
use crate::listen::listen;
use crate::timers::{self, Timers};

pub const NAMES: &[&str] = &["echo", "idle", "hog", "timer", "file-read"];
/// Those of them that have no client.
pub const IN_PROCESS: &[&str] = &["timer", "file-read"];

/// The options of a target: `own` of the runtime, and those of the workloads.
#[must_use]
pub fn options(own: Vec<OptionSpec>) -> Vec<OptionSpec> {
    let help = "tasks that sleep: in idle until one hour from now";
    let tasks = OptionSpec::integer("tasks", 0, 0..=10_000_000, help);
    let help = "of the deadlines, of the order of reads";
    let seed = OptionSpec::integer("seed", 1, 0..=u64::MAX >> 1, help);
    let mut all = own;
    all.extend([tasks.only_for(&["idle", "timer"]), seed.only_for(&["timer", "file-read"])]);
    all.extend(hog::options());
    all.extend(timers::options());
    all.extend(files::options());
    all
}

/// How many sleeping tasks of `idle` the part `index` of `parts` (runtimes that share the workload
/// between them) has.
#[must_use]
pub fn sleepers(request: &Request, index: usize, parts: usize) -> u64 {
    if request.workload == "idle" {
        timers::share(request.integer("tasks"), index, parts)
    } else {
        0
    }
}

/// The in-process work of this process.
#[derive(Clone, Copy)]
pub enum Job {
    Timers(&'static Timers),
    Files(&'static Files),
}

impl Job {
    /// Nothing where the workload is a served one.
    fn prepare(request: &Request, parts: usize, done: Done) -> Result<Option<Job>, Refused> {
        Ok(match request.workload.as_str() {
            "timer" => Some(Job::Timers(Timers::prepare(request, parts, done))),
            "file-read" => Some(Job::Files(Files::prepare(request, parts, done)?)),
            _ => None,
        })
    }

    #[must_use]
    pub fn work(&self) -> &'static dyn InProcess {
        match *self {
            Job::Timers(run) => run,
            Job::Files(run) => run,
        }
    }
}

pub struct Workload {
    pub request: Request,
    address: Option<String>,
    /// Nothing where it is served.
    pub job: Option<Job>,
}

impl Workload {
    /// Call it on the main thread, before others start. `parts` runtimes share the workload; where
    /// it is served, each gets one of the sockets.
    ///
    /// # Errors
    /// Where the kernel refuses the port, or what the work needs.
    pub fn prepare(
        request: &Request,
        parts: usize,
        done: Done,
    ) -> Result<(Workload, Vec<TcpListener>), Refused> {
        let request = request.clone();
        if let Some(job) = Job::prepare(&request, parts, done)? {
            return Ok((Workload { request, address: None, job: Some(job) }, Vec::new()));
        }
        let listening = listen(&request, parts)?;
        let address = Some(listening.address);
        Ok((Workload { request, address, job: None }, listening.sockets))
    }

    /// Returns when what `ready` promises holds: the tasks of `idle` are asleep.
    pub fn await_ready(&self) {
        let tasks = sleepers(&self.request, 0, 1);
        while counts::fallen_asleep() < tasks {
            sleep(Duration::from_millis(1));
        }
    }

    #[must_use]
    pub fn ready(&self) -> Ready {
        let granted = self.job.map(|job| job.work().granted());
        let addresses = self.address.iter().cloned().collect();
        Ready { addresses, granted: granted.unwrap_or_default() }
    }

    /// True where in-process work begins by it; a second time it is not.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.job.is_some_and(|job| job.work().parts().begin())
    }

    #[must_use]
    pub fn sample(&self) -> Map<String, Value> {
        self.job.map_or_else(|| counts::sample(&self.request.workload), |job| job.work().counts())
    }

    /// The process is about to end: work that does not await stops.
    pub fn stop(&self) {
        hog::abandon();
        if let Some(job) = self.job {
            job.work().stop();
        }
    }

    /// Once all tasks have ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.job.map_or_else(
            || Outcome { counts: self.sample(), ..Outcome::default() },
            |job| job.work().outcome(),
        )
    }
}
