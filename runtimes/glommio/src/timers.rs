// SPDX-License-Identifier: MIT
//! The workload `timer` on glommio: a task for each sleep, awaited by its handle.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Instant;

use glommio::spawn_local;
use glommio::timer::Timer;
use tailrace_serving::{InProcess, Job, Timers};

use crate::files;

/// What is called comes before the work begins, what is awaited after it.
pub fn prepare(job: Job, index: usize, parts: usize) -> Pin<Box<dyn Future<Output = ()>>> {
    match job {
        Job::Timers(run) => Box::pin(work(run, index, parts)),
        Job::Files(run) => Box::pin(files::work(run, run.turns_of(index, parts))),
    }
}

/// The part of this executor. Dropped, its tasks are cancelled.
async fn work(run: &'static Timers, index: usize, parts: usize) {
    if run.cancels() {
        arm_and_cancel(run, index, parts).await;
    } else {
        let tasks = run.tasks_of(index, parts);
        let sleepers: Vec<_> = tasks.map(|task| spawn_local(sleeper(run, task))).collect();
        for sleeper in sleepers {
            sleeper.await;
        }
    }
    run.parts().part_ended();
}

async fn sleeper(run: &'static Timers, task: u64) {
    let deadline = run.deadline(task);
    let armed = run.arm();
    Timer::new(deadline.saturating_duration_since(Instant::now())).await;
    armed.fired(task, deadline);
}

async fn arm_and_cancel(run: &'static Timers, index: usize, parts: usize) {
    for now in run.batches_of(index, parts) {
        let asleep = Rc::new(Cell::new(0));
        let one = |task| {
            let asleep = asleep.clone();
            spawn_local(async move {
                asleep.set(asleep.get() + 1);
                sleeper(run, task).await;
            })
        };
        let sleepers: Vec<_> = (0..now).map(one).collect();
        while asleep.get() < now {
            glommio::executor().yield_task_queue_now().await;
        }
        for sleeper in sleepers {
            sleeper.cancel().await;
        }
    }
}
