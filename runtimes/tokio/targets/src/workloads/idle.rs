// SPDX-License-Identifier: MIT
//! `idle`: the echo server, and tasks that each sleep until one hour from now.

use std::net::TcpListener;
use std::time::Duration;

use tailrace_protocol::{OptionSpec, Request};
use tokio::time::{Instant, sleep_until};

use super::echo;
use crate::counts;

pub fn options() -> Vec<OptionSpec> {
    let help = "tasks that sleep until one hour from now";
    vec![OptionSpec::integer("tasks", 0, 0..=10_000_000, help).only_for(&["idle"])]
}

pub async fn serve(listener: TcpListener, request: &Request, index: usize, parts: usize) {
    let (tasks, index, parts) = (request.options.integer("tasks"), index as u64, parts as u64);
    let deadline = Instant::now() + Duration::from_secs(3600);
    for _ in 0..tasks / parts + u64::from(index < tasks % parts) {
        tokio::spawn(sleeper(deadline));
    }
    echo::serve(listener, request).await;
}

async fn sleeper(deadline: Instant) {
    let asleep = Asleep::new();
    sleep_until(deadline).await;
    counts::own().woken_early.add(1);
    drop(asleep);
}

/// Counts a sleep as begun and, when the task ends or is cancelled, as left.
struct Asleep;

impl Asleep {
    fn new() -> Asleep {
        counts::own().fell_asleep.add(1);
        Asleep
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        counts::own().woke.add(1);
    }
}
