// SPDX-License-Identifier: MIT
//! The accept loop and the sleeping tasks: one task each.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use smol::io::{AsyncRead, AsyncWrite};
use smol::{Async, Executor, Timer};
use tailrace_protocol::Request;
use tailrace_serving::{Asleep, Buffer, Duplex, Hog, Nothing, Open, Work, echo, own, sleepers};

/// Out of descriptors or memory: sessions that end will free some.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(10);

/// Runs until it is dropped.
pub async fn serve(executor: Arc<Executor<'static>>, listener: TcpListener, request: Request) {
    let deadline = Instant::now() + Duration::from_secs(3600);
    for _ in 0..sleepers(&request, 0, 1) {
        executor.spawn(sleeper(deadline)).detach();
    }
    let listener = Async::new(listener).expect("the reactor takes a new socket");
    let buffer = Buffer::of(&request);
    if request.workload == "hog" {
        let hog = Hog::of(&request);
        accept_loop(executor, listener, buffer, || hog.clone()).await;
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

/// An accepted connection. The socket is closed before it is counted as closed.
struct Connection {
    stream: Async<TcpStream>,
    _open: Open,
}

impl Connection {
    fn new(stream: Async<TcpStream>) -> Connection {
        Connection { stream, _open: Open::new() }
    }
}

impl Duplex for Connection {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }
}
