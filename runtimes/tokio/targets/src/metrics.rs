// SPDX-License-Identifier: MIT
//! Tokio's own metrics, for the `result`, under the names of runtimes/PROTOCOL.md. A list has one
//! entry a worker, whether they belong to one runtime or to one each. What stable Tokio does not
//! offer is added where the build has `--cfg tokio_unstable`, as `tokio-unstable` is built
//! (README.md says why it alone).

use serde_json::{Map, Value, json};
use tokio::runtime::RuntimeMetrics;

pub fn of(runtimes: &[RuntimeMetrics]) -> Map<String, Value> {
    let busy = |runtime: &RuntimeMetrics, index| {
        let nanoseconds = runtime.worker_total_busy_duration(index).as_nanos();
        u64::try_from(nanoseconds).unwrap_or(u64::MAX)
    };
    let mut all = Map::new();
    all.insert("busy_ns".to_owned(), each_worker(runtimes, busy));
    all.insert("parks".to_owned(), each_worker(runtimes, RuntimeMetrics::worker_park_count));
    let sum = |of: fn(&RuntimeMetrics) -> usize| runtimes.iter().map(of).sum::<usize>();
    all.insert("inject_depth".to_owned(), json!(sum(RuntimeMetrics::global_queue_depth)));
    all.insert("tasks_alive".to_owned(), json!(sum(RuntimeMetrics::num_alive_tasks)));
    #[cfg(tokio_unstable)]
    unstable::add(&mut all, runtimes);
    all
}

fn each_worker(runtimes: &[RuntimeMetrics], of: impl Fn(&RuntimeMetrics, usize) -> u64) -> Value {
    let mut list = Vec::new();
    for runtime in runtimes {
        list.extend((0..runtime.num_workers()).map(|index| of(runtime, index)));
    }
    json!(list)
}

#[cfg(tokio_unstable)]
mod unstable {
    use super::{Map, RuntimeMetrics, Value, each_worker, json};

    pub fn add(all: &mut Map<String, Value>, runtimes: &[RuntimeMetrics]) {
        let depth = |one: &RuntimeMetrics, index| one.worker_local_queue_depth(index) as u64;
        let lists = [
            ("polls", each_worker(runtimes, RuntimeMetrics::worker_poll_count)),
            ("noop_parks", each_worker(runtimes, RuntimeMetrics::worker_noop_count)),
            ("steals", each_worker(runtimes, RuntimeMetrics::worker_steal_count)),
            ("steal_operations", each_worker(runtimes, RuntimeMetrics::worker_steal_operations)),
            ("overflows", each_worker(runtimes, RuntimeMetrics::worker_overflow_count)),
            ("local_schedules", each_worker(runtimes, RuntimeMetrics::worker_local_schedule_count)),
            ("queue_depth", each_worker(runtimes, depth)),
        ];
        let sum = |of: fn(&RuntimeMetrics) -> u64| json!(runtimes.iter().map(of).sum::<u64>());
        let values = [
            ("remote_schedules", sum(RuntimeMetrics::remote_schedule_count)),
            ("budget_exhausted", sum(RuntimeMetrics::budget_forced_yield_count)),
            ("blocking_threads", sum(|one| one.num_blocking_threads() as u64)),
            ("blocking_depth", sum(|one| one.blocking_queue_depth() as u64)),
        ];
        all.extend(lists.into_iter().chain(values).map(|(name, value)| (name.to_owned(), value)));
    }
}
