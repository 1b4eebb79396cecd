// SPDX-License-Identifier: MIT
//! The workloads on Tokio.

use std::net::TcpListener;
use std::time::Duration;

use tailrace_protocol::Request;
use tailrace_serving::{Asleep, Buffer, Hog, Nothing, echo, own, sleepers};
use tokio::time::{Instant, sleep_until};

use crate::server::accept_loop;

/// Serves on this socket as the part `index` of `parts` (runtimes that share the workload between
/// them) until it is dropped.
pub async fn serve(listener: TcpListener, request: Request, index: usize, parts: usize) {
    let deadline = Instant::now() + Duration::from_secs(3600);
    for _ in 0..sleepers(&request, index, parts) {
        tokio::spawn(sleeper(deadline));
    }
    let buffer = Buffer::of(&request);
    if let Some(burner) = Hog::of(&request) {
        accept_loop(listener, move |connection| echo(connection, buffer, burner.clone())).await;
    } else {
        accept_loop(listener, move |connection| echo(connection, buffer, Nothing)).await;
    }
}

async fn sleeper(deadline: Instant) {
    let asleep = Asleep::new();
    sleep_until(deadline).await;
    own().woken_early.add(1);
    drop(asleep);
}
