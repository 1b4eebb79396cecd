// SPDX-License-Identifier: MIT
//! The workloads on Tokio.

use std::net::TcpListener;
use std::time::Duration;

use tailrace_protocol::Request;
use tailrace_serving::{Asleep, Buffer, Hog, Nothing, echo, own, sleepers};
use tokio::time::{Instant, sleep_until};

use crate::server::accept_loop;
use crate::spawn::Spawn;

/// Serves on this socket as the part `index` of `parts` (runtimes that share the workload between
/// them) until it is dropped.
pub async fn serve(
    spawn: impl Spawn,
    listener: TcpListener,
    request: Request,
    index: usize,
    parts: usize,
) {
    let deadline = Instant::now() + Duration::from_secs(3600);
    for _ in 0..sleepers(&request, index, parts) {
        spawn.spawn(sleeper(deadline));
    }
    let buffer = Buffer::of(&request);
    if let Some(burner) = Hog::of(&request) {
        let session = move |connection| echo(connection, buffer, burner.clone());
        accept_loop(spawn, listener, session).await;
    } else {
        accept_loop(spawn, listener, move |peer| echo(peer, buffer, Nothing)).await;
    }
}

async fn sleeper(deadline: Instant) {
    let asleep = Asleep::new();
    sleep_until(deadline).await;
    own().woken_early.add(1);
    drop(asleep);
}
