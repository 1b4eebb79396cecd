// SPDX-License-Identifier: MIT
//! The CPUs that the harness left to this process, and pinning a worker to one of them.

use std::sync::OnceLock;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

static ALLOWED: OnceLock<CpuSet> = OnceLock::new();

/// As the first caller found them: the main thread, before there are others.
pub(crate) fn allowed() -> &'static CpuSet {
    ALLOWED.get_or_init(|| sched_getaffinity(this_thread()).unwrap_or_default())
}

/// Pins the calling thread, which is worker `index` of `workers`, to the CPU of that number among
/// those of the process. Where there are fewer CPUs than workers, nobody is pinned.
pub fn pin_worker(index: usize, workers: usize) {
    let is_allowed = |&cpu: &usize| allowed().is_set(cpu).unwrap_or(false);
    let cpus: Vec<usize> = (0..CpuSet::count()).filter(is_allowed).collect();
    if cpus.len() >= workers {
        let mut own = CpuSet::new();
        // Neither can fail: the process could use this CPU a moment ago.
        let _ = own.set(cpus[index]).and_then(|()| sched_setaffinity(this_thread(), &own));
    }
}

/// Gives the calling thread back what the worker that started it had given up.
pub fn unpin() {
    let _ = sched_setaffinity(this_thread(), allowed()); // the process could use them a moment ago
}

fn this_thread() -> Pid {
    Pid::from_raw(0)
}
