// SPDX-License-Identifier: MIT
//! The accept loop and the sleeping tasks: one task each.

use std::net::TcpListener as StdListener;
use std::time::Instant;

use async_std::net::TcpListener;
use async_std::task;
use tailrace_protocol::Request;
use tailrace_serving::{
    Asleep, Buffer, Connection, Hog, Nothing, PAUSE_AFTER_REFUSAL, Work, echo, own,
};

/// Runs until it is cancelled.
pub async fn serve(listener: StdListener, request: Request) {
    let listener = TcpListener::from(listener);
    let buffer = Buffer::of(&request);
    if let Some(burner) = Hog::of(&request) {
        accept_loop(listener, buffer, || burner.clone()).await;
    } else {
        accept_loop(listener, buffer, || Nothing).await;
    }
}

pub async fn sleeper(deadline: Instant) {
    let asleep = Asleep::new();
    task::sleep(deadline.saturating_duration_since(Instant::now())).await;
    own().woken_early.add(1);
    drop(asleep);
}

async fn accept_loop<W: Work + Send>(listener: TcpListener, buffer: Buffer, work: impl Fn() -> W) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A peer that is gone already says so at the first read.
                let _ = stream.set_nodelay(true);
                task::spawn(echo(Connection::live(stream), buffer, work()));
            }
            Err(_) => {
                own().accept_errors.add(1);
                task::sleep(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}
