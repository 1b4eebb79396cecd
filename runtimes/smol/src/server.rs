// SPDX-License-Identifier: MIT
//! The accept loop and the sleeping tasks: one task each.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smol::{Async, Executor, Timer};
use tailrace_protocol::Request;
use tailrace_serving::{
    Asleep, Buffer, Connection, Hog, Nothing, PAUSE_AFTER_REFUSAL, Work, echo, own, sleepers,
};

/// Runs until it is dropped.
pub async fn serve(executor: Arc<Executor<'static>>, listener: TcpListener, request: Request) {
    let deadline = Instant::now() + Duration::from_secs(3600);
    for _ in 0..sleepers(&request, 0, 1) {
        executor.spawn(sleeper(deadline)).detach();
    }
    let listener = Async::new(listener).expect("the reactor takes a new socket");
    let buffer = Buffer::of(&request);
    if let Some(burner) = Hog::of(&request) {
        accept_loop(executor, listener, buffer, || burner.clone()).await;
    } else {
        accept_loop(executor, listener, buffer, || Nothing).await;
    }
}

async fn sleeper(deadline: Instant) {
    let asleep = Asleep::new();
    Timer::at(deadline).await;
    own().woken_early.add(1);
    drop(asleep);
}

async fn accept_loop<W: Work + Send>(
    executor: Arc<Executor<'static>>,
    listener: Async<TcpListener>,
    buffer: Buffer,
    work: impl Fn() -> W,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A peer that is gone already says so at the first read.
                let _ = stream.get_ref().set_nodelay(true);
                executor.spawn(echo(Connection::new(stream), buffer, work())).detach();
            }
            Err(_) => {
                own().accept_errors.add(1);
                Timer::after(PAUSE_AFTER_REFUSAL).await;
            }
        }
    }
}
