// SPDX-License-Identifier: MIT
//! The workload `timer` on smol: a task for each sleep, awaited by its handle. With the executor
//! all of them are dropped.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use smol::future::yield_now;
use smol::{Executor, Timer};
use tailrace_serving::{InProcess, Job, Timers};

use crate::files;

/// What is called comes before the work begins, what is awaited after it.
pub fn prepare(
    executor: Arc<Executor<'static>>,
    job: Job,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match job {
        Job::Timers(run) => Box::pin(work(executor, run)),
        Job::Files(run) => Box::pin(files::work(executor, run, run.turns_of(0, 1))),
    }
}

async fn work(executor: Arc<Executor<'static>>, run: &'static Timers) {
    if run.cancels() {
        arm_and_cancel(&executor, run).await;
    } else {
        let one = |task| executor.spawn(sleeper(run, task));
        let sleepers: Vec<_> = run.tasks_of(0, 1).map(one).collect();
        for sleeper in sleepers {
            sleeper.await;
        }
    }
    run.parts().part_ended();
}

async fn sleeper(run: &'static Timers, task: u64) {
    let deadline = run.deadline(task);
    let armed = run.arm();
    Timer::at(deadline).await;
    armed.fired(task, deadline);
}

async fn arm_and_cancel(executor: &Executor<'static>, run: &'static Timers) {
    for now in run.batches_of(0, 1) {
        let asleep = Arc::new(AtomicU64::new(0));
        let one = |task| {
            let asleep = asleep.clone();
            executor.spawn(async move {
                asleep.fetch_add(1, Relaxed); // pairs with the load below; how many, nothing else
                sleeper(run, task).await;
            })
        };
        let sleepers: Vec<_> = (0..now).map(one).collect();
        while asleep.load(Relaxed) < now {
            yield_now().await;
        }
        for sleeper in sleepers {
            sleeper.cancel().await;
        }
    }
}
