// SPDX-License-Identifier: MIT
//! The workload `timer` on Tokio: a task for each sleep, awaited by its handle.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tailrace_serving::{InProcess, Job, Timers};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

use crate::files;
use crate::spawn::Spawn;

/// Spawns nothing yet: what is called comes before the work begins, what is awaited after it.
pub fn prepare(
    spawn: impl Spawn,
    job: Job,
    index: usize,
    parts: usize,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match job {
        Job::Timers(run) => Box::pin(work(spawn, run, index, parts)),
        Job::Files(run) => Box::pin(files::work(spawn, run, run.turns_of(index, parts))),
    }
}

/// The part `index` of `parts` (runtimes that share the workload between them).
async fn work(spawn: impl Spawn, run: &'static Timers, index: usize, parts: usize) {
    if run.cancels() {
        arm_and_cancel(spawn, run, index, parts).await;
    } else {
        let tasks = run.tasks_of(index, parts);
        let sleepers: Vec<_> = tasks.map(|task| spawn.spawn(sleeper(run, task))).collect();
        for sleeper in sleepers {
            let _ = sleeper.await; // a panic has ended the process
        }
    }
    run.parts().part_ended();
}

async fn sleeper(run: &'static Timers, task: u64) {
    let deadline = run.deadline(task);
    let armed = run.arm();
    sleep_until(Instant::from_std(deadline)).await;
    armed.fired(task, deadline);
}

async fn arm_and_cancel(spawn: impl Spawn, run: &'static Timers, index: usize, parts: usize) {
    for now in run.batches_of(index, parts) {
        let asleep = Arc::new(AtomicU64::new(0));
        let one = |task| {
            let asleep = asleep.clone();
            spawn.spawn(async move {
                asleep.fetch_add(1, Relaxed); // pairs with the load below; how many, nothing else
                sleeper(run, task).await;
            })
        };
        let sleepers: Vec<_> = (0..now).map(one).collect();
        while asleep.load(Relaxed) < now {
            yield_now().await;
        }
        for sleeper in &sleepers {
            sleeper.abort();
        }
        for sleeper in sleepers {
            let _ = sleeper.await; // it was cancelled
        }
    }
}
