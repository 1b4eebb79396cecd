// SPDX-License-Identifier: MIT
//! The workload `timer` on async-std: a task for each sleep, awaited by its handle.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use async_std::channel::Receiver;
use async_std::task::{self, JoinHandle, spawn};
use futures_lite::FutureExt;
use tailrace_serving::{InProcess, Job, Timers};

use crate::files;

/// What is called comes before the work begins, what is awaited after it.
pub fn prepare(job: Job, stopped: Receiver<()>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match job {
        Job::Timers(run) => Box::pin(work(run, stopped)),
        Job::Files(run) => Box::pin(files::work(run, run.turns_of(0, 1))),
    }
}

/// Until all have slept, or until `stopped` is closed: async-std's tasks outlive their handles, and
/// so they are cancelled one by one.
async fn work(run: &'static Timers, stopped: Receiver<()>) {
    if run.cancels() {
        for now in run.batches_of(0, 1) {
            arm_and_cancel(run, now).await;
            if stopped.is_closed() {
                break;
            }
        }
    } else {
        let one = |task| spawn(sleeper(run, task));
        let mut sleepers: VecDeque<_> = run.tasks_of(0, 1).map(one).collect();
        let stop = async {
            let _ = stopped.recv().await; // its error: that it is closed
        };
        join(&mut sleepers).or(stop).await;
        for sleeper in sleepers {
            sleeper.cancel().await;
        }
    }
    run.parts().part_ended();
}

/// Takes out those that have ended.
async fn join(sleepers: &mut VecDeque<JoinHandle<()>>) {
    while let Some(sleeper) = sleepers.front_mut() {
        sleeper.await;
        sleepers.pop_front();
    }
}

async fn sleeper(run: &'static Timers, index: u64) {
    let deadline = run.deadline(index);
    let armed = run.arm();
    task::sleep(deadline.saturating_duration_since(Instant::now())).await;
    armed.fired(index, deadline);
}

async fn arm_and_cancel(run: &'static Timers, now: u64) {
    let asleep = Arc::new(AtomicU64::new(0));
    let one = |task| {
        let asleep = asleep.clone();
        spawn(async move {
            asleep.fetch_add(1, Relaxed); // pairs with the load below; how many, nothing else
            sleeper(run, task).await;
        })
    };
    let sleepers: Vec<_> = (0..now).map(one).collect();
    while asleep.load(Relaxed) < now {
        task::yield_now().await;
    }
    for sleeper in sleepers {
        sleeper.cancel().await;
    }
}
