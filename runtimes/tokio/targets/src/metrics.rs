// SPDX-License-Identifier: MIT
//! Tokio's own metrics, for the `result`. One entry a worker, whether they belong to one runtime or
//! to one each. What stable Tokio does not offer is added where the build has `--cfg
//! tokio_unstable`; the contestants are built without (README.md says why).

use serde_json::{Map, Value, json};
use tokio::runtime::RuntimeMetrics;

pub fn of(runtimes: &[RuntimeMetrics]) -> Map<String, Value> {
    let mut workers = Vec::new();
    for runtime in runtimes {
        workers.extend((0..runtime.num_workers()).map(|index| worker(runtime, index)));
    }
    let sum = |of: fn(&RuntimeMetrics) -> usize| runtimes.iter().map(of).sum::<usize>();
    let mut all = Map::new();
    all.insert("workers".to_owned(), Value::Array(workers));
    all.insert("inject_depth".to_owned(), json!(sum(RuntimeMetrics::global_queue_depth)));
    all.insert("tasks_alive".to_owned(), json!(sum(RuntimeMetrics::num_alive_tasks)));
    #[cfg(tokio_unstable)]
    unstable::add(&mut all, runtimes);
    all
}

fn worker(runtime: &RuntimeMetrics, index: usize) -> Value {
    let busy = runtime.worker_total_busy_duration(index).as_nanos();
    #[allow(unused_mut)] // it is not where there are no more
    let mut one = json!({
        "busy_ns": u64::try_from(busy).unwrap_or(u64::MAX),
        "parks": runtime.worker_park_count(index),
    });
    #[cfg(tokio_unstable)]
    unstable::add_worker(&mut one, runtime, index);
    one
}

#[cfg(tokio_unstable)]
mod unstable {
    use super::{Map, RuntimeMetrics, Value, json};

    pub fn add_worker(one: &mut Value, runtime: &RuntimeMetrics, index: usize) {
        one["polls"] = json!(runtime.worker_poll_count(index));
        one["noop_parks"] = json!(runtime.worker_noop_count(index));
        one["steals"] = json!(runtime.worker_steal_count(index));
        one["steal_operations"] = json!(runtime.worker_steal_operations(index));
        one["overflows"] = json!(runtime.worker_overflow_count(index));
        one["local_schedules"] = json!(runtime.worker_local_schedule_count(index));
        one["queue_depth"] = json!(runtime.worker_local_queue_depth(index));
    }

    pub fn add(all: &mut Map<String, Value>, runtimes: &[RuntimeMetrics]) {
        let sum = |of: fn(&RuntimeMetrics) -> u64| json!(runtimes.iter().map(of).sum::<u64>());
        let values = [
            ("remote_schedules", sum(RuntimeMetrics::remote_schedule_count)),
            ("forced_yields", sum(RuntimeMetrics::budget_forced_yield_count)),
            ("blocking_threads", sum(|one| one.num_blocking_threads() as u64)),
            ("blocking_depth", sum(|one| one.blocking_queue_depth() as u64)),
        ];
        all.extend(values.map(|(name, value)| (name.to_owned(), value)));
    }
}
