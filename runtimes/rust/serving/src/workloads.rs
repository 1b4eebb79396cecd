// SPDX-License-Identifier: MIT
//! The workloads by name, and what each does with received bytes before they go back.

use tailrace_protocol::{OptionSpec, Request};

use crate::{counts, files, hog, timers};

pub const NAMES: &[&str] = &["echo", "idle", "hog", "timer", "file-read"];

/// What a workload does with received bytes before they go back.
pub trait Work: 'static {
    fn received(&mut self, bytes: &[u8]);
}

/// `echo` and `idle`: every byte comes back in order, and that is all.
#[derive(Clone)]
pub struct Nothing;

impl Work for Nothing {
    fn received(&mut self, _: &[u8]) {}
}

/// The options of the workloads; those of the runtime are its own.
#[must_use]
pub fn options() -> Vec<OptionSpec> {
    let help = "tasks that sleep: in idle until one hour from now";
    let tasks = OptionSpec::integer("tasks", 0, 0..=10_000_000, help);
    let mut all = vec![tasks.only_for(&["idle", timers::TIMER])];
    all.extend(hog::options());
    all.extend(timers::options());
    all.extend(files::options());
    all
}

/// How many sleeping tasks the part `index` of `parts` (runtimes that share the workload between
/// them) has.
#[must_use]
pub fn sleepers(request: &Request, index: usize, parts: usize) -> u64 {
    if request.workload != "idle" {
        return 0;
    }
    let (tasks, index, parts) = (request.options.integer("tasks"), index as u64, parts as u64);
    tasks / parts + u64::from(index < tasks % parts)
}

/// Whether what `ready` promises holds by now.
#[must_use]
pub fn is_ready(request: &Request) -> bool {
    request.workload != "idle" || counts::fallen_asleep() == request.options.integer("tasks")
}

/// The process is about to end: work that does not await stops.
pub fn abandon() {
    hog::abandon();
}
